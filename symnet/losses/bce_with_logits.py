"""The binary cross-entropy of logits A, before a sigmoid; the mean over all samples and outputs."""

from symnet.registry import Formula

MEMBER = Formula(
    text="L = sum(softplus(A[n,j]) - Y[n,j]*A[n,j], n, j)/(N*K)",
    words="The loss is the mean surprise at the targets when the sigmoid of the output is the probability.",
    output="sigmoid",
)
