"""One less the overlap of probabilities A with targets 0 or 1; the mean over samples."""

from symnet.registry import Formula

MEMBER = Formula(
    text=(
        "U[n] = sum(A[n,k]*Y[n,k], k)\n"
        "V[n] = sum(A[n,k] + Y[n,k], k)\n"
        "L = sum(1 - (2*U[n] + smoothing)/(V[n] + smoothing), n)/N"
    ),
    words="The loss is what two sets have not in common.",
    settings={"smoothing": 1.0},
    source="Milletari, Navab and Ahmadi (2016), V-Net, arXiv:1606.04797",
)
