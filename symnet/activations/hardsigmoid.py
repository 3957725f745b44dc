"""A sigmoid of straight lines: 0 up to -3, 1 from 3 on."""

from symnet.registry import Formula

MEMBER = Formula(
    text="A[n,j] = maximum(minimum(Z[n,j], 3) + 3, 0)/6",
    words="Three straight lines in place of the sigmoid's curve.",
    source="Courbariaux et al. (2015), arXiv:1511.00363; slope: Howard et al. (2019), arXiv:1905.02244",
)
