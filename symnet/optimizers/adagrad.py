"""Adagrad: each weight has a rate of its own, by the size of all its gradients so far."""

from symnet.registry import Formula

MEMBER = Formula(
    text=("s_next[i] = s[i] + g[i]**2\nw_next[i] = w[i] - learning_rate*g[i]/(sqrt(s_next[i]) + epsilon)"),
    words="The step is divided by the size of all gradients so far.",
    settings={"learning_rate": 0.01, "epsilon": 1e-10},
    source="Duchi, Hazan and Singer (2011), Adaptive subgradient methods",
    declarations="s: state[I]",
)
