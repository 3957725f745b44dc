"""The negative log-likelihood of counts Y under a Poisson distribution of rate exp(A), without what does not
depend on A; the mean over all samples and outputs.
"""

from symnet.registry import Formula

MEMBER = Formula(
    text="L = sum(exp(A[n,j]) - Y[n,j]*A[n,j], n, j)/(N*K)",
    words="The loss is the mean surprise at the counts when the exponential of the output is their rate.",
)
