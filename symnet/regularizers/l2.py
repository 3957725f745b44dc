"""The L2 penalty: strength times the sum of squared weights."""

from symnet.registry import Formula

MEMBER = Formula(
    text="R = strength*sum(W[i,j]**2, i, j)",
    words="Weights cost their square.",
    settings={"strength": 0.0},
)
