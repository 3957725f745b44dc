"""A rectified linear unit made smooth: log(1 + e^z)."""

from symnet.registry import Formula

MEMBER = Formula(
    text="A[n,j] = softplus(Z[n,j])",
    words="A smooth form of max(0, z).",
)
