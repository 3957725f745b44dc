"""Instance normalization: each channel of a sample gets mean 0 and variance 1 over its places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from symnet.index.symbols import Tensor
from symnet.layers import space
from symnet.layers.layer import Sample, Stated
from symnet.layers.norms import WORDS, Normalization
from symnet.layers.space import PLACES, SPANS, listed
from symnet.sizes import Sizes


@dataclass(frozen=True, slots=True)
class InstanceNorm(Normalization):
    """Normalization of X[N, places..., C] over the places.

    Ulyanov, Vedaldi and Lempitsky (2016), Instance normalization, arXiv:1607.08022.
    """

    FORMULA: ClassVar[str] = (
        "mu[n,c] = sum(X[n,p,q,c], p, q)/(P*Q)\nv[n,c] = sum((X[n,p,q,c] - mu[n,c])**2, p, q)/(P*Q)\n"
        "Xhat[n,p,q,c] = (X[n,p,q,c] - mu[n,c])/sqrt(v[n,c] + eps)\n"
        "A[n,p,q,c] = gamma[c]*Xhat[n,p,q,c] + beta[c]"
    )
    WORDS: ClassVar[str] = (
        "Each channel of each sample gets mean 0 and variance 1, and is scaled and shifted."
    )

    def stated(self, *x: Tensor, known: Sizes) -> Stated:
        """The three lines."""
        axes = space.spatial(x[0])
        places, spans = PLACES[:axes], SPANS[:axes]
        at, over, count = f"[{listed('n', places, 'c')}]", listed(places), "*".join(spans)
        text = (
            f"X: input[{listed('N', spans, 'C')}]\n{self.parameters('C')}"
            f"mu[n,c] = sum(X{at}, {over})/({count})\n"
            f"v[n,c] = sum((X{at} - mu[n,c])**2, {over})/({count})\n"
            f"{self.normalized(listed('n', places, 'c'), f'(X{at} - mu[n,c])/sqrt(v[n,c] + eps)', 'c')}"
        )
        return Stated(text, settings={"eps": self.eps}, words=WORDS)


LAYER = InstanceNorm
SAMPLES = (Sample(InstanceNorm(), ("N", 3, 2, 2)), Sample(InstanceNorm(), ("N", "T", 2)))
