"""The threshold of a perceptron, -1 or +1; forward only, since it has no slope to pass blame through."""

from symnet.registry import Formula

MEMBER = Formula(
    text="A[n,j] = sign(Z[n,j])",
    words="The unit says yes (+1) or no (-1).",
    source="Rosenblatt (1958), The perceptron",
)
