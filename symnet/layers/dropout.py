"""Dropout: in training each number is left out with some probability, and the others are scaled up for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from symnet.index.symbols import Tensor
from symnet.layers.layer import Layer, Sample, Stated, number
from symnet.sizes import Sizes


@dataclass(frozen=True, slots=True)
class Dropout(Layer):
    """Leaves out a share `rate` of the numbers, drawn anew for each step; a trained network leaves out none.

    Srivastava et al. (2014), Dropout: a simple way to prevent neural networks from overfitting.
    """

    FORMULA: ClassVar[str] = "A[n,j] = X[n,j]*(M[n,j] >= rate)/(1 - rate)"
    WORDS: ClassVar[str] = "Some numbers are left out, and the others are scaled up for them."

    rate: float = 0.5

    def __post_init__(self) -> None:
        super(Dropout, self).__post_init__()
        number("rate", self.rate, 0, 0.999)

    def stated(self, *x: Tensor, known: Sizes) -> Stated:
        """A mask of random numbers M in training; nothing afterwards."""
        return Stated(
            "X: input[N, D]\nM: random[N, D]\nA[n,j] = X[n,j]*(M[n,j] >= rate)/(1 - rate)",
            settings={"rate": self.rate},
            words={"A": self.WORDS},
            inference="X: input[N, D]\nA[n,j] = X[n,j]",
        )


LAYER = Dropout
SAMPLES = (Sample(Dropout(0.4), ("N", 3)), Sample(Dropout(), ("N", "T", 2)))
