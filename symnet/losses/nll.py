"""The negative log-likelihood of log-probabilities A and one-hot targets; the mean over samples."""

from symnet.registry import Formula

MEMBER = Formula(
    text="L = -sum(Y[n,k]*A[n,k], n, k)/N",
    words="The loss is the mean surprise at the targets under the log-probabilities.",
)
