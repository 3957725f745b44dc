"""The contrastive loss of outputs A and B: Y is 1 for a pair that is alike and 0 for another; the mean."""

from symnet.registry import Formula

MEMBER = Formula(
    given="A: input[N, K]\nB: input[N, K]\nY: target[N]",
    text=(
        "V[n] = sum((A[n,k] - B[n,k])**2, k)\n"
        "U[n] = sqrt(V[n] + eps)\n"
        "L = sum(Y[n]*V[n] + (1 - Y[n])*maximum(margin - U[n], 0)**2, n)/(2*N)"
    ),
    words="What is alike is drawn together; what is not is pushed apart, up to a margin.",
    settings={"margin": 1.0, "eps": 1e-12},
    source="Hadsell, Chopra and LeCun (2006), Dimensionality reduction by learning an invariant mapping",
)
