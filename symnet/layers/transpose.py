"""The axes of a sample in another order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from symnet.errors import ShapeError, SpecError
from symnet.index.symbols import Tensor
from symnet.layers.flatten import AXES
from symnet.layers.layer import Layer, Sample, Stated
from symnet.layers.space import listed
from symnet.sizes import Sizes


@dataclass(frozen=True, slots=True)
class Transpose(Layer):
    """A sample's axes, counted from 1, in the order `axes`: [2, 1] exchanges the two of X[N, T, D]."""

    FORMULA: ClassVar[str] = "A[n,q,p] = X[n,p,q]"
    WORDS: ClassVar[str] = "The axes change places, and the blame changes them back."

    axes: Sequence[int] = (2, 1)

    def __post_init__(self) -> None:
        super(Transpose, self).__post_init__()
        if isinstance(self.axes, str) or sorted(self.axes) != list(range(1, len(self.axes) + 1)):
            raise SpecError(f"axes is {self.axes!r}", expected="each axis of a sample once, such as [2, 1]")

    def stated(self, *x: Tensor, known: Sizes) -> Stated:
        """X with its indices in another order."""
        if x[0].rank - 1 != len(self.axes) or len(self.axes) > len(AXES):
            raise ShapeError(f"{x[0].name} has {x[0].rank - 1} axes a sample", expected=f"{len(self.axes)}")
        indices = AXES[: len(self.axes)]
        new = [indices[axis - 1] for axis in self.axes]
        sizes = [name.upper() for name in indices]
        text = f"X: input[{listed('N', sizes)}]\nA[{listed('n', new)}] = X[{listed('n', indices)}]"
        return Stated(text, words={"A": self.WORDS})


LAYER = Transpose
SAMPLES = (Sample(Transpose(), ("N", 2, 3)), Sample(Transpose((3, 1, 2)), ("N", 2, 3, 2)))
