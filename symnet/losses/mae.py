"""The mean absolute error, over all samples and outputs; its slope at 0 is 0."""

from symnet.registry import Formula

MEMBER = Formula(
    text="L = sum(abs(A[n,j] - Y[n,j]), n, j)/(N*K)",
    words="The loss is the mean of the absolute errors.",
)
