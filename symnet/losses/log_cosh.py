"""The logarithm of the hyperbolic cosine of the error; the mean over all samples and outputs."""

from symnet.registry import Formula

MEMBER = Formula(
    text="L = sum(logcosh(A[n,j] - Y[n,j]), n, j)/(N*K)",
    words="Small errors count by half their square, large ones by their size.",
)
