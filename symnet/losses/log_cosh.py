"""The logarithm of the hyperbolic cosine of the error; the mean over all samples and outputs."""

from symnet.registry import Formula

MEMBER = Formula(
    text=("R[n,j] = A[n,j] - Y[n,j]\nL = sum(R[n,j] + softplus(-2*R[n,j]) - log(2), n, j)/(N*K)"),
    words="Small errors count by half their square, large ones by their size.",
)
