"""The absolute error, rounded off near zero by a parabola; the mean over all samples and outputs."""

from symnet.registry import Formula

MEMBER = Formula(
    text=(
        "R[n,j] = A[n,j] - Y[n,j]\n"
        "L = sum(where(abs(R[n,j]) < beta, R[n,j]**2/(2*beta), abs(R[n,j]) - beta/2), n, j)/(N*K)"
    ),
    words="Large errors count by their size, small ones by their square.",
    settings={"beta": 1.0},
    source="Girshick (2015), Fast R-CNN, arXiv:1504.08083",
)
