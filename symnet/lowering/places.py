"""Reading and adding at computed places: gathers and scatters.

A gather along one axis, all others plain, is one `take`; any other is a `take` from the flattened tensor.
Places that depend on sizes alone are computed once. What lies outside the tensor's range is read as zero, and
nothing is added there; where that cannot happen, which follows from the bounds of the index expressions,
nothing is masked.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sympy import Expr, S
from sympy import floor as sp_floor

from symnet.lowering.instructions import Constant, Kind, Map, Operand, Scalar, ScatterAdd, Take, View
from symnet.lowering.nodes import (
    ArrayExpr,
    Axes,
    Elementwise,
    Extreme,
    Gather,
    Iota,
    Number,
    Scatter,
    SizeValue,
)
from symnet.lowering.views import Value, align

if TYPE_CHECKING:
    from symnet.lowering.emit import Emitter


def gather(emitter: Emitter, expr: Gather, out: Value) -> None:
    """The elements along one axis, where all other places are plain axes; otherwise in the flattened
    tensor.
    """
    source = emitter.buffers[expr.tensor.name]
    computed = [k for k, place in enumerate(expr.places) if not _is_plain(place, expr.tensor.shape[k])]
    plain = [
        place.axis for k, place in enumerate(expr.places) if k not in computed and isinstance(place, Iota)
    ]
    if (
        len(computed) == 1
        and expr.places[computed[0]].axes
        and len(set(plain)) == len(plain)
        and not set(plain) & set(expr.places[computed[0]].axes)
    ):
        along = computed[0]
        place = expr.places[along]
        index = _positions(emitter, place, place.axes)
        axes = (*plain[:along], *index.axes, *plain[along:])
        view = View(source)
    else:
        along, view = 0, View(source, flat=(S.NegativeOne,))
        index = _positions(emitter, _flat_place(expr.places, expr.tensor.shape), expr.axes)
        axes = index.axes
    result = emitter.in_order(axes, out)
    emitter.add(Take(view, index.view, along, result.view))
    for k in computed:
        for outside in _outside(emitter, expr.places[k], expr.tensor.shape[k]):
            emitter.add(Map("copy", (Constant(S.Zero),), result.view, _where(outside, result.axes)))
    emitter.deliver(result, out)


def _is_plain(place: ArrayExpr, extent: Expr) -> bool:
    return isinstance(place, Iota) and place.axis.size == extent


def _positions(emitter: Emitter, place: ArrayExpr, axes: Axes) -> Value:
    """Positions as whole numbers over all of `axes`."""
    with emitter.context(Kind.PLACE):
        if set(place.axes) == set(axes) and place.axes:
            value = emitter.value(place)
            if value.view.order is None and not value.view.at:
                return value
        spread = Elementwise(
            "add",
            (
                place,
                *(Elementwise("multiply", (Iota(a), Number(S.Zero))) for a in axes if a not in place.axes),
            ),
        )
        return emitter.value(spread)


def _outside(emitter: Emitter, place: ArrayExpr, extent: Expr) -> list[Value | Scalar]:
    """Masks of where a position is below 0 or beyond the extent; none where it cannot be."""
    lowest, highest = _bounds(place)
    tests = []
    if lowest is None or not not_negative(lowest):
        tests.append(Elementwise("less", (place, Number(S.Zero))))
    if highest is None or not not_negative(extent - 1 - highest):
        tests.append(Elementwise("less_equal", (SizeValue(extent), place)))
    with emitter.context(Kind.PLACE):
        return [emitter.value(test) if test.axes else emitter.number(test) for test in tests]


def _where(mask: Value | Scalar, axes: Axes) -> Operand:
    return align(mask, axes) if isinstance(mask, Value) else mask


def scatter(emitter: Emitter, expr: Scatter, out: Value) -> None:
    """Zeros, then the body added at its places in the flattened result; what falls outside adds
    nothing.
    """
    kept = tuple(axis for axis in expr.axes if axis not in expr.targets)
    result = emitter.in_order(expr.targets + kept, out)
    if not result.view.whole:
        result = emitter.temporary(expr.targets + kept, Kind.REAL)
    axes = tuple(axis for axis in expr.over) + kept
    body = emitter.temporary(axes, Kind.REAL, "shares")
    emitter.compute(expr.body, body)
    shape = tuple(axis.size for axis in result.axes)
    rows = len(expr.targets) == 1 and set(expr.places[0].axes) == set(expr.over)
    places = expr.places if rows else (*expr.places, *(Iota(axis) for axis in kept))
    for place, extent in zip(expr.places, shape, strict=False):
        for outside in _outside(emitter, place, extent):
            emitter.add(Map("copy", (Constant(S.Zero),), body.view, _where(outside, axes)))
    clipped = tuple(_clipped(place, extent) for place, extent in zip(places, shape, strict=False))
    emitter.map("copy", (Constant(S.Zero),), result)
    if rows:
        index = _positions(emitter, clipped[0], expr.over)
        index = Value(align(index, expr.over), expr.over)
        emitter.add(ScatterAdd(body.view, index.view, result.view))
    else:
        flat = _positions(emitter, _flat_place(clipped, shape), axes)
        spread = align(flat, axes)
        if spread != flat.view or flat.axes != axes:
            ordered = emitter.temporary(axes, Kind.PLACE, "places")
            emitter.map("copy", (spread,), ordered)
            flat = ordered
        whole = (S.NegativeOne,)
        emitter.add(
            ScatterAdd(
                _flattened(body.view, whole), _flattened(flat.view, whole), _flattened(result.view, whole)
            )
        )
    emitter.deliver(result, out)


def _clipped(place: ArrayExpr, extent: Expr) -> ArrayExpr:
    lowest, highest = _bounds(place)
    if lowest is None or not not_negative(lowest):
        place = Elementwise("maximum", (place, Number(S.Zero)))
    if highest is None or not not_negative(extent - 1 - highest):
        place = Elementwise("minimum", (place, SizeValue(extent - 1)))
    return place


def _flattened(view: View, shape: tuple[Expr, ...]) -> View:
    return View(view.buffer, flat=shape)


def _flat_place(places: Iterable[ArrayExpr], shape: tuple[Expr, ...]) -> ArrayExpr:
    """The position in the flattened tensor."""
    flat: ArrayExpr | None = None
    for place, extent in zip(places, shape, strict=True):
        flat = (
            place
            if flat is None
            else Elementwise("add", (Elementwise("multiply", (flat, SizeValue(extent))), place))
        )
    assert flat is not None
    return flat


def _bounds(place: ArrayExpr) -> tuple[Expr | None, Expr | None]:
    """The least and the greatest position that `place` can be, where that can be told."""
    if isinstance(place, Iota):
        return S.Zero, place.axis.size - 1
    if isinstance(place, Number | SizeValue):
        return place.value, place.value
    if isinstance(place, Extreme) and place.kind == "argmax":
        return S.Zero, place.over.size - 1
    if isinstance(place, Elementwise) and place.function in ("add", "subtract", "negative", "multiply"):
        bounds = [_bounds(argument) for argument in place.args]
        if all(bound is not None for pair in bounds for bound in pair):
            return _combined(place.function, bounds)
    return None, None


def _combined(function: str, bounds: list[tuple[Any, Any]]) -> tuple[Expr | None, Expr | None]:
    low, high = bounds[0]
    if function == "negative":
        return -high, -low
    for below, above in bounds[1:]:
        if function == "add":
            low, high = low + below, high + above
        elif function == "subtract":
            low, high = low - above, high - below
        elif low == high and low.is_Integer:
            low, high = (low * below, low * above) if low >= 0 else (low * above, low * below)
        else:
            return None, None
    return low, high


def not_negative(size: Expr) -> bool:
    """Whether `size` is at least 0 whatever the sizes in it are, which are at least 1."""
    size = size.expand()
    rounded = [term for term in size.atoms(sp_floor) if size.coeff(term).is_negative]
    return bool(size.xreplace({term: term.args[0] for term in rounded}).expand().is_nonnegative)
