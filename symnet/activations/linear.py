"""The identity: a layer without an activation."""

from symnet.registry import Formula

MEMBER = Formula(
    text="A[n,j] = Z[n,j]",
    words="The value is the weighted sum itself.",
)
