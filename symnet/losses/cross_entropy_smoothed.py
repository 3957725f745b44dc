"""The cross-entropy of logits A against one-hot targets that are moved a little towards all classes alike."""

from symnet.registry import Formula

MEMBER = Formula(
    text="L = sum(log(sum(exp(A[n,k]), k)) - sum(((1 - smoothing)*Y[n,k] + smoothing/K)*A[n,k], k), n)/N",
    words="The loss is the mean surprise at targets that allow every class a small share.",
    settings={"smoothing": 0.1},
    source="Szegedy et al. (2015), Rethinking the inception architecture, arXiv:1512.00567, section 7",
    output="softmax",
)
