"""The learning rate falls to its last value along a straight line."""

from symnet.registry import Formula

MEMBER = Formula(
    text=("rate = last + (learning_rate - last)*(1 - minimum(step/steps, 1))"),
    words="The learning rate falls by the same amount in every step.",
    settings={"steps": 1000.0, "last": 0.0},
)
