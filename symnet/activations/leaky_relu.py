"""A rectified linear unit with a small slope below zero."""

from symnet.registry import Formula

MEMBER = Formula(
    text="A[n,j] = where(Z[n,j] > 0, Z[n,j], alpha*Z[n,j])",
    words="What is positive passes; what is negative is scaled down.",
    settings={"alpha": 0.01},
    source="Maas, Hannun and Ng (2013), Rectifier nonlinearities improve neural network acoustic models",
)
