"""The product of two inputs, element by element: one of them is a gate for the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from symnet.index.symbols import Tensor
from symnet.layers.layer import Layer, Sample, Stated
from symnet.sizes import Sizes


@dataclass(frozen=True, slots=True)
class Multiply(Layer):
    """The elementwise product of two inputs of one shape."""

    FORMULA: ClassVar[str] = "A[n,j] = X1[n,j]*X2[n,j]"
    WORDS: ClassVar[str] = "Each input opens or closes the way of the other."

    def stated(self, *x: Tensor, known: Sizes) -> Stated:
        """X1 * X2"""
        text = "X1: input[N, D]\nX2: input[N, D]\nA[n,j] = X1[n,j]*X2[n,j]"
        return Stated(text, words={"A": self.WORDS})


LAYER = Multiply
SAMPLES = (Sample(Multiply(inputs=("X1", "X2")), ("N", 3), ("N", 3)),)
