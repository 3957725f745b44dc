"""The learning rate, where it costs least: in the derivatives that the chain rule begins with.

before:  dA2[n,j] = (P[n,j] - Y[n,j])/N;                ...;  W1_next[i,j] = W1[i,j] - learning_rate*dW1[i,j]
after:   dA2[n,j] = learning_rate*(P[n,j] - Y[n,j])/N;  ...;  W1_next[i,j] = W1[i,j] - dW1[i,j]

Every gradient is linear in the derivatives that it is computed from, so a factor of the first of them is a
factor of them all. A batch has fewer predictions than a network has parameters, and has a factor already: one
of two passes over all parameters is saved. With the rate 1 the gradients are what they were.

That holds where every parameter moves by the same rate times its gradient: plain gradient descent. A term of
a gradient that comes from elsewhere, as the decay of weights does, is multiplied where it stands.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from sympy import Add, Expr, Indexed, Mul, Sum

from symnet.derivation.journal import Derived
from symnet.equations.program import Equation, elements, reads
from symnet.index.functions import constant, where
from symnet.index.symbols import Role, Tensor
from symnet.lowering import costs
from symnet.lowering.extents import Extents


class _NotLinearError(Exception):
    """A derivative that is not linear in those before it as it is written; no user sees this."""


def with_rate_inside(derived: Derived) -> tuple[Derived, Tensor | None]:
    """`derived` with the learning rate in its first derivatives, and the tensor that the rate is; as it is,
    and None, where that cannot be or does not pay.
    """
    updates = {equation.tensor.name for equation in derived.updates}
    carried = _carried(derived, updates)
    rate = None if derived.further else _rate(derived, carried)
    if rate is None or not _pays(derived, carried):
        return derived, None

    def changed(equation: Equation) -> Equation:
        if equation.tensor.name in carried:
            return replace(equation, rhs=_multiplied(equation.rhs, carried, rate[()]))
        moved = _moved(equation, rate) if equation.tensor.name in updates else None
        return equation if moved is None else replace(equation, rhs=moved)

    try:
        equations = tuple(map(changed, derived.computed.equations))
    except _NotLinearError:
        return derived, None
    computed = replace(derived.computed, equations=equations)
    own = tuple(computed.defining[equation.tensor.name] for equation in derived.updates)
    return replace(derived, computed=computed, updates=own), rate


def _rate(derived: Derived, carried: Collection[str]) -> Tensor | None:
    """The one rate by which every parameter is moved, if nothing else reads it."""
    tensors = derived.computed.tensors
    found: set[str] = set()
    for update in derived.updates:
        before = tensors.get(update.tensor.next_of)
        if before is None or before.role is not Role.PARAMETER:
            if any(name in carried for name in reads(update.rhs)):
                return None
        else:
            rates = [
                name
                for name in reads(update.rhs)
                if tensors[name].role is Role.HYPERPARAMETER and not tensors[name].rank
            ]
            if len(rates) != 1 or _moved(update, tensors[rates[0]]) is None:
                return None
            found |= set(rates)
    if len(found) != 1:
        return None
    (name,) = found
    readers = derived.computed.uses[name]
    moving = all(tensors.get(e.tensor.next_of, e.tensor).role is Role.PARAMETER for e in readers)
    return tensors[name] if moving else None


def _moved(update: Equation, rate: Tensor) -> Expr | None:
    """`p - dp` for the update `p - rate*dp`; None where it is no such thing."""
    before = Indexed(update.tensor.next_of, *update.indices) if update.indices else None
    if before is None:
        return None
    change = update.rhs - before
    slope = -change / rate[()]
    return before - slope if isinstance(slope, Indexed) and slope.indices == update.indices else None


def _carried(derived: Derived, updates: Collection[str]) -> frozenset[str]:
    """The derivatives, and what is computed from them before the update."""
    found = {adjoint.equation.tensor.name for adjoint in derived.adjoints}
    pending = list(found)
    while pending:
        for equation in derived.computed.uses.get(pending.pop(), ()):
            name = equation.tensor.name
            if name not in found and name not in updates:
                found.add(name)
                pending.append(name)
    return frozenset(found)


def _multiplied(expr: Expr, carried: Collection[str], rate: Expr) -> Expr:
    """`expr` times the rate, where all that is carried has been multiplied already."""
    if not any(name in carried for name in reads(expr)):
        number, rest = expr.as_content_primitive() if isinstance(expr, Add) else (1, expr)
        return Mul(number, rate, rest)
    if isinstance(expr, Indexed):
        return expr
    if isinstance(expr, Add):
        return Add(*(_multiplied(term, carried, rate) for term in expr.args))
    if isinstance(expr, Mul):
        inside = [factor for factor in expr.args if any(name in carried for name in reads(factor))]
        if len(inside) == 1:
            within = _multiplied(inside[0], carried, rate)
            rest = (factor for factor in expr.args if factor is not inside[0])
            return expr if within is inside[0] else Mul(*rest, within)
    if isinstance(expr, Sum) and not any(name in carried for limit in expr.limits for name in reads(limit)):
        within = _multiplied(expr.function, carried, rate)
        return expr if within is expr.function else Sum(within, *expr.limits)
    if isinstance(expr, constant):
        return constant(_multiplied(expr.args[0], carried, rate))
    if isinstance(expr, where) and not any(name in carried for name in reads(expr.args[0])):
        condition, yes, no = expr.args
        return where(condition, _multiplied(yes, carried, rate), _multiplied(no, carried, rate))
    raise _NotLinearError


def _pays(derived: Derived, carried: Collection[str]) -> bool:
    """Whether the first derivatives, those that no number multiplies yet, are quicker to multiply than all
    parameters.
    """
    program = derived.computed
    extents = Extents(program.values)
    first = [
        extents.count(e.tensor.shape)
        for e in program.equations
        if e.tensor.name in carried
        and not any(name in carried for name in reads(e.rhs))
        and not _has_number(e.rhs)
    ]
    moved = [extents.count(e.tensor.shape) for e in derived.updates]
    return costs.rate_inside_is_faster(first, moved)


def _has_number(expr: Expr) -> bool:
    """Whether one number multiplies the whole of `expr`."""
    if isinstance(expr, Add):
        return bool(expr.as_content_primitive()[0] != 1)
    return isinstance(expr, Mul) and any(not elements(factor) and factor != -1 for factor in expr.args)
