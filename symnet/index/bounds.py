"""How small and how large an expression of indices and sizes can be, and what that decides.

An index runs from 0 to its size less one, and a size is at least 1: k + D < D never holds, and j < D + E
always does where j runs over D.
"""

from __future__ import annotations

from collections.abc import Mapping

from sympy import Add, Expr, Indexed, Mul, Number, Pow, S, Sum, cos, erf, sin, tanh
from sympy.concrete.expr_with_limits import ExprWithLimits

from symnet.index.calculus import affine
from symnet.index.functions import (
    Bracket,
    absolute,
    constant,
    equal,
    less,
    less_equal,
    maximum,
    minimum,
    sigmoid,
    signum,
    softplus,
    where,
)
from symnet.index.reductions import binders_of
from symnet.index.symbols import Index, Scalar

Ranges = Mapping[Index, Expr]
"""The sizes of indices."""


def lowest(expr: Expr, ranges: Ranges) -> Expr | None:
    """The least value of an affine expression of the indices in `ranges`; None where it is no such thing."""
    indices = sorted(expr.atoms(Index), key=str)
    coefficients = affine(expr.expand(), indices)
    if coefficients is None or expr.has(Indexed, Scalar) or not ranges.keys() >= set(indices):
        return None
    ends = {
        index: S.Zero if coefficient > 0 else ranges[index] - 1 for index, coefficient in coefficients.items()
    }
    return expr.xreplace(ends).expand()


def inside(place: Expr, extent: Expr, ranges: Ranges) -> bool:
    """Whether a position is surely one of an axis of this extent, at all values of the indices."""
    low, high = lowest(place, ranges), lowest(extent - 1 - place, ranges)
    return low is not None and high is not None and bool(low.is_nonnegative and high.is_nonnegative)


def decided(expr: Expr, ranges: Ranges) -> Expr:
    """`expr` with every bracket that the ranges of its indices decide as the number that it is, the others
    with their numbers on one side, and a choice between a value and 0 as a bracket.
    """
    if not expr.has(Bracket):
        return expr
    if isinstance(expr, ExprWithLimits):
        inner = {**ranges, **dict(binders_of(expr))}
        return expr.func(decided(expr.function, inner), *expr.limits)
    arguments = [decided(argument, ranges) for argument in expr.args]
    if isinstance(expr, Bracket):
        return _bracket(expr, ranges)
    if isinstance(expr, where):
        return chosen(*arguments)
    return expr.func(*arguments)


def _bracket(bracket: Bracket, ranges: Ranges) -> Expr:
    """0 or 1 where the ranges decide; with a number alone on one side where one side is a number."""
    left, right = bracket.args
    below, above = lowest(right - left, ranges), lowest(left - right, ranges)
    if below is None or above is None:
        return bracket
    if isinstance(bracket, equal):
        return S.Zero if below.is_positive or above.is_positive else bracket
    holds, fails = (below.is_positive, above.is_nonnegative)
    if isinstance(bracket, less_equal):
        holds, fails = (below.is_nonnegative, above.is_positive)
    if holds or fails:
        return S.One if holds else S.Zero
    moved = (right if isinstance(left, Number) else left).as_coeff_Add()[0]
    one_sided = isinstance(left, Number) or isinstance(right, Number)
    return bracket.func(left - moved, right - moved) if one_sided else bracket


def chosen(condition: Expr, a: Expr, b: Expr) -> Expr:
    """where(condition, a, b): between a value and 0, the bracket times the value, where nothing can go wrong
    with the value elsewhere.
    """
    if a == 0 and b != 0:
        opposite = _opposite(condition)
        if opposite is not None and always_finite(b):
            return opposite * b
    return condition * a if b == 0 and always_finite(a) else where(condition, a, b)


def _opposite(condition: Expr) -> Expr | None:
    """The bracket that is 1 where `condition` is 0; None where there is none."""
    if not isinstance(condition, less | less_equal):
        return None
    left, right = condition.args
    return less_equal(right, left) if isinstance(condition, less) else less(right, left)


FINITE = (
    Bracket,
    where,
    constant,
    maximum,
    minimum,
    absolute,
    signum,
    sigmoid,
    softplus,
    tanh,
    sin,
    cos,
    erf,
)
"""Functions that have a value at every number."""


def always_finite(expr: Expr) -> bool:
    """Whether `expr` is a number whatever its elements are: nothing is divided by, nothing overflows."""
    if isinstance(expr, Indexed | Scalar) or not expr.args:
        return True
    if isinstance(expr, Pow) and not (expr.exp.is_Integer and expr.exp.is_positive):
        return bool(expr.is_number)
    if isinstance(expr, Sum):
        return always_finite(expr.function)
    return isinstance(expr, (Add, Mul, Pow, *FINITE)) and all(map(always_finite, expr.args))
