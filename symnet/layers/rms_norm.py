"""Root mean square normalization: each row is divided by the root of the mean of its squares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from symnet.index.symbols import Tensor
from symnet.layers.layer import Sample, Stated
from symnet.layers.norms import Normalization
from symnet.sizes import Sizes


@dataclass(frozen=True, slots=True)
class RMSNorm(Normalization):
    """Normalization by the size of each row, without a mean. Zhang and Sennrich (2019), arXiv:1910.07467."""

    FORMULA: ClassVar[str] = "v[n] = sum(X[n,d]**2, d)/D\nA[n,d] = gamma[d]*X[n,d]/sqrt(v[n] + eps)"
    WORDS: ClassVar[str] = "Each row is divided by the root of the mean of its squares, and scaled."

    def stated(self, *x: Tensor, known: Sizes) -> Stated:
        """The two lines."""
        gamma = ("gamma: parameter[D]\n", "gamma[d]*") if self.affine else ("", "")
        text = (
            f"X: input[N, D]\n{gamma[0]}v[n] = sum(X[n,d]**2, d)/D\n"
            f"A[n,d] = {gamma[1]}X[n,d]/sqrt(v[n] + eps)"
        )
        return Stated(
            text, settings={"eps": self.eps}, words={"v": "The mean of the squares.", "A": self.WORDS}
        )


LAYER = RMSNorm
SAMPLES = (Sample(RMSNorm(), ("N", 4)), Sample(RMSNorm(), ("N", "T", 3)))
