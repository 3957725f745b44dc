"""The triplet loss of an anchor A, an example P like it and an example Q unlike it; the mean over samples."""

from symnet.registry import Formula

MEMBER = Formula(
    given="A: input[N, K]\nP: input[N, K]\nQ: input[N, K]",
    text=(
        "U[n] = sqrt(sum((A[n,k] - P[n,k])**2, k) + eps)\n"
        "V[n] = sqrt(sum((A[n,k] - Q[n,k])**2, k) + eps)\n"
        "L = sum(maximum(U[n] - V[n] + margin, 0), n)/N"
    ),
    words="What is alike should be nearer than what is not, by a margin.",
    settings={"margin": 1.0, "eps": 1e-12},
    source="Schroff, Kalenichenko and Philbin (2015), FaceNet, arXiv:1503.03832",
)
