"""The operands of a sum of a product: an operand that is itself an outer product is taken apart, and what
runs over the same axes is multiplied first.

Sum(X[n,a] * (T[n,b]*v[b]*T[n,j]*v[j]/q[n]), n) has the operands X[n,a], T[n,b], v[b], T[n,j], v[j], 1/q[n]:
in which order they are multiplied is then a question of cost (`contraction.py`), and no array over (n, b, j)
need be made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from sympy import Integer, S

from symnet.lowering.nodes import (
    ArrayExpr,
    Axes,
    Axis,
    Contract,
    Diagonal,
    Elementwise,
    Gather,
    Number,
    Read,
    Window,
    children,
)

ONE = Number(S.One)

Factor = tuple[ArrayExpr, bool]
"""What is multiplied, or divided by where the mark says so."""


def with_factors(expr: ArrayExpr) -> ArrayExpr:
    """The same array, with the outer products among the operands of its sums taken apart."""
    if isinstance(expr, Elementwise):
        return replace(expr, args=tuple(map(with_factors, expr.args)))
    if isinstance(expr, Diagonal):
        return replace(expr, body=with_factors(expr.body))
    if not isinstance(expr, Contract):
        return expr
    operands = tuple(map(with_factors, expr.operands))
    if not any(map(_is_outer, operands)):
        return replace(expr, operands=operands)
    return contracted([factor for operand in operands for factor in _factors(operand)], expr.over)


def contracted(factors: Iterable[Factor], over: Axes) -> Contract:
    """The sum of a product, with one operand for each set of axes that factors run over."""
    groups: dict[frozenset[Axis], tuple[list[ArrayExpr], list[ArrayExpr]]] = {}
    for factor, below in factors:
        groups.setdefault(frozenset(factor.axes), ([], []))[below].append(factor)
    numbers = groups.pop(frozenset(), ([], []))
    smallest = min(groups, key=len)
    for own, more in zip(groups[smallest], numbers, strict=True):
        own.extend(more)
    return Contract(tuple(_quotient(*map(_ordered, group)) for group in groups.values()), over)


def _ordered(factors: Sequence[ArrayExpr]) -> list[ArrayExpr]:
    """The factors of a product in an order that does not depend on the names of axes, squares as squares: so
    that equal products are seen to be equal.
    """
    counted = Counter(factors)
    powers = [
        factor if count == 1 else Elementwise("power", (factor, Number(Integer(count))))
        for factor, count in counted.items()
    ]
    return sorted(powers, key=_rank)


def _rank(expr: ArrayExpr) -> tuple[str, ...]:
    """What an expression is made of, without its axes."""
    own = expr.tensor.name if isinstance(expr, Read | Window | Gather) else ""
    own = expr.function if isinstance(expr, Elementwise) else own
    return (type(expr).__name__, own, *(text for child in children(expr) for text in _rank(child)))


def _is_outer(operand: ArrayExpr) -> bool:
    """Whether `operand` is a product of which no factor runs over all of its axes."""
    every = set(operand.axes)
    return all(set(factor.axes) != every for factor, _ in product_of(operand))


def _factors(operand: ArrayExpr) -> Iterator[Factor]:
    yield from product_of(operand) if _is_outer(operand) else [(operand, False)]


def product_of(operand: ArrayExpr) -> Iterator[Factor]:
    """The factors of a product of products and quotients; none of 1."""
    if isinstance(operand, Elementwise) and operand.function == "multiply":
        for arg in operand.args:
            yield from product_of(arg)
    elif isinstance(operand, Elementwise) and operand.function == "divide":
        above, below = operand.args
        yield from product_of(above)
        yield from ((factor, not mark) for factor, mark in product_of(below))
    elif operand != ONE:
        yield operand, False


def as_quotient(factors: Iterable[ArrayExpr]) -> ArrayExpr:
    """The product of the factors, with one division at most."""
    every = [part for factor in factors for part in product_of(factor)]
    return _quotient(*([part for part, below in every if below is side] for side in (False, True)))


def _quotient(above: Sequence[ArrayExpr], below: Sequence[ArrayExpr]) -> ArrayExpr:
    value = multiplied(above)
    return Elementwise("divide", (value, multiplied(below))) if below else value


def multiplied(factors: Sequence[ArrayExpr]) -> ArrayExpr:
    """The product of the factors, 1 where there are none."""
    if not factors:
        return ONE
    return factors[0] if len(factors) == 1 else Elementwise("multiply", tuple(factors))
