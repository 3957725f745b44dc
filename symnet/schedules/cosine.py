"""The learning rate falls to its last value along half a wave."""

from symnet.registry import Formula

MEMBER = Formula(
    text=("rate = last + (learning_rate - last)*(1 + cos(pi*minimum(step/steps, 1)))/2"),
    words="The learning rate falls slowly, then fast, then slowly.",
    settings={"steps": 1000.0, "last": 0.0},
    source="Loshchilov and Hutter (2016), SGDR, arXiv:1608.03983",
)
