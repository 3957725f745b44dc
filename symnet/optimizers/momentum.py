"""Gradient descent with momentum (heavy ball)."""

from symnet.registry import Formula

MEMBER = Formula(
    text=("v_next[i] = momentum*v[i] + g[i]\nw_next[i] = w[i] - learning_rate*v_next[i]"),
    words="The step keeps some of the last one: what points the same way adds up.",
    settings={"learning_rate": 0.01, "momentum": 0.9},
    source="Polyak (1964); the form of Sutskever et al. (2013) with the rate outside",
    declarations="v: state[I]",
)
