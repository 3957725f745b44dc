"""The row of a sample's elements laid out along other axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from symnet.errors import ShapeError, SpecError
from symnet.index.symbols import Tensor
from symnet.layers.flatten import AXES, Flatten, row_major
from symnet.layers.layer import Block, Layer, Options, Sample, Stated, whole
from symnet.layers.space import listed
from symnet.sizes import Sizes


@dataclass(frozen=True, slots=True)
class Unflatten(Layer):
    """Rows X[N, D] as A[N, shape...], the last axis running fastest."""

    shape: Sequence[int]

    def stated(self, *x: Tensor, known: Sizes) -> Stated:
        """Each element from its place in the row."""
        count = 1
        for extent in self.shape:
            count *= extent
        width = known.value(x[0].shape[-1])
        if width != count:
            raise ShapeError(
                f"{list(self.shape)} are {count} numbers, and a sample of {x[0].name} has {width or 'some'}",
                expected="as many",
            )
        words = {"A": Reshape.WORDS}
        if len(self.shape) == 1:
            return Stated("X: input[N, P]\nA[n,p] = X[n,p]", words=words)
        indices = AXES[: len(self.shape)]
        sizes = tuple(name.upper() for name in indices)
        text = (
            f"X: input[N, D]\nA: tensor[{listed('N', sizes)}]\n"
            f"A[{listed('n', indices)}] = X[n,{row_major(indices, sizes)}]"
        )
        return Stated(text, dict(zip(sizes, self.shape, strict=True)), words=words)


@dataclass(frozen=True, slots=True)
class Reshape(Block):
    """A sample's elements, in row-major order, along axes of the sizes `shape`."""

    FORMULA: ClassVar[str] = "A[n,p,q,c] = X[n,(p*Q + q)*C + c]"
    WORDS: ClassVar[str] = "The elements of a sample stand along other axes, in the same order."

    shape: Sequence[int]

    def __post_init__(self) -> None:
        super(Reshape, self).__post_init__()
        if isinstance(self.shape, str) or not isinstance(self.shape, Sequence) or not self.shape:
            raise SpecError(f"shape is {self.shape!r}", expected="sizes, such as [4, 4, 8]")
        if len(self.shape) > len(AXES):
            raise SpecError(f"a shape of {len(self.shape)} axes", expected=f"at most {len(AXES)}")
        for extent in self.shape:
            whole("an axis of shape", extent)

    def layers(self, prefix: str, sources: Mapping[str, Tensor]) -> tuple[Options, ...]:
        """To one row, and from there."""
        ((name, x),) = sources.items()
        row, out = f"{prefix}_row", f"{prefix}_shaped"
        if x.rank == 2:
            return (Unflatten(self.shape, name=out, inputs=(name,)),)
        return (Flatten(name=row, inputs=(name,)), Unflatten(self.shape, name=out, inputs=(row,)))


LAYER = Reshape
SAMPLES = (
    Sample(Reshape((2, 3)), ("N", 6)),
    Sample(Reshape((3, 2, 2)), ("N", 2, 6)),
    Sample(Reshape((6,)), ("N", 2, 3)),
)
