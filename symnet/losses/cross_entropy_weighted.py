"""The cross-entropy of logits A and one-hot Y, where each class counts by its weight; the weighted mean."""

from symnet.registry import Formula

MEMBER = Formula(
    given="A: input[N, K]\nY: target[N, K]\nweight: target[K]",
    text="L = sum(weight[k]*Y[n,k]*(log(sum(exp(A[n,l]), l)) - A[n,k]), n, k)/sum(weight[k]*Y[n,k], n, k)",
    words="The loss is the mean surprise at the targets, where each class counts by its weight.",
    output="softmax",
)
