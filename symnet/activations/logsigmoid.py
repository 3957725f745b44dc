"""The logarithm of the sigmoid."""

from symnet.registry import Formula

MEMBER = Formula(
    text="A[n,j] = -softplus(-Z[n,j])",
    words="The logarithm of the probability that the sigmoid gives.",
)
