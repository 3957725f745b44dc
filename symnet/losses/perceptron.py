"""The perceptron criterion, for targets -1 or +1; its derivative is the rule of Rosenblatt.

A sample on the border counts as wrong.
"""

from symnet.registry import Formula

MEMBER = Formula(
    text="L = sum(maximum(0, -Y[n,j]*A[n,j]), n, j)",
    words="What is on the wrong side costs its distance; what is on the right side costs nothing.",
    source="Rosenblatt (1958), The perceptron; Duda and Hart (1973), section 5.5",
    output="sign",
)
