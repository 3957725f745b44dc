"""The product of two operands, summed over axes that they share.

The other axes fall into those that only the left or only the right operand has, and those that both have and
the result keeps (a batch). Where both have axes of their own it is one matrix product, with neighbouring axes
taken together, or a stack of them: over a batch, or where the result has the right one's first axes before
those of the left. Axes that lie apart are brought together by a copy, which costs little beside the product:
every number is used again and again, and a matrix product is five to ten times as fast as an einsum.

Where one of them has no axes of its own, every number of the other is used once. Then it is a matrix times a
vector, if the two lie like that, and otherwise an einsum, which copies nothing and reads windows as they are.

Milliseconds in float64:

| product                                    | copies and matmul | einsum | multiply, then sum |
| ------------------------------------------ | ----------------- | ------ | ------------------ |
| npqijgc,ijcgf->npqgf, 32x16x16, 4 groups   | 4.6               | 24.6   |                    |
| ntha,nsha->nhts, 32x32x4x16                | 0.14              | 0.91   |                    |
| npqijc,ijc->npqc, 32x16x16, 32 channels    | 5.9               | 1.8    |                    |
| npqijc,npqc->ijc, the same                 | 10.3              | 0.94   |                    |
| npqijc,ijc->npq, 32x16x16, 16 channels     | 0.76              | 0.30   |                    |
| nhts,nhts->nht, 32x4x32x32                 |                   | 0.055  | 0.17               |
| nd,nd->d, 1024x64                          |                   | 0.021  | 0.034              |

The copy of a window is the columns of a convolution. It is made once for a step: the adjoint of the weights
is a product with the same columns. Of its two layouts the one with the longer runs in the source is copied up
to three times as fast: a run is 3*C neighbours for a kernel of 3 and C channels, or else the places of one
row.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING

from sympy import Expr, Integer, Mul, S

from symnet.lowering.instructions import Home, Kind, Product, View
from symnet.lowering.nodes import Axes, Axis
from symnet.lowering.views import Value, align

if TYPE_CHECKING:
    from symnet.lowering.emit import Emitter

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
LINE = 8
"""The entries that a line of the cache holds."""


def multiply(emitter: Emitter, a: Value, b: Value, summed: Axes, out: Value) -> None:
    """The instructions for the product, summed over an axis at least."""
    both = tuple(axis for axis in a.axes if axis in b.axes)
    left, right = (tuple(x for x in out.axes if x in v.axes and x not in both) for v in (a, b))
    batch = tuple(axis for axis in out.axes if axis in both)
    if not left or not right:
        _once(emitter, a, b, (left, summed, right), out)
        return
    a, b = _numbers(emitter, a), _numbers(emitter, b)
    if batch:
        if not _plain_stack(emitter, a, b, (batch, left, summed, right), out):
            _stack(emitter, a, b, (batch, left, summed, right), out)
        return
    for one, other, mine, its in ((a, b, left, right), (b, a, right, left)):
        first = out.axes[: next((k for k, axis in enumerate(out.axes) if axis in mine), 0)]
        last = out.axes[len(first + mine) :]
        if first and last and out.axes == first + mine + last and its == first + last:
            _repeated(emitter, one, other, (first, mine, summed, last), out)
            return
    left, summed, right = _cheapest(emitter, a, b, (left, summed, right), out)
    one, other = _arranged(emitter, a, left, summed), _arranged(emitter, b, summed, right)
    result = out if _holds(out, left, right) else emitter.temporary(left + right, Kind.REAL)
    _dot(emitter, one, other, (left, summed, right), result)
    emitter.deliver(result, out)


def _numbers(emitter: Emitter, value: Value) -> Value:
    """Truth values and positions as numbers, which matrix products are made of."""
    if value.view.buffer.kind is Kind.REAL:
        return value
    copy = emitter.temporary(value.axes, Kind.REAL)
    emitter.deliver(value, copy)
    return copy


def _once(emitter: Emitter, a: Value, b: Value, groups: tuple[Axes, Axes, Axes], out: Value) -> None:
    """A product in which every number of one operand is used once."""
    left, summed, right = groups
    plain = all(value.view.buffer.kind is Kind.REAL for value in (a, b)) and _holds(out, left, right)
    if plain and _side(a, left, summed) is not None and _side(b, summed, right) is not None:
        _dot(emitter, a, b, groups, out)
    else:
        emitter.add(Product("einsum", a.view, b.view, out.view, subscripts([a.axes, b.axes, out.axes])))


def subscripts(axes: Sequence[Axes]) -> str:
    """The axes of operands and then of the result, as einsum writes them: by their own names, where these are
    one letter each.
    """
    every = tuple(dict.fromkeys(axis for one in axes for axis in one))
    names = [axis.index.name for axis in every]
    own = len(set(names)) == len(names) and all(len(name) == 1 and name in LETTERS for name in names)
    letters = dict(zip(every, names if own else LETTERS, strict=False))
    *operands, result = ("".join(letters[axis] for axis in one) for one in axes)
    return f"{','.join(operands)}->{result}"


def _cheapest(
    emitter: Emitter, a: Value, b: Value, groups: tuple[Axes, Axes, Axes], out: Value
) -> tuple[Axes, Axes, Axes]:
    """The groups with their axes in the order in which the fewest numbers must be copied: as they lie in the
    operands, or as the result wants them.
    """
    left, summed, right = groups
    choices = [
        dict.fromkeys(tuple(axis for axis in value.axes if axis in group) for value in values)
        for group, values in ((left, (a, out)), (summed, (a, b)), (right, (b, out)))
    ]

    def copied(orders: tuple[Axes, Axes, Axes]) -> int:
        rows, inner, columns = orders
        moved = [] if _holds(out, rows, columns) else [out]
        moved += [] if _lies(emitter, a, rows, inner) else [a]
        moved += [] if _lies(emitter, b, inner, columns) else [b]
        return sum(emitter.extents.count(axis.size for axis in value.axes) for value in moved)

    return min(product(choices[0], choices[1], choices[2]), key=copied)


def _holds(out: Value, left: Axes, right: Axes) -> bool:
    """Whether a matrix product with these rows and columns, or its transpose, can be written to `out`."""
    if len(left) <= 1 and len(right) <= 1:
        return out.axes in (left + right, right + left)
    return out.view.whole and out.axes in (left + right, right + left)


def _lies(emitter: Emitter, value: Value, rows: Axes, columns: Axes) -> bool:
    """Whether no copy is needed to see the operand as a matrix."""
    return (value.view, rows, columns) in emitter.columns or _side(value, rows, columns) is not None


def count(axes: Axes) -> Expr:
    """The number of places along all the axes together."""
    return Mul(*(axis.size for axis in axes))


def grouped(view: View, *groups: Axes) -> View:
    """A whole buffer with each group of neighbouring axes taken for one; groups without axes are left out."""
    groups = tuple(group for group in groups if group)
    if all(len(group) == 1 for group in groups):
        return view
    return View(view.buffer, flat=tuple(map(count, groups)))


def _dot(emitter: Emitter, a: Value, b: Value, groups: tuple[Axes, Axes, Axes], out: Value) -> None:
    """One matrix product of operands whose axes lie together."""
    left, summed, right = groups
    if out.axes != left + right:
        a, b, left, right = b, a, right, left
    one, other, target = _side(a, left, summed), _side(b, summed, right), grouped(out.view, left, right)
    assert one is not None, "an arranged operand is a matrix"
    assert other is not None, "an arranged operand is a matrix"
    form = "dot" if target.whole or _is_block(target) else "matmul"
    emitter.add(Product(form, one, other, target))


def _is_block(view: View) -> bool:
    """Whether what is seen lies in memory entry by entry: positions are fixed along the first axes only."""
    free = [place is None for place in view.at]
    return view.order is None and view.steps is None and view.flat is None and free == sorted(free)


def _side(value: Value, rows: Axes, columns: Axes) -> View | None:
    """The operand as a matrix with these rows and columns (a vector where one is empty), transposed if need
    be.
    """
    view = value.view
    single = len(rows) <= 1 and len(columns) <= 1
    if view.steps is not None or not (single or view.whole):
        return None
    if value.axes == rows + columns:
        return grouped(view, rows, columns)
    if value.axes == columns + rows:
        turned = grouped(view, columns, rows)
        return View(turned.buffer, turned.at, (1, 0), turned.flat, turned.zero)
    return None


def _arranged(emitter: Emitter, value: Value, rows: Axes, columns: Axes) -> Value:
    """`value` as it is where it can be seen as a matrix with these rows and columns, otherwise a copy that
    can.
    """
    if _side(value, rows, columns) is not None:
        return value
    key = (value.view, rows, columns)
    if key in emitter.columns:
        return emitter.columns[key]
    axes = min((rows + columns, columns + rows), key=lambda order: _pace(emitter, value, order))
    copy = emitter.temporary(axes, Kind.REAL, "matrix")
    emitter.deliver(value, copy)
    if value.view.steps is not None or _stays(emitter, value.view):
        emitter.columns[key] = emitter.columns[value.view, columns, rows] = copy
    return copy


def _stays(emitter: Emitter, view: View) -> bool:
    """Whether what is seen is all of a tensor that is complete: a copy of it is good for the whole step."""
    name = view.buffer.name
    known = view.buffer.home in (Home.INPUT, Home.WORKSPACE) and emitter.buffers.get(name) == view.buffer
    return known and view.whole and name != emitter.tensor


def _pace(emitter: Emitter, value: Value, order: Axes) -> float:
    """About how many nanoseconds it takes to copy one entry to memory in this order of axes: ten for each
    inner loop, which takes what lies evenly in the source, and more for an entry the farther it is from the
    last.
    """
    length, first = 1, 0
    for axis in reversed(order):
        stride = _stride(emitter, value, axis)
        first = first or stride
        if stride != first * length:
            break
        length *= emitter.extents.nominal(axis.size)
    return 10 / length + (0.2 if first == 1 else 0.5 if first < LINE else 1.0)


def _stride(emitter: Emitter, value: Value, axis: Axis) -> int:
    """How far apart neighbours along an axis lie in memory, in entries."""
    extents, view = emitter.extents, value.view
    if view.steps is not None:
        moves = [extents.known(place.expand().coeff(axis.index)) for place in view.steps.places]
    else:
        free = iter(value.axes)
        moves = [
            S.Zero if place is not None else Integer(next(free) == axis)
            for place in view.at or (None,) * view.rank
        ]
    later = [extents.count(view.buffer.shape[k + 1 :]) for k in range(len(moves))]
    return sum(
        extents.nominal(abs(move)) * count for move, count in zip(moves, later, strict=True) if move != 0
    )


def _plain_stack(
    emitter: Emitter, a: Value, b: Value, groups: tuple[Axes, Axes, Axes, Axes], out: Value
) -> bool:
    """A stack of matrix products of the operands as they lie, with one axis of each kind; whether it was
    one.
    """
    batch, left, summed, right = groups
    if any(len(group) != 1 for group in (left, summed, right)):
        return False
    if out.axes == batch + right + left:
        a, b, left, right = b, a, right, left
    if out.axes != batch + left + right or any(
        v.view.steps is not None or v.axes[-1] in batch for v in (a, b)
    ):
        return False
    one, other = align(a, batch + left + summed), align(b, batch + summed + right)
    emitter.add(Product("matmul", one, other, out.view))
    return True


def _stack(emitter: Emitter, a: Value, b: Value, groups: tuple[Axes, Axes, Axes, Axes], out: Value) -> None:
    """A stack of matrix products of operands whose axes are brought together first."""
    batch, left, summed, right = groups
    if out.axes == batch + right + left and left:
        a, b, left, right = b, a, right, left
    fits = out.axes == batch + left + right and out.view.whole
    result = out if fits else emitter.temporary(batch + left + right, Kind.REAL)
    one, other = _layers(emitter, a, batch, left, summed), _layers(emitter, b, batch, summed, right)
    target = View(result.view.buffer, flat=(count(batch), count(left), count(right)))
    emitter.add(Product("matmul", one, other, target))
    emitter.deliver(result, out)


def _repeated(
    emitter: Emitter, a: Value, b: Value, groups: tuple[Axes, Axes, Axes, Axes], out: Value
) -> None:
    """One matrix with each of a stack of matrices, whose axes come first in the result."""
    first, left, summed, right = groups
    one = _side(_arranged(emitter, a, left, summed), left, summed)
    assert one is not None, "an arranged operand is a matrix"
    fits = out.view.whole
    result = out if fits else emitter.temporary(out.axes, Kind.REAL)
    target = View(result.view.buffer, flat=(count(first), count(left), count(right)))
    emitter.add(Product("matmul", one, _layers(emitter, b, first, summed, right), target))
    emitter.deliver(result, out)


def _layers(emitter: Emitter, value: Value, batch: Axes, rows: Axes, columns: Axes) -> View:
    """The operand as a stack of matrices, by a copy where its axes lie otherwise."""
    turned = value.view.whole and value.axes == batch + columns + rows
    if not turned and not (value.view.whole and value.axes == batch + rows + columns):
        copy = emitter.temporary(batch + rows + columns, Kind.REAL, "matrix")
        emitter.deliver(value, copy)
        value = copy
    if turned:
        shape = (count(batch), count(columns), count(rows))
        return View(value.view.buffer, flat=shape, order=(0, 2, 1))
    return View(value.view.buffer, flat=(count(batch), count(rows), count(columns)))
