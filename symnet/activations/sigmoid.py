"""The logistic function: a step made smooth, from 0 to 1."""

from symnet.registry import Formula

MEMBER = Formula(
    text="A[n,j] = sigmoid(Z[n,j])",
    words="The sigmoid squashes every weighted sum into the range from 0 to 1.",
)
