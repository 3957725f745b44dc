"""The cross-entropy of logits A, before a softmax, and labels Y from 0 to K - 1; the mean over the rows that
have one. A label outside of that, such as -1 for padding, does not count.
"""

from symnet.registry import Formula

MEMBER = Formula(
    given="A: input[N, K]\nY: target[N] integer",
    text=(
        "counted[n] = (Y[n] >= 0)*(Y[n] < K)\n"
        "L = sum(counted[n]*(log(sum(exp(A[n,k]), k)) - A[n,Y[n]]), n)/sum(counted[n], n)"
    ),
    words="The loss is the mean surprise at the labels when the softmax of the output is the distribution.",
    output="softmax",
)
