"""The exponential linear unit: linear above zero, an exponential approach to -alpha below."""

from symnet.registry import Formula

MEMBER = Formula(
    text="A[n,j] = where(Z[n,j] > 0, Z[n,j], alpha*expm1(Z[n,j]))",
    words="What is positive passes; what is negative approaches a floor.",
    settings={"alpha": 1.0},
    source="Clevert, Unterthiner and Hochreiter (2015), arXiv:1511.07289",
)
