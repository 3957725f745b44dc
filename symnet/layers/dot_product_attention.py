"""Dot-product attention of queries, keys and values that other layers give: nothing of its own is learned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from symnet.index.symbols import Tensor
from symnet.layers.attention import WORDS, masked
from symnet.layers.layer import Layer, Sample, Stated, flag
from symnet.sizes import Sizes


@dataclass(frozen=True, slots=True)
class DotProductAttention(Layer):
    """Attention of Q[N, T, E] over K[N, S, E] and V[N, S, F].

    causal: no position sees a later one. mask: an input [N, S] that is 0 where a position is padding.
    """

    FORMULA: ClassVar[str] = (
        "P[n,t,s] = softmax(sum(Q[n,t,e]*K[n,s,e], e)/sqrt(E), s)\nA[n,t,f] = sum(P[n,t,s]*V[n,s,f], s)"
    )
    WORDS: ClassVar[str] = "Each query gathers the values by how well their keys match it."
    NAMED: ClassVar[tuple[str, ...]] = ("mask",)

    causal: bool = False
    mask: str = ""

    def __post_init__(self) -> None:
        super(DotProductAttention, self).__post_init__()
        flag("causal", self.causal)

    def stated(self, *x: Tensor, known: Sizes) -> Stated:
        """Scores, shares, and what is gathered."""
        seen = masked("C[n,t,s]", "t", self.causal, self.mask and "mask")
        low = seen != "C[n,t,s]"
        lines = ["Q: input[N, T, E]", "K: input[N, S, E]", "V: input[N, S, F]"]
        lines += ["mask: input[N, S]"] * bool(self.mask)
        lines += ["C[n,t,s] = sum(Q[n,t,e]*K[n,s,e], e)/sqrt(E)"] + [f"B[n,t,s] = {seen}"] * low
        lines += [
            f"P[n,t,s] = softmax({'B' if low else 'C'}[n,t,s], s)",
            "A[n,t,f] = sum(P[n,t,s]*V[n,s,f], s)",
        ]
        return Stated("\n".join(lines), words={**WORDS, "A": self.WORDS})


LAYER = DotProductAttention
SAMPLES = (
    Sample(DotProductAttention(inputs=("Q", "K", "V")), ("N", "T", 2), ("N", "S", 2), ("N", "S", 3)),
    Sample(
        DotProductAttention(inputs=("Q", "K", "V"), causal=True, mask="keep"),
        ("N", "T", 2),
        ("N", "T", 2),
        ("N", "T", 3),
        ("N", "T"),
    ),
)
