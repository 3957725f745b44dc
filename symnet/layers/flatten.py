"""All axes of a sample laid out in one row, the last axis running fastest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from symnet.errors import ShapeError
from symnet.index.symbols import Tensor
from symnet.layers.layer import Layer, Sample, Stated
from symnet.layers.space import listed
from symnet.sizes import Sizes

AXES = ("p", "q", "r", "c")


def row_major(indices: tuple[str, ...], sizes: tuple[str, ...]) -> str:
    """The place in a row of an element: (p*Q + q)*C + c."""
    place = indices[0]
    for index, extent in zip(indices[1:], sizes[1:], strict=True):
        place = f"({place})*{extent} + {index}" if "+" in place else f"{place}*{extent} + {index}"
    return place


@dataclass(frozen=True, slots=True)
class Flatten(Layer):
    """X[N, P, Q, C] as rows A[N, P*Q*C]."""

    FORMULA: ClassVar[str] = "A[n,k] = sum(X[n,p,q,c]*(k == (p*Q + q)*C + c), p, q, c)"
    WORDS: ClassVar[str] = (
        "The elements of a sample stand in one row; each gets back the blame of its place there."
    )

    def stated(self, *x: Tensor, known: Sizes) -> Stated:
        """Each element at its place in the row."""
        count = x[0].rank - 1
        if not 1 <= count <= len(AXES):
            raise ShapeError(f"{x[0].name} has {x[0].rank} axes", expected="from 2 to 5")
        indices = AXES[:count]
        sizes = tuple(name.upper() for name in indices)
        head = f"X: input[{listed('N', sizes)}]\nA: tensor[N, {'*'.join(sizes)}]\n"
        place = row_major(indices, sizes)
        text = f"{head}A[n,k] = sum(X[{listed('n', indices)}]*(k == {place}), {listed(indices)})"
        return Stated(text, words={"A": self.WORDS})


LAYER = Flatten
SAMPLES = (Sample(Flatten(), ("N", 2, 3, 2)), Sample(Flatten(), ("N", 2, 3)))
