"""The largest value along an axis, and where it stands.

before:  M[n] = the largest of each row of Z:  np.maximum.reduce(Z, axis=1)
after:   Z copied with its rows as columns, then compared row by row:  np.maximum.reduce(M_turned, axis=0)

`np.maximum.reduce` along the last axis starts anew for every row, which costs more than the row where it is
short: the classes of a softmax, the places that a query looks at. `costs.turned_is_faster` says for which
sizes a copy pays. The rest of a softmax gains nothing from samples along the last axis: a whole step of
digits in batches of 64 took 27.7 us with this copy, 27.4 us with every array turned, 31.7 us without either.

`np.argmax` along the few places of a pooling window spends some ten nanoseconds an entry, on a copy and on
starting anew at each place. Going through the places, with whole arrays at each, takes a fifth of that.
Milliseconds for the positions of 65 536 maxima in float64:

| places | np.argmax | place by place |
| ------ | --------- | -------------- |
| 2      | 0.82      | 0.17           |
| 3      | 1.08      | 0.31           |
| 49     | 4.8       | 5.9            |

The values themselves are compared place by place as well, where there are many rows of few. What has to be
computed for that, such as elements at places that depend on the data, lies place by place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sympy import Integer, S

from symnet.lowering import costs
from symnet.lowering.instructions import Constant, Kind, Line, Loop, Map, Reduce
from symnet.lowering.nodes import Axis, Extreme
from symnet.lowering.views import Value, align, fixed

if TYPE_CHECKING:
    from symnet.lowering.emit import Emitter

FEW = 8
"""Up to so many places it is quicker to go through them."""


def extreme(emitter: Emitter, expr: Extreme, out: Value) -> None:
    """The instructions that write the maximum, or its position, to `out`."""
    places = emitter.extents.known(expr.over.size)
    few = bool(places.is_Integer and places <= FEW)
    body = _body(emitter, expr, out, first=few and expr.kind == "argmax")
    kept = tuple(axis for axis in body.axes if axis != expr.over)
    rows = emitter.extents.count(axis.size for axis in kept)
    if few and body.view.zero is None and expr.kind == "max" and costs.places_are_faster(rows, int(places)):
        _maximum(emitter, body, expr.over, int(places), out)
        return
    result = emitter.in_order(kept, out)
    if few and body.view.zero is None and expr.kind == "argmax":
        _position(emitter, body, expr.over, result)
    else:
        body = _turned(emitter, expr, body)
        emitter.add(Reduce(expr.kind, body.view, (body.axes.index(expr.over),), result.view))
    emitter.deliver(result, out)


def _body(emitter: Emitter, expr: Extreme, out: Value, first: bool) -> Value:
    """What is compared: where it lies, or else computed, with the axis of its places first if so asked."""
    with emitter.context(Kind.REAL):
        if not first or emitter.lies(expr.body):
            return emitter.value(expr.body)
        body = emitter.temporary((expr.over, *out.axes), Kind.REAL)
        emitter.compute(expr.body, body)
        return body


def _turned(emitter: Emitter, expr: Extreme, body: Value) -> Value:
    """`body` with the axis to be reduced first, where a copy like that is the faster way to its maximum."""
    kept = tuple(axis for axis in body.axes if axis != expr.over)
    rows = emitter.extents.count(axis.size for axis in kept)
    length = emitter.extents.nominal(expr.over.size)
    last = body.axes[-1] == expr.over and body.view.order is None and body.view.steps is None
    if expr.kind != "max" or not kept or not last or not costs.turned_is_faster(rows, length):
        return body
    turned = emitter.temporary((expr.over, *kept), body.view.buffer.kind, "turned")
    emitter.deliver(body, turned)
    return turned


def _maximum(emitter: Emitter, body: Value, over: Axis, places: int, out: Value) -> None:
    """The largest of a few values: that of the first two, and then of it and the next."""
    largest, *others = (align(fixed(body, {over: Integer(place)}), out.axes) for place in range(places))
    if not others:
        emitter.add(Map("copy", (largest,), out.view))
    for value in others:
        emitter.add(Map("maximum", (largest, value), out.view))
        largest = out.view


def _position(emitter: Emitter, body: Value, over: Axis, out: Value) -> None:
    """The position of the first maximum: it moves on wherever a later value is larger than all before it."""
    best = emitter.temporary(out.axes, Kind.REAL, "largest")
    larger = emitter.temporary(out.axes, Kind.MASK, "larger")
    here = emitter.temporary(out.axes, Kind.PLACE, "place")
    emitter.add(Map("copy", (fixed(body, {over: S.Zero}).view,), best.view))
    emitter.add(Map("copy", (Constant(S.Zero),), out.view))
    value = fixed(body, {over: over.index}).view
    steps = (
        Map("less", (best.view, value), larger.view),
        Map("multiply", (larger.view, Constant(over.index)), here.view),
        Map("maximum", (out.view, here.view), out.view),
        Map("maximum", (best.view, value), best.view),
    )
    lines = tuple(Line(step, emitter.tensor) for step in steps)
    emitter.add(Loop(over.index, over.size, False, lines, first=Integer(1)))
