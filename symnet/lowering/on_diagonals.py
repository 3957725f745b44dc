"""Instructions for terms that are zero off a diagonal: they are written, or added, through a view of the
diagonal.

The rest of the result is zeros or what the dense terms gave it, and is not touched.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sympy import S

from symnet.lowering.instructions import Constant, Kind, Line, Map, New, Steps, View
from symnet.lowering.nodes import ArrayExpr, Diagonal, Elementwise
from symnet.lowering.views import Value

if TYPE_CHECKING:
    from symnet.lowering.emit import Emitter

Signed = tuple[str, ArrayExpr]
"""A term, and how it comes into a sum: "add" or "subtract"."""


def signed_terms(expr: ArrayExpr) -> list[Signed]:
    """The terms of a sum with diagonals among them; `expr` alone where it is none."""
    if isinstance(expr, Elementwise) and expr.function == "add":
        return [term for arg in expr.args for term in signed_terms(arg)]
    if isinstance(expr, Elementwise) and expr.function == "subtract":
        return signed_terms(expr.args[0]) + _opposite(signed_terms(expr.args[1]))
    if isinstance(expr, Elementwise) and expr.function == "negative":
        return _opposite(signed_terms(expr.args[0]))
    return [("add", expr)]


def _opposite(terms: Sequence[Signed]) -> list[Signed]:
    return [("subtract" if function == "add" else "add", term) for function, term in terms]


def has_diagonals(expr: ArrayExpr) -> bool:
    """Whether a term of a sum is zero off a diagonal."""
    functions = ("add", "subtract", "negative")
    linear = isinstance(expr, Elementwise) and expr.function in functions
    return linear and any(isinstance(term, Diagonal) for _, term in signed_terms(expr))


def added(emitter: Emitter, expr: ArrayExpr, out: Value) -> None:
    """A sum: its dense terms first, then each diagonal through its view."""
    terms = signed_terms(expr)
    dense = [(function, term) for function, term in terms if not isinstance(term, Diagonal)]
    if not out.view.whole:
        result = emitter.temporary(out.axes, Kind.REAL)
        added(emitter, expr, result)
        emitter.deliver(result, out)
        return
    if dense:
        emitter.compute(_sum(dense), out)
    else:
        _zero(emitter, out)
    for function, term in terms:
        if isinstance(term, Diagonal):
            _through_view(emitter, function, term, out)


def _sum(terms: Sequence[Signed]) -> ArrayExpr:
    plus = tuple(term for function, term in terms if function == "add")
    minus = [term for function, term in terms if function == "subtract"]
    if not plus:
        return Elementwise("negative", (minus[0] if len(minus) == 1 else Elementwise("add", tuple(minus)),))
    value = plus[0] if len(plus) == 1 else Elementwise("add", plus)
    for term in minus:
        value = Elementwise("subtract", (value, term))
    return value


def diagonal(emitter: Emitter, expr: Diagonal, out: Value) -> None:
    """Zeros, and the body on the diagonal."""
    result = out if out.view.whole else emitter.temporary(out.axes, Kind.REAL)
    _zero(emitter, result)
    _through_view(emitter, "copy", expr, result)
    emitter.deliver(result, out)


def _zero(emitter: Emitter, out: Value) -> None:
    """Zeros; new memory comes with them, and costs nothing where it stays as it is."""
    buffer = out.view.buffer
    if emitter.sink and emitter.sink[-1].instruction == New(buffer):
        emitter.sink[-1] = Line(New(buffer, zeros=True), emitter.tensor)
    else:
        emitter.add(Map("copy", (Constant(S.Zero),), out.view))


def _through_view(emitter: Emitter, function: str, expr: Diagonal, out: Value) -> None:
    """The body written to the diagonal of `out`, added to it or subtracted from it."""
    names = {one.index: other.index for one, other in expr.pairs}
    first = {one for one, _ in expr.pairs}
    axes = tuple(axis for axis in out.axes if axis not in first)
    places = tuple(names.get(axis.index, axis.index) for axis in out.axes)
    steps = Steps(tuple(axis.index for axis in axes), tuple(axis.size for axis in axes), places)
    target = Value(View(out.view.buffer, steps=steps), axes)
    if function == "copy" and isinstance(expr.body, Elementwise):
        emitter.compute(expr.body, target)
        return
    body = emitter.operand(expr.body, axes)
    emitter.add(Map(function, (body,) if function == "copy" else (target.view, body), target.view))
