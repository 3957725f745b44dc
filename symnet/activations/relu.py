"""The rectified linear unit; flat at 0 itself."""

from symnet.registry import Formula

MEMBER = Formula(
    text="A[n,j] = maximum(Z[n,j], 0)",
    words="What is negative becomes zero; what is positive passes.",
    source="Nair and Hinton (2010), Rectified linear units improve restricted Boltzmann machines",
)
