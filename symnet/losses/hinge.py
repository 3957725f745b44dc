"""The hinge loss, for targets -1 or +1; the mean over all samples and outputs."""

from symnet.registry import Formula

MEMBER = Formula(
    text="L = sum(maximum(1 - Y[n,j]*A[n,j], 0), n, j)/(N*K)",
    words="An output on the right side of its margin costs nothing; the others cost their distance to it.",
    source="Cortes and Vapnik (1995), Support-vector networks",
)
