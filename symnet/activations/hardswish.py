"""The input times a sigmoid of straight lines."""

from symnet.registry import Formula

MEMBER = Formula(
    text="A[n,j] = Z[n,j]*maximum(minimum(Z[n,j], 3) + 3, 0)/6",
    words="Straight lines gate the input.",
    source="Howard et al. (2019), Searching for MobileNetV3, arXiv:1905.02244",
)
