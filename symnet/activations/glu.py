"""The gated linear unit: half of the numbers, through a sigmoid, are gates for the other half."""

from symnet.registry import Formula

MEMBER = Formula(
    given="Z: input[N, 2*H]",
    text=("A: tensor[N, H]\nA[n,j] = Z[n,j]*sigmoid(Z[n,j+H])"),
    words="Half of the numbers open or close the way for the other half.",
    source="Dauphin, Fan, Auli and Grangier (2016), arXiv:1612.08083",
)
