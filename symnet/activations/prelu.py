"""The rectifier whose slope below zero is learned, one for each unit."""

from symnet.registry import Formula

MEMBER = Formula(
    text="A[n,j] = where(Z[n,j] > 0, Z[n,j], a[j]*Z[n,j])",
    words="What is positive passes; what is negative passes weakened, by how much is learned.",
    source="He, Zhang, Ren and Sun (2015), Delving deep into rectifiers, arXiv:1502.01852",
    declarations="a: parameter[H]",
)
