"""where(c, a, b): both branches are computed as arrays, but what could overflow or divide by zero only where
it is wanted.

Such a branch is computed under a guard: every elementwise instruction in it carries the mask of its
condition. Its arrays then have the mask's axes too. Where no branch is risky there is no guard: b everywhere,
then a where c holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sympy import S

from symnet.index import functions
from symnet.index.functions import Bracket
from symnet.lowering.instructions import Constant, Kind, NumberOp, Scalar
from symnet.lowering.nodes import ArrayExpr, Elementwise, Number
from symnet.lowering.views import Value, align

if TYPE_CHECKING:
    from symnet.lowering.emit import Emitter

Guard = Value | Scalar | None
"""Where a result is wanted: a mask, a number that is 0 or not, or everywhere."""

BRACKETS = frozenset(
    name for name, f in functions.NAMED.items() if isinstance(f, type) and issubclass(f, Bracket)
)
"""The functions whose values are 0 and 1."""

SAFE = BRACKETS | {
    *("add", "subtract", "multiply", "negative", "maximum", "minimum", "absolute", "signum", "sign", "where"),
    *("sigmoid", "softplus", "tanh", "sin", "cos", "floor", "logcosh"),
    *("erf", "erfc", "normal_cdf", "normal_pdf", "bell", "sech", "decay", "rise"),
}
"""The functions that give a finite value for every finite one: computed everywhere, wanted or not."""


def choose(emitter: Emitter, expr: Elementwise, out: Value) -> None:
    """The instructions for where(condition, yes, no)."""
    condition, yes, no = expr.args
    mask = _mask(emitter, condition)
    outer = emitter.guard
    wanted = _both(emitter, outer, mask)
    unwanted = _both(emitter, outer, _negated(emitter, mask)) if is_risky(no) else outer
    with emitter.context(emitter.kind, unwanted):
        emitter.compute(no, out)
    with emitter.context(emitter.kind, wanted if is_risky(yes) else outer):
        chosen = emitter.operand(yes, out.axes)
    with emitter.context(emitter.kind, wanted):
        emitter.map("copy", (chosen,), out)


def _mask(emitter: Emitter, condition: ArrayExpr) -> Value | Scalar:
    """A truth value as a mask."""
    if not condition.axes:
        return emitter.number(condition)
    value = emitter.value(condition)
    if value.view.buffer.kind is Kind.MASK:
        return value
    mask = emitter.temporary(value.axes, Kind.MASK, "mask")
    emitter.map("unequal", (value.view, Constant(S.Zero)), mask)
    return mask


def _negated(emitter: Emitter, mask: Value | Scalar) -> Value | Scalar:
    if not isinstance(mask, Value):
        return NumberOp("not", (mask,))
    other = emitter.temporary(mask.axes, Kind.MASK, "mask")
    emitter.map("not", (mask.view,), other)
    return other


def _both(emitter: Emitter, outer: Guard, inner: Value | Scalar) -> Value | Scalar:
    """The guard inside a guard."""
    if outer is None:
        return inner
    axes = outer.axes if isinstance(outer, Value) else ()
    if isinstance(inner, Value):
        axes += tuple(axis for axis in inner.axes if axis not in axes)
    if not axes:
        return NumberOp("multiply", tuple(guard for guard in (outer, inner) if not isinstance(guard, Value)))
    mask = emitter.temporary(axes, Kind.MASK, "mask")
    operands = tuple(align(guard, axes) if isinstance(guard, Value) else guard for guard in (outer, inner))
    with emitter.context(emitter.kind):
        emitter.map("and", operands, mask)
    return mask


def is_risky(expr: ArrayExpr) -> bool:
    """Whether computing `expr` where it is not wanted could overflow or divide by zero."""
    if isinstance(expr, Elementwise) and expr.function not in SAFE:
        return not (expr.function == "expm1" and _is_bounded(expr.args[0])) or is_risky(expr.args[0])
    return isinstance(expr, Elementwise) and any(is_risky(argument) for argument in expr.args)


def _is_bounded(expr: ArrayExpr) -> bool:
    """Whether `expr` is the smaller of something and a number."""
    return (
        isinstance(expr, Elementwise)
        and expr.function == "minimum"
        and any(isinstance(argument, Number) for argument in expr.args)
    )
