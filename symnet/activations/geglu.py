"""The gated GELU: half of the numbers, through a GELU, are gates for the other half."""

from symnet.registry import Formula

MEMBER = Formula(
    given="Z: input[N, 2*H]",
    text="A: tensor[N, H]\nA[n,j] = Z[n,j]*normal_cdf(Z[n,j])*Z[n,j+H]",
    words="Half of the numbers open or close the way for the other half.",
    source="Shazeer (2020), GLU variants improve transformer, arXiv:2002.05202",
)
