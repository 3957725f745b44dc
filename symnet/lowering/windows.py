"""Reading and adding at places that move evenly: strided views, and the adjoint of taking one.

A window is a view of the tensor, and costs nothing. Where it reaches beyond the tensor's range, which reads
as zero, the tensor is copied into the middle of a buffer whose margins are zeros and stay so. An array that
comes with each step is copied, too: then the view is made once, and not in every step.

The adjoint, a fold, adds to such a view of the result. Entries of a view that lie in one place of memory must
not be added at once, so a loop goes through the taps, as many as a kernel has; for each, all samples, places
and channels are added together. Where no two entries ever meet (a stride as wide as the window, axes laid out
in one row) it is one copy. What falls outside is added to margins, which are left behind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sympy import Expr, S

from symnet.index.symbols import Index
from symnet.lowering.affine import fills, margins, taps
from symnet.lowering.instructions import Buffer, Constant, Home, Kind, Line, Loop, Map, Operand, Steps, View
from symnet.lowering.nodes import Affine, ArrayExpr, Axes, Axis, Fold, Read, Window
from symnet.lowering.views import Value, align, fixed

if TYPE_CHECKING:
    from symnet.lowering.emit import Emitter

Margins = tuple[tuple[Expr, Expr], ...]
"""For each axis of an array, how many entries there are before it and behind it."""

NONE = (S.Zero, S.Zero)


def window(emitter: Emitter, expr: Window) -> Value:
    """The elements as a view of the tensor, or of a copy of it between margins of zeros."""
    extents, shape = emitter.extents, expr.tensor.shape
    beyond: Margins = tuple(
        margins(place, extent, extents) if isinstance(place, Affine) else NONE
        for place, extent in zip(expr.places, shape, strict=True)
    )
    within = all(
        isinstance(place, Affine) or (emitter.inside(place, extent) and not place.atoms(Index))
        for place, extent in zip(expr.places, shape, strict=True)
    )
    source = emitter.buffers[expr.tensor.name]
    if within and all(pair == NONE for pair in beyond) and source.home is not Home.INPUT:
        places = tuple(place.value if isinstance(place, Affine) else place for place in expr.places)
        return Value(View(source, steps=_steps(expr.axes, places)), expr.axes)
    padded = _padded(emitter, expr, beyond)
    moving = ((place, pair[0]) for place, pair in zip(expr.places, beyond, strict=True))
    places = tuple(place.value + before for place, before in moving if isinstance(place, Affine))
    return Value(View(padded, steps=_steps(expr.axes, places)), expr.axes)


def _steps(axes: Axes, places: tuple[Expr, ...]) -> Steps:
    return Steps(tuple(axis.index for axis in axes), tuple(axis.size for axis in axes), places)


def _padded(emitter: Emitter, expr: Window, beyond: Margins) -> Buffer:
    """A copy of the tensor, or of the slice of it that is read, between margins of zeros."""
    tensor = expr.tensor
    own = tuple(Axis(Index(f"_{k}"), extent) for k, extent in enumerate(tensor.shape))
    places = tuple(
        axis if isinstance(place, Affine) else place for axis, place in zip(own, expr.places, strict=True)
    )
    key = (tensor, beyond, tuple(place for place in places if not isinstance(place, Axis)))
    if key not in emitter.padded:
        slice_ = emitter.read(Read(tensor, places))
        kept = tuple(pair for pair, place in zip(beyond, places, strict=True) if isinstance(place, Axis))
        shape = tuple(axis.size + sum(pair) for axis, pair in zip(slice_.axes, kept, strict=True))
        kind = slice_.view.buffer.kind
        name = "copy" if all(pair == NONE for pair in kept) else "padded"
        made = emitter.scratch(f"{tensor.name}_{name}", shape, kind, Home.CONSTANT)
        buffer = emitter.padded[key] = Buffer(made.name, shape, Home.CONSTANT, kind, "zeros")
        emitter.add(Map("copy", (slice_.view,), _middle(buffer, slice_.axes, kept)))
    return emitter.padded[key]


def _middle(buffer: Buffer, axes: Axes, beyond: Margins) -> View:
    """What lies between the margins of a buffer."""
    places = tuple(axis.index + before for axis, (before, _) in zip(axes, beyond, strict=True))
    return View(buffer, steps=_steps(axes, places))


def fold(emitter: Emitter, expr: Fold, out: Value) -> None:
    """The body added at its places."""
    places = dict(zip(expr.targets, expr.places, strict=True))
    beyond = tuple(
        margins(places[axis], axis.size, emitter.extents) if axis in places else NONE for axis in out.axes
    )
    one_by_one = taps(expr.places, expr.over, emitter.extents)
    assert one_by_one is not None, "a fold has taps that can be counted"
    inside = all(pair == NONE for pair in beyond)
    if inside and out.view.whole:
        buffer = out.view.buffer
    else:
        shape = tuple(axis.size + sum(pair) for axis, pair in zip(out.axes, beyond, strict=True))
        buffer = emitter.scratch(f"{emitter.tensor}_folded", shape, Kind.REAL, emitter.home)
    if one_by_one or not inside or not fills(expr.places, expr.targets, expr.over, emitter.extents):
        emitter.add(Map("copy", (Constant(S.Zero),), View(buffer)))
    order, moved = _layout(out.axes, places, beyond, one_by_one)
    target = Value(View(buffer, steps=_steps(order, moved)), order)
    _add(emitter, _body(emitter, expr.body, order), target, one_by_one)
    if buffer != out.view.buffer:
        emitter.add(Map("copy", (_middle(buffer, out.axes, beyond),), out.view))


def _layout(
    axes: Axes, places: dict[Axis, Affine], beyond: Margins, first: Axes
) -> tuple[Axes, tuple[Expr, ...]]:
    """The axes that move through an array over `axes`, the taps first and then as they lie in memory, and
    where they are at each of its axes.
    """
    order = list(first)
    moved: list[Expr] = []
    for axis, (before, _) in zip(axes, beyond, strict=True):
        place = places.get(axis, Affine(((axis, S.One),), S.Zero))
        order += [moving for moving in place.axes if moving not in order]
        moved.append(place.value + before)
    return tuple(order), tuple(moved)


def _body(emitter: Emitter, body: ArrayExpr, order: Axes) -> Value | Operand:
    """What is added, with its axes in this order where it must be computed."""
    if not body.axes:
        return emitter.number(body)
    if emitter.lies(body):
        value = emitter.value(body)
        if value.view.zero is None and value.view.order is None:
            return value
    value = emitter.temporary(tuple(axis for axis in order if axis in body.axes), Kind.REAL, "shares")
    emitter.compute(body, value)
    return value


def _add(emitter: Emitter, body: Value | Operand, target: Value, one_by_one: Axes) -> None:
    """The body added to the target, one tap after the other; without taps it is a copy."""
    one = {axis: axis.index for axis in one_by_one}
    at = fixed(target, one)
    share = align(fixed(body, one), at.axes) if isinstance(body, Value) else body
    if not one_by_one:
        emitter.add(Map("copy", (share,), at.view))
        return
    lines: tuple[Line, ...] = (Line(Map("add", (at.view, share), at.view), emitter.tensor),)
    for axis in reversed(one_by_one):
        lines = (Line(Loop(axis.index, axis.size, False, lines), emitter.tensor),)
    emitter.sink.extend(lines)
