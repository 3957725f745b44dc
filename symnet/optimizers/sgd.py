"""Gradient descent: a step against the gradient."""

from symnet.registry import Formula

MEMBER = Formula(
    text="w_next[i] = w[i] - learning_rate*g[i]",
    words="A step downhill.",
    settings={"learning_rate": 0.01},
)
