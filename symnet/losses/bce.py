"""The binary cross-entropy of probabilities A and targets 0 or 1; the mean over all samples and outputs."""

from symnet.registry import Formula

MEMBER = Formula(
    text="L = -sum(Y[n,j]*log(A[n,j]) + (1 - Y[n,j])*log(1 - A[n,j]), n, j)/(N*K)",
    words="The loss is the mean surprise at the targets under the predicted probabilities.",
)
