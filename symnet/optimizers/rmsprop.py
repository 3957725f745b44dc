"""RMSProp: each weight has a rate of its own, by the size of its recent gradients."""

from symnet.registry import Formula

MEMBER = Formula(
    text=(
        "s_next[i] = decay*s[i] + (1 - decay)*g[i]**2\n"
        "w_next[i] = w[i] - learning_rate*g[i]/(sqrt(s_next[i]) + epsilon)"
    ),
    words="The step is divided by the recent size of the gradient.",
    settings={"learning_rate": 0.001, "decay": 0.9, "epsilon": 1e-08},
    source="Tieleman and Hinton (2012), lecture 6.5",
    declarations="s: state[I]",
)
