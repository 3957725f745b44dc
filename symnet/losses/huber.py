"""The Huber loss: squared near zero, absolute beyond delta; the mean over all samples and outputs."""

from symnet.registry import Formula

MEMBER = Formula(
    text=(
        "R[n,j] = A[n,j] - Y[n,j]\n"
        "L = sum(where(abs(R[n,j]) <= delta, R[n,j]**2/2, delta*(abs(R[n,j]) - delta/2)), n, j)/(N*K)"
    ),
    words="Small errors count by their square, large ones by their size.",
    settings={"delta": 1.0},
    source="Huber (1964), Robust estimation of a location parameter",
)
