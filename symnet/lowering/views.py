"""A value in memory with the axes of its dimensions, and how it is turned to meet others."""

from __future__ import annotations

from dataclasses import dataclass, replace

from symnet.lowering.instructions import View
from symnet.lowering.nodes import Axes


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
