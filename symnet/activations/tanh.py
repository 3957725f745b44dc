"""The hyperbolic tangent: a sigmoid that is centred, from -1 to 1."""

from symnet.registry import Formula

MEMBER = Formula(
    text="A[n,j] = tanh(Z[n,j])",
    words="The hyperbolic tangent squashes every weighted sum into the range from -1 to 1.",
)
