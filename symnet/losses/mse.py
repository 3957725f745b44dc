"""The mean squared error, over all samples and outputs."""

from symnet.registry import Formula

MEMBER = Formula(
    text="L = sum((A[n,j] - Y[n,j])**2, n, j)/(N*K)",
    words="The loss is the mean of the squared errors.",
)
