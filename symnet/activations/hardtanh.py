"""The identity between two bounds, and the bounds beyond them."""

from symnet.registry import Formula

MEMBER = Formula(
    text="A[n,j] = minimum(maximum(Z[n,j], low), high)",
    words="What lies between the bounds passes; the rest is cut off.",
    settings={"low": -1.0, "high": 1.0},
    source="Collobert (2004), Large scale machine learning, section 4",
)
