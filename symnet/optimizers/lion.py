"""Lion: every weight moves by the same amount, in the direction of a mean of recent gradients."""

from symnet.registry import Formula

MEMBER = Formula(
    text=(
        "d[i] = signum(beta1*m[i] + (1 - beta1)*g[i])\n"
        "m_next[i] = beta2*m[i] + (1 - beta2)*g[i]\n"
        "w_next[i] = w[i] - learning_rate*(d[i] + weight_decay*w[i])"
    ),
    words="Only the sign of the mean counts.",
    settings={"learning_rate": 0.0001, "beta1": 0.9, "beta2": 0.99, "weight_decay": 0.0},
    source="Chen et al. (2023), Symbolic discovery of optimization algorithms, arXiv:2302.06675",
    declarations="m: state[I]",
)
