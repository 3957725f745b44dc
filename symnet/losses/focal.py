"""The focal loss of logits A, before a sigmoid, and targets 0 or 1; the mean over all samples and outputs."""

from symnet.registry import Formula

MEMBER = Formula(
    text=(
        "L = sum(alpha*Y[n,j]*sigmoid(-A[n,j])**gamma*softplus(-A[n,j])"
        " + (1 - alpha)*(1 - Y[n,j])*sigmoid(A[n,j])**gamma*softplus(A[n,j]), n, j)/(N*K)"
    ),
    words="Surprise counts the less, the better the answer was already.",
    settings={"alpha": 0.25, "gamma": 2.0},
    source="Lin, Goyal, Girshick, He and Dollar (2017), Focal loss, arXiv:1708.02002",
    output="sigmoid",
)
