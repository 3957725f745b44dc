"""The sine, of a frequency that is set."""

from symnet.registry import Formula

MEMBER = Formula(
    text="A[n,j] = sin(frequency*Z[n,j])",
    words="A unit swings to and fro as its input grows.",
    settings={"frequency": 1.0},
    source="Sitzmann et al. (2020), Implicit neural representations, arXiv:2006.09661",
)
