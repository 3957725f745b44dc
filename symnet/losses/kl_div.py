"""How far log-probabilities A diverge from probabilities Y (Kullback and Leibler); the mean over samples."""

from symnet.registry import Formula

MEMBER = Formula(
    text="L = sum(where(Y[n,k] > 0, Y[n,k]*(log(Y[n,k]) - A[n,k]), 0), n, k)/N",
    words="The loss is what is lost by taking the predicted distribution for the true one.",
    source="Kullback and Leibler (1951), On information and sufficiency",
)
