"""The bell curve: 1 at zero, and nothing far away."""

from symnet.registry import Formula

MEMBER = Formula(
    text="A[n,j] = exp(-Z[n,j]**2)",
    words="A unit answers to what is near zero.",
    source="Broomhead and Lowe (1988), Multivariable functional interpolation and adaptive networks",
)
