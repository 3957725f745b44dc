"""A value in memory with the axes of its dimensions, and how it is turned to meet others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sympy import Expr

from symnet.lowering.instructions import View
from symnet.lowering.nodes import Axes, Axis


@dataclass(frozen=True, slots=True)
class Value:
    """A view, and the axis that each of its dimensions runs over."""

    view: View
    axes: Axes


def align(value: Value, axes: Axes) -> View:
    """The view with its dimensions in the order of `axes`, and one of a single entry for each axis that it
    lacks.
    """
    order = [value.axes.index(axis) if axis in value.axes else None for axis in axes]
    while order and order[0] is None:
        order.pop(0)
    if order == list(range(len(value.axes))):
        return value.view
    view = value.view
    assert view.order is None, "a view is turned once"
    return replace(view, order=tuple(order), flat=None)


def fixed(value: Value, positions: Mapping[Axis, Expr]) -> Value:
    """A value at one position along some of its axes; those that it lacks are passed over."""
    assert value.view.order is None, "axes are fixed before a view is turned"
    assert value.view.zero is None, "a slice that may be zeros is fixed once"
    own = iter(value.axes)
    at = value.view.at or (None,) * value.view.rank
    places = tuple(place if place is not None else positions.get(next(own)) for place in at)
    view = replace(value.view, at=places if any(place is not None for place in places) else ())
    return Value(view, tuple(axis for axis in value.axes if axis not in positions))
