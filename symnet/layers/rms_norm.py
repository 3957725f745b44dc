"""Root mean square normalization: each row is divided by the root of the mean of its squares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from symnet.index.symbols import Tensor
from symnet.layers.layer import Sample, Stated
from symnet.layers.norms import Normalization
from symnet.messages import say
from symnet.sizes import Sizes

MEAN_SQUARE = {
    "v": say("The mean of the squares."),
    "Xhat": say("The mean of the squares of what is left is 1."),
    "A": say("Each feature is scaled."),
}


@dataclass(frozen=True, slots=True)
class RMSNorm(Normalization):
    """Normalization by the size of each row, without a mean. Zhang and Sennrich (2019), arXiv:1910.07467."""

    FORMULA: ClassVar[str] = (
        "v[n] = sum(X[n,d]**2, d)/D\nXhat[n,d] = X[n,d]/sqrt(v[n] + eps)\nA[n,d] = gamma[d]*Xhat[n,d]"
    )
    WORDS: ClassVar[str] = "Each row is divided by the root of the mean of its squares, and scaled."

    def stated(self, *x: Tensor, known: Sizes) -> Stated:
        """The mean of the squares, and what is divided by its root."""
        text = "X: input[N, D]\nv[n] = sum(X[n,d]**2, d)/D\n"
        if self.affine:
            text += "gamma: parameter[D]\nXhat[n,d] = X[n,d]/sqrt(v[n] + eps)\nA[n,d] = gamma[d]*Xhat[n,d]"
        else:
            text += "A[n,d] = X[n,d]/sqrt(v[n] + eps)"
        return Stated(text, settings={"eps": self.eps}, words=MEAN_SQUARE)


LAYER = RMSNorm
SAMPLES = (Sample(RMSNorm(), ("N", 4)), Sample(RMSNorm(), ("N", "T", 3)))
