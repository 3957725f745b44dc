"""A term that is zero off a diagonal is kept apart from the terms that are not: [a = n] * F[a, b, k] has
values where a and n are one, and is computed and written there alone.

| before | after |
| --- | --- |
| (a == n) * F[n, b, k] | Diagonal(F[n, b, k], a = n) |
| Sum(((b == j) * P[n, j] + Q[n, b, j]) * X[n, a], n) | Sum(Q*X, n) + Diagonal(Sum(P*X, n), b = j) |

Second derivatives are full of such terms: what two elements do not meet in any formula has no mixed
derivative.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import reduce

from sympy import S

from symnet.lowering.extents import Extents
from symnet.lowering.factors import contracted, multiplied, product_of
from symnet.lowering.nodes import (
    ArrayExpr,
    Axis,
    Contract,
    Diagonal,
    Elementwise,
    Iota,
    Number,
    children,
    renamed,
)

Pairs = tuple[tuple[Axis, Axis], ...]
"""Axes along which a term has values only where the two are one."""


@dataclass(frozen=True, slots=True)
class Term:
    """`value` where the axes of each pair are one, which it has only the second of; elsewhere zero."""

    value: ArrayExpr
    pairs: Pairs = ()
    minus: bool = False


def with_diagonals(expr: ArrayExpr, extents: Extents) -> ArrayExpr:
    """The same array, with what is zero off a diagonal as terms of their own."""
    terms = _terms(expr, extents)
    if not any(term.pairs for term in terms):
        return expr
    return _sum([*_dense(terms), *_collected([term for term in terms if term.pairs])])


def _terms(expr: ArrayExpr, extents: Extents) -> list[Term]:
    """The terms that `expr` is the sum of, as far as diagonals ask for it."""
    if not _has_delta(expr, extents):
        return [Term(expr)]
    if _is_delta(expr, extents):
        one, other = (arg.axis for arg in children(expr) if isinstance(arg, Iota))
        return [Term(Number(S.One), ((one, other),))]
    if isinstance(expr, Elementwise) and expr.function == "add":
        return [term for arg in expr.args for term in _terms(arg, extents)]
    if isinstance(expr, Elementwise) and expr.function == "subtract":
        return _terms(expr.args[0], extents) + _negated(_terms(expr.args[1], extents))
    if isinstance(expr, Elementwise) and expr.function == "negative":
        return _negated(_terms(expr.args[0], extents))
    if isinstance(expr, Elementwise) and expr.function == "multiply":
        return _products(expr, expr.args, extents)
    if isinstance(expr, Elementwise) and expr.function == "divide" and not _has_delta(expr.args[1], extents):
        above = _terms(expr.args[0], extents)
        found = [_times(term, Term(expr.args[1]), "divide") for term in above]
        return [Term(expr)] if None in found else [term for term in found if term is not None]
    if isinstance(expr, Contract):
        return _contracted(expr, extents)
    return [Term(expr)]


def _contracted(expr: Contract, extents: Extents) -> list[Term]:
    """A sum of a product, term by term; whole where a delta speaks of an axis that is summed over."""
    found: list[Term] = []
    for term in _products(expr, expr.operands, extents):
        if any(axis in expr.over for pair in term.pairs for axis in pair):
            return [Term(expr)]
        if term.value == expr:
            return [term]
        if not set(expr.over) <= set(term.value.axes):
            return [Term(expr)]
        found.append(replace(term, value=contracted(product_of(term.value), expr.over)))
    return found


def _products(expr: ArrayExpr, factors: Sequence[ArrayExpr], extents: Extents) -> list[Term]:
    """A product, term by term: the dense terms of a factor stay together. `expr` whole where that cannot be
    said.
    """
    found = [Term(Number(S.One))]
    for factor in factors:
        terms = _terms(factor, extents)
        sparse = [term for term in terms if term.pairs]
        own = [*_dense(terms), *sparse]
        products = [_times(a, b, "multiply") for a in found for b in own]
        if None in products:
            return [Term(expr)]
        found = [product for product in products if product is not None]
    return found


def _times(a: Term, b: Term, function: str) -> Term | None:
    """The product (or the quotient) of two terms; None where an array cannot be read along one axis twice."""
    pairs, names = a.pairs, dict[Axis, Axis]()
    for one, other in (*a.pairs, *b.pairs):
        first, second = names.get(one, one), names.get(other, other)
        if first != second:
            names = {old: second if new == first else new for old, new in names.items()}
            names[first] = second
    pairs = tuple(names.items())
    one_value, other_value = renamed(a.value, names), renamed(b.value, names)
    if one_value is None or other_value is None:
        return None
    if function == "divide":
        value: ArrayExpr = Elementwise("divide", (one_value, other_value))
    else:
        factors = [
            factor
            for part in (one_value, other_value)
            for factor in (
                part.args if isinstance(part, Elementwise) and part.function == "multiply" else (part,)
            )
            if factor != Number(S.One)
        ]
        value = multiplied(factors)
    return Term(value, pairs, a.minus != b.minus)


def _dense(terms: Iterable[Term]) -> list[Term]:
    """The terms without pairs as one, if there are any."""
    dense = [term for term in terms if not term.pairs]
    return dense if len(dense) <= 1 else [Term(_sum(dense))]


def _collected(terms: Sequence[Term]) -> list[Term]:
    """One term for all that lie on the same diagonal."""
    found: dict[Pairs, list[Term]] = {}
    for term in terms:
        found.setdefault(term.pairs, []).append(replace(term, pairs=()))
    return [
        replace(same[0], pairs=pairs) if len(same) == 1 else Term(_sum(same), pairs)
        for pairs, same in found.items()
    ]


def _sum(terms: Sequence[Term]) -> ArrayExpr:
    """The sum of the terms: what is added first, then what is subtracted."""
    plus = [_whole(term) for term in terms if not term.minus]
    minus = [_whole(term) for term in terms if term.minus]
    if not plus:
        plus = [Elementwise("negative", (minus.pop(0),))]
    start = plus[0] if len(plus) == 1 else Elementwise("add", tuple(plus))
    return reduce(lambda value, term: Elementwise("subtract", (value, term)), minus, start)


def _whole(term: Term) -> ArrayExpr:
    return Diagonal(term.value, term.pairs) if term.pairs else term.value


def _negated(terms: Iterable[Term]) -> list[Term]:
    return [replace(term, minus=not term.minus) for term in terms]


def _is_delta(expr: ArrayExpr, extents: Extents) -> bool:
    """Whether `expr` is [a = b] of two axes of one size."""
    if not isinstance(expr, Elementwise) or expr.function != "equal":
        return False
    one, other = expr.args
    both = isinstance(one, Iota) and isinstance(other, Iota)
    return both and one != other and extents.same(one.axes[0].size, other.axes[0].size)


def _has_delta(expr: ArrayExpr, extents: Extents) -> bool:
    if _is_delta(expr, extents):
        return True
    inside = children(expr) if isinstance(expr, Contract) or _is_linear(expr) else ()
    return any(_has_delta(child, extents) for child in inside)


def _is_linear(expr: ArrayExpr) -> bool:
    """Whether a delta in `expr` is a factor of a term of it."""
    functions = ("add", "subtract", "negative", "multiply", "divide")
    return isinstance(expr, Elementwise) and expr.function in functions
