"""Sums that are a square: Sum(X[n,a]*T[n,b]*e[n]*X[n,i]*T[n,j], n) over (a, b, i, j) is M^T diag(e) M, where
M[n,ab] = X[n,a]*T[n,b].

Second derivatives are mostly of this kind: what stands left and right of the middle is one and the same
array, but for the names of its axes. It is made once. Where the middle cannot be negative, its root goes into
M: the product of a matrix with its own transpose takes half the multiplications, since NumPy sees that both
are one array.
"""

from __future__ import annotations

from dataclasses import dataclass

from symnet.lowering.nodes import ArrayExpr, Axes, Axis, Contract, Elementwise, Number, nameless

POSITIVE = frozenset(
    {"decay", "exp", "normal_cdf", "normal_pdf", "bell", "rise", "sech", "sigmoid", "softplus"}
)
"""Functions whose values are never negative, whatever they are of."""


@dataclass(frozen=True, slots=True)
class Square:
    """The factors of the left one, the names of its axes on the right, and what stands in the middle."""

    left: tuple[ArrayExpr, ...]
    names: dict[Axis, Axis]
    middle: tuple[ArrayExpr, ...]


def square_of(expr: Contract, wanted: Axes) -> Square | None:
    """The sum as a square, if it is one over the axes `wanted` in this order: those of the left one first."""
    first, last = wanted[: len(wanted) // 2], wanted[len(wanted) // 2 :]
    names = dict(zip(first, last, strict=False))
    if not first or len(first) != len(last) or any(a.size != b.size for a, b in names.items()):
        return None
    left = [o for o in expr.operands if set(o.axes) & set(first)]
    right = [o for o in expr.operands if set(o.axes) & set(last)]
    middle = tuple(o for o in expr.operands if not set(o.axes) & {*first, *last})
    if len(left) + len(right) + len(middle) != len(expr.operands) or len(left) != len(right):
        return None
    for operand in left:
        twin = next((other for other in right if _is_twin(operand, other, names)), None)
        if twin is None:
            return None
        right.remove(twin)
    inside = {axis for operand in left for axis in operand.axes}
    if not inside.issuperset({*first, *expr.over}):
        return None
    return Square(tuple(left), names, middle)


def _is_twin(one: ArrayExpr, other: ArrayExpr, names: dict[Axis, Axis]) -> bool:
    """Whether two operands are the same array with these other names for its axes."""
    return tuple(names.get(a, a) for a in one.axes) == other.axes and nameless(one) == nameless(other)


def is_positive(expr: ArrayExpr) -> bool:
    """Whether no entry of the array can be negative."""
    if isinstance(expr, Number):
        return bool(expr.value.is_nonnegative)
    if not isinstance(expr, Elementwise):
        return False
    if expr.function in ("add", "multiply", "divide"):
        return all(map(is_positive, expr.args))
    if expr.function == "power":
        exponent = expr.args[1]
        return (isinstance(exponent, Number) and bool(exponent.value.is_even)) or is_positive(expr.args[0])
    return expr.function in POSITIVE
