"""Mish: the input times the tanh of its softplus."""

from symnet.registry import Formula

MEMBER = Formula(
    text="A[n,j] = Z[n,j]*tanh(softplus(Z[n,j]))",
    words="What is large passes; what is very negative fades away.",
    source="Misra (2019), Mish: a self regularized non-monotonic activation function, arXiv:1908.08681",
)
