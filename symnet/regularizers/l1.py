"""The L1 penalty: strength times the sum of absolute weights; drives weights to zero."""

from symnet.registry import Formula

MEMBER = Formula(
    text="R = strength*sum(abs(W[i,j]), i, j)",
    words="Weights cost their size.",
    settings={"strength": 0.0},
)
