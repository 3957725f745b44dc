"""The continuously differentiable exponential linear unit, whose slope is 1 at zero whatever alpha is."""

from symnet.registry import Formula

MEMBER = Formula(
    text="A[n,j] = where(Z[n,j] > 0, Z[n,j], alpha*expm1(Z[n,j]/alpha))",
    words="What is positive passes; what is negative approaches a floor.",
    settings={"alpha": 1.0},
    source="Barron (2017), Continuously differentiable exponential linear units, arXiv:1704.07483",
)
