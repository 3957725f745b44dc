"""The Gaussian error linear unit: z times the normal distribution function at z."""

from symnet.registry import Formula

MEMBER = Formula(
    text="A[n,j] = Z[n,j]*normal_cdf(Z[n,j])",
    words="Every weighted sum is let through with the probability that a normal variable lies below it.",
    source="Hendrycks and Gimpel (2016), arXiv:1606.08415",
)
