"""The sum of several inputs: what goes around a layer meets what went through it (a residual connection)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from symnet.index.symbols import Tensor
from symnet.layers.layer import Layer, Sample, Stated, at_least
from symnet.sizes import Sizes


@dataclass(frozen=True, slots=True)
class Add(Layer):
    """The sum of the inputs, which have one shape.

    He, Zhang, Ren and Sun (2015), Deep residual learning for image recognition, arXiv:1512.03385.
    """

    FORMULA: ClassVar[str] = "A[n,j] = X1[n,j] + X2[n,j]"
    WORDS: ClassVar[str] = "The inputs are added: the blame goes to each of them in full."

    def stated(self, *x: Tensor, known: Sizes) -> Stated:
        """X1 + X2 + ..."""
        at_least(2, x)
        names = [f"X{number}" for number in range(1, len(x) + 1)]
        declared = "\n".join(f"{name}: input[N, D]" for name in names)
        return Stated(
            f"{declared}\nA[n,j] = {' + '.join(f'{name}[n,j]' for name in names)}", words=self.said()
        )

    def said(self) -> dict[str, str]:
        """The words for A."""
        return {"A": self.WORDS}


LAYER = Add
SAMPLES = (Sample(Add(inputs=("X1", "X2")), ("N", 3), ("N", 3)),)
