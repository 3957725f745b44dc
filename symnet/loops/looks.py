"""Views as addresses: every view of the array program is a start in a buffer and a stride for each of its
axes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sympy import Expr, Mul, S

from symnet.index.symbols import Index
from symnet.lowering.instructions import View

WHOLE = (S.NegativeOne,)
"""The shape that stands for one axis of everything."""


@dataclass(frozen=True, slots=True)
class Look:
    """A view: the offset of its first entry, and for each axis its size and the stride along it; None is an
    axis of one entry that is there to be spread.
    """

    view: View
    offset: Expr
    axes: tuple[tuple[Expr, Expr] | None, ...]

    def address(self, indices: Sequence[Expr]) -> Expr:
        """Where the entry at these indices is; the last of them count, where there are more than axes."""
        own = indices[len(indices) - len(self.axes) :]
        pairs = zip(self.axes, own, strict=True)
        return self.offset + sum((axis[1] * index for axis, index in pairs if axis is not None), S.Zero)

    @property
    def sizes(self) -> tuple[Expr, ...]:
        return tuple(S.One if axis is None else axis[0] for axis in self.axes)

    def inside(self) -> list[tuple[Expr, Expr]]:
        """The fixed positions that must be in a range, with its extent; else the view is of zeros."""
        if self.view.zero is None:
            return []
        pairs = zip(self.view.at, self.view.buffer.shape, strict=True)
        return [(place, extent) for place, extent in pairs if place is not None]


def look(view: View) -> Look:
    """The view's addresses."""
    shape = view.buffer.shape
    if view.flat is not None:
        shape = (Mul(*shape),) if view.flat == WHOLE else view.flat
    strides = [Mul(*shape[k + 1 :]) for k in range(len(shape))]
    if view.steps is not None:
        offset, axes = _moving(view, strides)
    else:
        offset, axes = S.Zero, list(zip(shape, strides, strict=True))
    left: list[tuple[Expr, Expr]] = []
    for place, axis in zip(view.at or (None,) * len(axes), axes, strict=True):
        if place is None:
            left.append(axis)
        else:
            offset += place * axis[1]
    if view.order is None:
        return Look(view, offset, tuple(left))
    return Look(view, offset, tuple(None if axis is None else left[axis] for axis in view.order))


def _moving(view: View, strides: Sequence[Expr]) -> tuple[Expr, list[tuple[Expr, Expr]]]:
    """The offset, and the axes of a view that moves evenly."""
    steps = view.steps
    assert steps is not None, "asked for such a view only"
    still: dict[Expr, Expr] = dict.fromkeys(steps.indices, S.Zero)
    offset = sum((p.xreplace(still) * s for p, s in zip(steps.places, strides, strict=True)), S.Zero)
    pairs = zip(steps.indices, steps.shape, strict=True)
    axes = [(size, _pace(index, steps.places, strides)) for index, size in pairs]
    return offset, axes


def _pace(index: Index, places: Sequence[Expr], strides: Sequence[Expr]) -> Expr:
    pairs = zip(places, strides, strict=True)
    return sum((place.expand().coeff(index) * stride for place, stride in pairs), S.Zero)
