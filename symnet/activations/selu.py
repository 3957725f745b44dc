"""The scaled exponential linear unit, whose constants keep mean 0 and variance 1 from layer to layer."""

from symnet.registry import Formula

MEMBER = Formula(
    text="A[n,j] = scale*where(Z[n,j] > 0, Z[n,j], alpha*expm1(Z[n,j]))",
    words="What is positive is stretched a little; what is negative approaches a floor.",
    settings={"scale": 1.0507009873554805, "alpha": 1.6732632423543772},
    source="Klambauer, Unterthiner, Mayr and Hochreiter (2017), arXiv:1706.02515",
)
