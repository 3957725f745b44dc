"""The learning rate as it is set, in every step."""

from symnet.registry import Formula

MEMBER = Formula(text="rate = learning_rate", words="The learning rate is the same in every step.")
