"""Reductions over an index: SymPy's unevaluated `Sum`, and `ArgMax`, the position of a maximum.

A maximum itself is no reduction here: it is a gather at its position, so that its derivative needs no rule of
its own. Never call `.doit()` on these: a symbolic range costs seconds and yields a Piecewise.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from sympy import Expr, S, Sum
from sympy.concrete.expr_with_limits import ExprWithLimits

from symnet.index.symbols import Index

Binder = tuple[Index, Expr]
"""A bound index and the size of the range that it runs over."""


class ArgMax(ExprWithLimits):
    """The least k at which `function` is largest; a whole number, and constant wherever it does not jump.

    Over several indices it is the first one's: the least i at which the largest over all the others is
    largest. Where the others sit is then asked at that i, so that one place is found, the first in order.
    """

    __slots__ = ()

    def __new__(cls, function: Expr, *limits: object) -> ArgMax:
        return ExprWithLimits.__new__(cls, function, *limits)

    def _eval_derivative(self, x: Expr) -> Expr:
        return S.Zero


def total(body: Expr, binders: Sequence[Binder]) -> Expr:
    """The sum of `body` over `binders`, the first one outermost; `body` itself where there are none."""
    return Sum(body, *[(index, 0, _last(size)) for index, size in reversed(binders)]) if binders else body


def argmax(body: Expr, *binders: Binder) -> Expr:
    """The position along the first of `binders` at which `body`, over all of them, is largest."""
    return ArgMax(body, *[(index, 0, _last(size)) for index, size in reversed(binders)])


def binders_of(reduction: ExprWithLimits) -> tuple[Binder, ...]:
    """The bound indices of a Sum or ArgMax with their sizes, the outermost first."""
    return tuple((limit[0], _size(limit[2])) for limit in reversed(reduction.limits))


@lru_cache(maxsize=1 << 12)
def _last(size: Expr) -> Expr:
    """The last index of an axis of this size."""
    return size - 1


@lru_cache(maxsize=1 << 12)
def _size(last: Expr) -> Expr:
    """The size of an axis of this last index."""
    return last + 1
