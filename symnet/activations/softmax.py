"""The softmax: positive shares that add up to 1 in every sample."""

from symnet.registry import Formula

MEMBER = Formula(
    text="A[n,j] = exp(Z[n,j])/sum(exp(Z[n,k]), k)",
    words="Every unit takes its share of the exponentials: the values of a sample add up to 1.",
)
