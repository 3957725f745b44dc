"""The learning rate falls by the same share in every step."""

from symnet.registry import Formula

MEMBER = Formula(
    text=("rate = learning_rate*factor**step"),
    words="The learning rate falls by the same share in every step.",
    settings={"factor": 0.999},
)
