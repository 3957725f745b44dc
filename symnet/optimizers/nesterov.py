"""Nesterov momentum: the gradient looks ahead along the velocity."""

from symnet.registry import Formula

MEMBER = Formula(
    text=("v_next[i] = momentum*v[i] + g[i]\nw_next[i] = w[i] - learning_rate*(g[i] + momentum*v_next[i])"),
    words="Momentum that looks ahead.",
    settings={"learning_rate": 0.01, "momentum": 0.9},
    source="Nesterov (1983); Sutskever et al. (2013), rewritten at the point looked ahead to",
    declarations="v: state[I]",
)
