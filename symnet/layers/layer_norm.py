"""Layer normalization: each row gets mean 0 and variance 1 over its own features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from symnet.index.symbols import Tensor
from symnet.layers.layer import Sample, Stated
from symnet.layers.norms import WORDS, Normalization
from symnet.sizes import Sizes


@dataclass(frozen=True, slots=True)
class LayerNorm(Normalization):
    """Normalization over the last axis. Ba, Kiros and Hinton (2016), arXiv:1607.06450."""

    FORMULA: ClassVar[str] = (
        "mu[n] = sum(X[n,d], d)/D\nv[n] = sum((X[n,d] - mu[n])**2, d)/D\n"
        "Xhat[n,d] = (X[n,d] - mu[n])/sqrt(v[n] + eps)\nA[n,d] = gamma[d]*Xhat[n,d] + beta[d]"
    )
    WORDS: ClassVar[str] = "Each row gets mean 0 and variance 1, and is scaled and shifted."

    def stated(self, *x: Tensor, known: Sizes) -> Stated:
        """The three lines."""
        text = (
            f"X: input[N, D]\n{self.parameters('D')}"
            "mu[n] = sum(X[n,d], d)/D\n"
            "v[n] = sum((X[n,d] - mu[n])**2, d)/D\n"
            f"{self.normalized('n,d', '(X[n,d] - mu[n])/sqrt(v[n] + eps)', 'd')}"
        )
        return Stated(text, settings={"eps": self.eps}, words=WORDS)


LAYER = LayerNorm
SAMPLES = (
    Sample(LayerNorm(), ("N", 4)),
    Sample(LayerNorm(), ("N", "T", 3)),
    Sample(LayerNorm(affine=False), ("N", 4)),
)
