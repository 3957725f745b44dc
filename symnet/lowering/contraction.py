"""How a sum of a product is computed: by matrix products wherever the axes allow.

Axes of two operands fall into those that are summed, those that only the left or the right one has, and those
that both have and the result keeps (a batch). Without a batch it is one matrix product, with neighbouring
axes taken together, and axes that lie apart brought together by a copy; with one axis of each kind beside the
batch it is a stack of matrix products; anything else is an einsum. More operands than two are first
multiplied or contracted in pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from sympy import Expr, Mul

from symnet.lowering.instructions import Inner, Kind, Map, NumberOp, Product, Reduce, Scalar, Total, View
from symnet.lowering.nodes import ArrayExpr, Axes, Contract
from symnet.lowering.views import Value, align

if TYPE_CHECKING:
    from symnet.lowering.emit import Emitter

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def contraction(emitter: Emitter, expr: Contract, out: Value) -> None:
    """The instructions that write the sum of the product of the operands to `out`, whose axes are those of
    `expr`.
    """
    numbers = [emitter.number(operand) for operand in expr.operands if not operand.axes]
    kept: list[ArrayExpr] = []
    for group in _connected(expr.operands):
        axes = {axis for operand in group for axis in operand.axes}
        if axes & set(expr.axes):
            kept.extend(group)
        else:
            numbers.append(_total(emitter, group, expr.over))
    _contract(
        emitter,
        _at_most_two(emitter, [emitter.value(operand) for operand in kept], expr.over),
        expr.over,
        out,
    )
    for number in numbers:
        emitter.map("multiply", (out.view, number), out)


def full_contraction(emitter: Emitter, expr: Contract) -> Scalar:
    """The sum of the product of the operands over all their axes, as a number."""
    numbers = [emitter.number(operand) for operand in expr.operands if not operand.axes]
    numbers += [_total(emitter, group, expr.over) for group in _connected(expr.operands)]
    return numbers[0] if len(numbers) == 1 else NumberOp("multiply", tuple(numbers))


def _connected(operands: Sequence[ArrayExpr]) -> list[list[ArrayExpr]]:
    """The operands in groups that share no axis with each other."""
    groups: list[list[ArrayExpr]] = []
    for operand in operands:
        if operand.axes:
            meeting = [group for group in groups if any(set(o.axes) & set(operand.axes) for o in group)]
            groups = [group for group in groups if group not in meeting]
            groups.append([o for group in meeting for o in group] + [operand])
    return groups


def _total(emitter: Emitter, operands: Sequence[ArrayExpr], over: Axes) -> Scalar:
    """The sum of the product of operands that hang together, over all their axes."""
    values = _at_most_two(emitter, [emitter.value(operand) for operand in operands], over)
    if len(values) == 2:
        a, b = (_without_summed(emitter, one, other, over) for one, other in (values, values[::-1]))
        if a.axes == b.axes and a.view.whole and b.view.whole:
            return Inner(_flat(a.view), _flat(b.view))
        product = emitter.temporary(a.axes, Kind.REAL)
        emitter.add(Map("multiply", (a.view, align(b, a.axes)), product.view))
        return Total(product.view)
    (value,) = values
    if len(value.axes) == 1 and value.view.buffer.kind is Kind.REAL:
        return Inner(View(emitter.constant("ones", (value.axes[0].size,))), value.view)
    return Total(value.view)


def _flat(view: View) -> View:
    return view if len(view.buffer.shape) == 1 else View(view.buffer, flat=(Mul(*view.buffer.shape),))


def _at_most_two(emitter: Emitter, values: list[Value], over: Axes) -> list[Value]:
    """Operands multiplied where one has all the axes of another, or contracted where they alone share a
    summed axis, until two are left.
    """
    values = list(values)
    while len(values) > 2:
        pairs = list(combinations(values, 2))
        nested = [(a, b) for a, b in pairs if set(a.axes) <= set(b.axes) or set(b.axes) <= set(a.axes)]
        if nested:
            a, b = min(nested, key=lambda pair: max(len(value.axes) for value in pair))
            inner: Axes = ()
        else:
            a, b = next(((a, b) for a, b in pairs if _private(a, b, values, over)), pairs[0])
            inner = _private(a, b, values, over)
        big, small = (a, b) if len(a.axes) >= len(b.axes) else (b, a)
        axes = tuple(axis for axis in big.axes if axis not in inner)
        axes += tuple(axis for axis in small.axes if axis not in inner and axis not in axes)
        merged = emitter.temporary(axes, Kind.REAL)
        _contract(emitter, [big, small], inner, merged)
        for used in (a, b):  # by identity: the same operand may stand twice
            values.pop(next(k for k, value in enumerate(values) if value is used))
        values.append(merged)
    return values


def _private(a: Value, b: Value, values: Sequence[Value], over: Axes) -> Axes:
    """The summed axes that both have and no other operand."""
    others = [value for value in values if value is not a and value is not b]
    shared = [axis for axis in over if axis in a.axes and axis in b.axes]
    return tuple(axis for axis in shared if not any(axis in other.axes for other in others))


def _contract(emitter: Emitter, values: list[Value], over: Axes, out: Value) -> None:
    if len(values) == 1:
        _sum(emitter, values[0], over, out)
        return
    a, b = values
    a = _without_summed(emitter, a, b, over)
    b = _without_summed(emitter, b, a, over)
    both = tuple(axis for axis in a.axes if axis in b.axes)
    summed = tuple(axis for axis in both if axis in over)
    batch = tuple(axis for axis in both if axis not in over)
    left = tuple(axis for axis in out.axes if axis in a.axes and axis not in both)
    right = tuple(axis for axis in out.axes if axis in b.axes and axis not in both)
    if not summed:
        emitter.add(Map("multiply", (align(a, out.axes), align(b, out.axes)), out.view))
    elif not left and not right:
        product = emitter.temporary(a.axes, Kind.REAL)
        emitter.add(Map("multiply", (a.view, align(b, a.axes)), product.view))
        _sum(emitter, product, summed, out)
    elif any(value.view.buffer.kind is not Kind.REAL for value in (a, b)) or not (
        _dot(emitter, a, b, (left, summed, right), out) or _arranged_dot(emitter, a, b, summed, out)
        if not batch
        else _matmul(emitter, a, b, (left, summed, right), out)
    ):
        letters = {axis: LETTERS[k] for k, axis in enumerate(dict.fromkeys((*a.axes, *b.axes)))}
        a_text, b_text, out_text = ("".join(letters[axis] for axis in value.axes) for value in (a, b, out))
        emitter.add(Product("einsum", a.view, b.view, out.view, f"{a_text},{b_text}->{out_text}"))


def _without_summed(emitter: Emitter, value: Value, other: Value, over: Axes) -> Value:
    """`value` already summed over what it alone has."""
    lonely = tuple(axis for axis in value.axes if axis in over and axis not in other.axes)
    if not lonely:
        return value
    result = emitter.temporary(tuple(axis for axis in value.axes if axis not in lonely), Kind.REAL)
    _sum(emitter, value, lonely, result)
    return result


def _sum(emitter: Emitter, value: Value, over: Axes, out: Value) -> None:
    """A sum along axes: by a product with ones where the array is a matrix whose rows or columns these are,
    which is fastest.
    """
    kept = tuple(axis for axis in value.axes if axis not in over)
    summed = tuple(axis for axis in value.axes if axis in over)
    plain = value.view.whole and out.view.whole and kept == out.axes and value.view.buffer.kind is Kind.REAL
    ones = View(emitter.constant("ones", (_count(summed),))) if plain else None
    if ones is not None and value.axes == summed + kept:
        emitter.add(Product("dot", ones, _matrix(value.view, summed, kept), _vector(out.view, kept)))
    elif ones is not None and value.axes == kept + summed:
        emitter.add(Product("dot", _matrix(value.view, kept, summed), ones, _vector(out.view, kept)))
    else:
        result = emitter.in_order(kept, out)
        emitter.add(Reduce("sum", value.view, tuple(value.axes.index(axis) for axis in summed), result.view))
        emitter.deliver(result, out)


def _count(axes: Axes) -> Expr:
    return Mul(*(axis.size for axis in axes))


def _matrix(view: View, rows: Axes, columns: Axes) -> View:
    """A whole buffer seen as a matrix."""
    if len(rows) == len(columns) == 1:
        return view
    return View(view.buffer, flat=(_count(rows), _count(columns)))


def _vector(view: View, axes: Axes) -> View:
    return view if len(axes) == 1 else View(view.buffer, flat=(_count(axes),))


def _dot(emitter: Emitter, a: Value, b: Value, groups: tuple[Axes, Axes, Axes], out: Value) -> bool:
    """One matrix product, if the axes of each group lie together in every operand; whether it was one."""
    left, summed, right = groups
    if out.axes == right + left and left and right:
        a, b, left, right = b, a, right, left
    if out.axes != left + right:
        return False
    one = _side(a, left, summed)
    other = _side(b, summed, right)
    target = out.view if len(left) <= 1 and len(right) <= 1 else _side(out, left, right)
    if one is None or other is None or target is None:
        return False
    form = "dot" if target.whole and target.order is None else "matmul"
    emitter.add(Product(form, one, other, target))
    return True


def _arranged_dot(emitter: Emitter, a: Value, b: Value, summed: Axes, out: Value) -> bool:
    """One matrix product of operands whose axes are brought together by copies first, and its result taken
    apart: far quicker than an einsum over axes that lie scattered.
    """
    left = tuple(axis for axis in a.axes if axis not in summed)
    right = tuple(axis for axis in b.axes if axis not in summed)
    if not left or not right:
        return False
    one = _arranged(emitter, a, left, summed)
    other = _arranged(emitter, b, summed, right)
    result = (
        out if out.axes == left + right and out.view.whole else emitter.temporary(left + right, Kind.REAL)
    )
    if not _dot(emitter, one, other, (left, summed, right), result):
        return False
    if result is not out:
        emitter.deliver(result, out)
    return True


def _arranged(emitter: Emitter, value: Value, rows: Axes, columns: Axes) -> Value:
    """`value` as it is where it can be seen as a matrix with these rows and columns, otherwise a copy that
    can.
    """
    if _side(value, rows, columns) is not None:
        return value
    copy = emitter.temporary(rows + columns, Kind.REAL, "matrix")
    emitter.deliver(value, copy)
    return copy


def _side(value: Value, rows: Axes, columns: Axes) -> View | None:
    """The operand as a matrix with these rows and columns (a vector where one is empty), transposed if need
    be.
    """
    single = len(rows) <= 1 and len(columns) <= 1
    if value.view.steps is not None:
        return None
    if value.axes == rows + columns:
        if single:
            return value.view
        return _grouped(value.view, rows, columns) if value.view.whole else None
    if value.axes == columns + rows:
        turned = value.view if single else _grouped(value.view, columns, rows) if value.view.whole else None
        return None if turned is None else View(turned.buffer, turned.at, (1, 0), turned.flat, turned.zero)
    return None


def _grouped(view: View, rows: Axes, columns: Axes) -> View:
    shape = tuple(_count(group) for group in (rows, columns) if group)
    return View(view.buffer, flat=shape)


def _matmul(emitter: Emitter, a: Value, b: Value, groups: tuple[Axes, Axes, Axes], out: Value) -> bool:
    """A stack of matrix products, one for each place of the batch; whether it was one."""
    left, summed, right = groups
    if any(len(group) != 1 for group in groups):
        return False
    batch = tuple(axis for axis in out.axes if axis not in left + right)
    if out.axes == batch + right + left:
        a, b, left, right = b, a, right, left
    if out.axes != batch + left + right:
        return False
    emitter.add(
        Product("matmul", align(a, batch + left + summed), align(b, batch + summed + right), out.view)
    )
    return True
