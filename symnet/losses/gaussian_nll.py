"""The negative log-likelihood of Y under a normal distribution of mean A and variance V, without its
constant; the mean over all samples and outputs.
"""

from symnet.registry import Formula

MEMBER = Formula(
    given="A: input[N, K]\nV: input[N, K]\nY: target[N, K]",
    text="L = sum(log(maximum(V[n,j], eps)) + (A[n,j] - Y[n,j])**2/maximum(V[n,j], eps), n, j)/(2*N*K)",
    words="An error counts by the certainty with which it was made.",
    settings={"eps": 1e-06},
    source="Nix and Weigend (1994), Estimating the mean and variance of the target probability distribution",
)
