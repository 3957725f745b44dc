"""The sigmoid linear unit, or swish: z sigmoid(z)."""

from symnet.registry import Formula

MEMBER = Formula(
    text="A[n,j] = Z[n,j]*sigmoid(Z[n,j])",
    words="Every weighted sum is let through as far as its own sigmoid says.",
    source="Elfwing, Uchibe and Doya (2017), arXiv:1702.03118",
)
