"""The logarithm of the softmax: log-probabilities."""

from symnet.registry import Formula

MEMBER = Formula(
    text="A[n,j] = Z[n,j] - log(sum(exp(Z[n,k]), k))",
    words="The logarithms of shares that add up to one.",
)
