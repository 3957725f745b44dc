"""The cross-entropy of logits A, before a softmax, and one-hot targets; the mean over samples."""

from symnet.registry import Formula

MEMBER = Formula(
    text="L = sum(log(sum(exp(A[n,k]), k)) - sum(Y[n,k]*A[n,k], k), n)/N",
    words="The loss is the mean surprise at the targets when the softmax of the output is the distribution.",
    output="softmax",
)
