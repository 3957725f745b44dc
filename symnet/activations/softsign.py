"""The softsign: a slow approach to -1 and 1."""

from symnet.registry import Formula

MEMBER = Formula(
    text="A[n,j] = Z[n,j]/(1 + abs(Z[n,j]))",
    words="Every number is squeezed between -1 and 1, far ones slowly.",
    source="Turian, Bergstra and Bengio (2009), Quadratic features and deep architectures for chunking",
)
