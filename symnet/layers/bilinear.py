"""The bilinear layer: every unit sums over the products of elements of one input with those of the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from symnet.index.symbols import Tensor
from symnet.layers.layer import Layer, Sample, Stated, flag, size
from symnet.sizes import Sizes


@dataclass(frozen=True, slots=True)
class Bilinear(Layer):
    """A bilinear form of two inputs for each of `units` units, and a bias."""

    FORMULA: ClassVar[str] = "Z[n,k] = sum(X1[n,i]*W[i,j,k]*X2[n,j], i, j) + b[k]"
    WORDS: ClassVar[str] = "Every pair of an element of one input and one of the other has a weight."

    units: int | str
    bias: bool = True

    def __post_init__(self) -> None:
        super(Bilinear, self).__post_init__()
        size("units", self.units)
        flag("bias", self.bias)

    def stated(self, *x: Tensor, known: Sizes) -> Stated:
        """Z = X1 W X2 + b"""
        bias = ("\nb: parameter[H]", " + b[k]") if self.bias else ("", "")
        text = (
            f"X1: input[N, D]\nX2: input[N, E]\nW: parameter[D, E, H]{bias[0]}\n"
            f"Z[n,k] = sum(X1[n,i]*W[i,j,k]*X2[n,j], i, j){bias[1]}"
        )
        return Stated(text, {"H": self.units}, words={"Z": self.WORDS})


LAYER = Bilinear
SAMPLES = (Sample(Bilinear(2, inputs=("X1", "X2")), ("N", 3), ("N", 2)),)
