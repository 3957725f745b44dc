"""How a delta meets a sum: Sum(f(q) * [e(q) = p], q) keeps the one term where e(q) = p.

Each axis of an occurrence gives one delta. Where its index expression is affine in a bound index with
coefficient 1 or -1, the delta is solved for that index, which leaves the sum. Where it reads another tensor
(a gather), or has no such index, the delta stays and becomes a scatter-add. A tensor read outside its range
is zero; where no such read covers the solved index, a bracket guards it.

A bracket that the equation itself has, such as [h = g*F + f] where channels are laid side by side, ends a sum
over h in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sympy import Expr, Indexed, Mul, S, expand_mul

from symnet.index.bounds import always_finite, chosen
from symnet.index.calculus import affine, factors, free_indices, substitute
from symnet.index.functions import equal, less, less_equal
from symnet.index.reductions import Binder, total
from symnet.index.symbols import Index, name_of


@dataclass(frozen=True, slots=True)
class Delta:
    """[expression = target], for one axis of the given size."""

    expression: Expr
    target: Expr
    size: Expr


def definition(binders: tuple[Binder, ...], body: Expr, deltas: tuple[Delta, ...]) -> Expr:
    """The chain rule as it is stated: the sum over all binders with its deltas still in it."""
    return total(Mul(body, *(equal(delta.expression, delta.target) for delta in deltas)), binders)


def contract(
    binders: tuple[Binder, ...], body: Expr, deltas: tuple[Delta, ...], shapes: Mapping[str, tuple[Expr, ...]]
) -> tuple[tuple[Binder, ...], Expr]:
    """The binders that remain and the body, after every delta that can be solved has been.

    `binders` come in order of preference for being solved; `shapes` are those of the tensors in `body`, by
    name.
    """
    remaining = dict(binders)
    pending = sorted(deltas, key=lambda delta: not isinstance(delta.expression, Index))
    left: list[Expr] = []
    while True:
        if not pending:
            pending, body = _own(body, remaining)
        if not pending:
            return tuple(remaining.items()), Mul(*left, body)
        delta = pending.pop(0)
        index = _solvable(delta.expression, remaining)
        if index is None:
            left.append(equal(delta.expression, delta.target))
            continue
        size = remaining.pop(index)
        solution = _solve(delta, index)
        inside = _inside(body, index, size, delta, solution, shapes)
        pending = [replace(d, expression=substitute(d.expression, {index: solution})) for d in pending]
        left = [substitute(bracket, {index: solution}) for bracket in left]
        solved = substitute(body, {index: solution})
        body = chosen(_short_of(solved, delta, shapes, inside), solved, S.Zero)


def _own(body: Expr, binders: Mapping[Index, Expr]) -> tuple[list[Delta], Expr]:
    """The first bracket among the factors of `body` that says what a bound index is; and the other
    factors.
    """
    parts = Mul.make_args(body)
    for number, part in enumerate(parts):
        for index, value in (part.args, part.args[::-1]) if isinstance(part, equal) else ():
            if index in binders and not value.has(index, Indexed):
                return [Delta(index, value, binders[index])], Mul(*parts[:number], *parts[number + 1 :])
    return [], body


def _solvable(expression: Expr, binders: Mapping[Index, Expr]) -> Index | None:
    """The bound index to solve `expression` for: the first one, by preference, with coefficient 1 or -1."""
    candidates = [index for index in binders if expression.has(index)]
    coefficients = affine(expression, candidates)
    if coefficients is None or expression.has(Indexed):
        return None
    return next((index for index in candidates if abs(coefficients[index]) == 1), None)


def _solve(delta: Delta, index: Index) -> Expr:
    """The value of `index` at which the delta is one."""
    coefficients = affine(delta.expression, [index])
    assert coefficients is not None, "only an affine place is solvable"
    coefficient = coefficients[index]
    return expand_mul((delta.target - delta.expression + coefficient * index) / coefficient)


def _inside(
    body: Expr, index: Index, size: Expr, delta: Delta, solution: Expr, shapes: Mapping[str, tuple[Expr, ...]]
) -> Expr:
    """The bracket [0 <= solution < size], or 1 where the ranges agree or a read outside its range makes the
    body zero anyway.
    """
    if solution == delta.target and size == delta.size:
        return S.One
    if isinstance(solution, Index):  # a shorter axis than that of the target
        return less(solution, size)
    powers = factors(body)
    covering = any(
        isinstance(base, Indexed) and power == 1 and _spans(base, index, size, shapes)
        for base, power in powers.items()
    )
    singular = any(
        index in free_indices(base) and not always_finite(base**power) for base, power in powers.items()
    )
    if covering and not singular:
        return S.One
    return less_equal(S.Zero, solution) * less(solution, size)


def _short_of(body: Expr, delta: Delta, shapes: Mapping[str, tuple[Expr, ...]], inside: Expr) -> Expr:
    """The brackets `inside`, and one for every axis in `body` that is shorter than the target which now runs
    along it: what is read beyond it is zero, and an equation has to say so.
    """
    present = {*Mul.make_args(body), *Mul.make_args(inside)}
    ends = {
        less(delta.target, extent)
        for element in body.atoms(Indexed)
        for place, extent in zip(element.indices, shapes[name_of(element)], strict=True)
        if place == delta.target and (delta.size - extent).is_positive
    }
    return Mul(inside, *(ends - present))


def _spans(element: Indexed, index: Index, size: Expr, shapes: Mapping[str, tuple[Expr, ...]]) -> bool:
    """Whether `element` has `index` itself on an axis of exactly this size."""
    return any(
        place == index and extent == size
        for place, extent in zip(element.indices, shapes[name_of(element)], strict=True)
    )
