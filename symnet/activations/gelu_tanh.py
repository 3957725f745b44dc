"""The Gaussian error linear unit in its approximation by tanh."""

from symnet.registry import Formula

MEMBER = Formula(
    text="A[n,j] = Z[n,j]*(1 + tanh(sqrt(2/pi)*(Z[n,j] + 0.044715*Z[n,j]**3)))/2",
    words="The Gaussian error linear unit, approximated by a hyperbolic tangent.",
    source="Hendrycks and Gimpel (2016), arXiv:1606.08415, section 2",
)
