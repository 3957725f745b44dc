"""One less the cosine of the angle between output and target; the mean over samples."""

from symnet.registry import Formula

MEMBER = Formula(
    text=(
        "U[n] = sum(A[n,k]*Y[n,k], k)\n"
        "V[n] = sum(A[n,k]**2, k)\n"
        "W[n] = sum(Y[n,k]**2, k)\n"
        "L = sum(1 - U[n]/sqrt((V[n] + eps)*(W[n] + eps)), n)/N"
    ),
    words="The loss is how far the directions of output and target differ.",
    settings={"eps": 1e-08},
)
