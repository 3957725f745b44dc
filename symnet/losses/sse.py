"""The sum of squared errors, over all samples and outputs; no factor."""

from symnet.registry import Formula

MEMBER = Formula(
    text="L = sum((A[n,j] - Y[n,j])**2, n, j)",
    words="The loss is the squared error, added up over every sample and every output.",
)
