"""How a sum of a product is computed: in pairs.

Two operands are multiplied as matrices wherever that pays (`products.py`). More than two are first contracted
in pairs (`pairs.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING

from sympy import Mul

from symnet.lowering import costs
from symnet.lowering.factors import as_quotient
from symnet.lowering.instructions import Inner, Kind, Map, NumberOp, Product, Reduce, Scalar, Total, View
from symnet.lowering.nodes import ArrayExpr, Axes, Contract, Elementwise
from symnet.lowering.pairs import Tree, cheapest, leaves
from symnet.lowering.products import count, grouped, multiply
from symnet.lowering.squares import Square, is_positive, square_of
from symnet.lowering.views import Value, align

if TYPE_CHECKING:
    from symnet.lowering.emit import Emitter

MANY = 96
"""From so many columns on a matrix times its own transpose is faster than the product of two matrices: 0.36
ms against 0.65 for 1000 by 100, 7.6 microseconds against 4.8 for 200 by 20.
"""


def contraction(emitter: Emitter, expr: Contract, out: Value) -> None:
    """The instructions that write the sum of the product of the operands to `out`, whose axes are those of
    `expr`.
    """
    square = square_of(expr, out.axes)
    if square is not None and _pays(emitter, expr, square, out.axes):
        _squared(emitter, square, expr.over, out)
        return
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
        _at_most_two(emitter, [emitter.value(operand) for operand in kept], expr.over, out.axes),
        expr.over,
        out,
    )
    for number in numbers:
        emitter.map("multiply", (out.view, number), out)


def _pays(emitter: Emitter, expr: Contract, square: Square, wanted: Axes) -> bool:
    """Whether to make the one array that stands left and right costs no more than the best pairs."""
    if len(expr.operands) <= 2:
        return False  # a product of one array with itself already
    axes = [operand.axes for operand in expr.operands if operand.axes]
    counts = {axis: emitter.extents.nominal(axis.size) for own in axes for axis in own}
    _, pairs = cheapest(axes, expr.over, wanted, counts)
    own, first = [operand.axes for operand in square.left], tuple(square.names)
    made = cheapest(own, (), expr.over + first, counts)[1] if len(own) > 1 else 0
    rows, columns = (prod(counts[axis] for axis in half) for half in (expr.over, first))
    middle = 2 * rows * columns if square.middle else 0
    return made + middle + (2 * rows + 1) * columns * columns <= pairs


def _squared(emitter: Emitter, square: Square, over: Axes, out: Value) -> None:
    """M^T diag(e) M: as (M sqrt(e))^T (M sqrt(e)) where that pays and e cannot be negative, otherwise as
    (M e)^T M.
    """
    left, middle = square.left, square.middle
    columns = emitter.extents.count(axis.size for axis in square.names)
    if middle and columns >= MANY and all(map(is_positive, middle)):
        left, middle = (*left, Elementwise("sqrt", (as_quotient(middle),))), ()
    one = _whole(emitter, [emitter.value(operand) for operand in left], over, tuple(square.names))
    other = Value(one.view, tuple(square.names.get(axis, axis) for axis in one.axes))
    if middle:
        scaled = emitter.temporary(one.axes, Kind.REAL)
        emitter.map("multiply", (one.view, emitter.operand(as_quotient(middle), one.axes)), scaled)
        one = scaled
    multiply(emitter, one, other, over, out)


def _whole(emitter: Emitter, values: list[Value], over: Axes, wanted: Axes) -> Value:
    """The product of the values, nothing summed, in memory: the axes of the later sum first."""
    if len(values) == 1:
        return values[0]
    a, b = _at_most_two(emitter, values, (), over + wanted)
    result = emitter.temporary(over + wanted, Kind.REAL)
    emitter.add(Map("multiply", (align(a, result.axes), align(b, result.axes)), result.view))
    return result


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


def _at_most_two(emitter: Emitter, values: list[Value], over: Axes, wanted: Axes = ()) -> list[Value]:
    """Operands contracted in pairs until two are left, whose product has the axes `wanted`."""
    if len(values) <= 2:
        return list(values)
    axes = [value.axes for value in values]
    counts = {axis: emitter.extents.nominal(axis.size) for own in axes for axis in own}
    halves, _ = cheapest(axes, over, wanted, counts)
    return [_merged(emitter, half, values, over, wanted) for half in halves]


def _merged(emitter: Emitter, tree: Tree, values: list[Value], over: Axes, wanted: Axes) -> Value:
    """The product of the operands of a tree, already summed over what no other operand has; what is summed
    later comes first, then what is kept, as the result wants it.
    """
    if isinstance(tree, int):
        return values[tree]
    one, other = (_merged(emitter, half, values, over, wanted) for half in tree)
    inside = set(leaves(tree))
    later = {axis for k, value in enumerate(values) if k not in inside for axis in value.axes}
    inner = tuple(axis for axis in over if axis in (*one.axes, *other.axes) and axis not in later)
    big, small = (one, other) if len(one.axes) >= len(other.axes) else (other, one)
    axes = tuple(axis for axis in dict.fromkeys((*big.axes, *small.axes)) if axis not in inner)
    last = tuple(axis for axis in wanted if axis in axes)
    merged = emitter.temporary(tuple(axis for axis in axes if axis not in last) + last, Kind.REAL)
    _contract(emitter, [big, small], inner, merged)
    return merged


def _contract(emitter: Emitter, values: list[Value], over: Axes, out: Value) -> None:
    if len(values) == 1:
        _sum(emitter, values[0], over, out)
        return
    a, b = values
    a = _without_summed(emitter, a, b, over)
    b = _without_summed(emitter, b, a, over)
    both = tuple(axis for axis in a.axes if axis in b.axes)
    summed = tuple(axis for axis in both if axis in over)
    if not summed:
        emitter.add(Map("multiply", (align(a, out.axes), align(b, out.axes)), out.view))
    elif _is_small_entrywise(emitter, a, b, summed, out):
        product = emitter.temporary(a.axes, Kind.REAL)
        emitter.add(Map("multiply", (a.view, b.view), product.view))
        _sum(emitter, product, summed, out)
    else:
        multiply(emitter, a, b, summed, out)


def _is_small_entrywise(emitter: Emitter, a: Value, b: Value, summed: Axes, out: Value) -> bool:
    """Whether it is sum(a*b) along the first or the last axes, of arrays so small that an einsum takes longer
    to start than a product and a product with ones take together.
    """
    kept = tuple(axis for axis in a.axes if axis not in summed)
    return (
        a.axes == b.axes
        and kept == out.axes
        and a.axes in (kept + summed, summed + kept)
        and out.view.whole
        and all(value.view.whole and value.view.buffer.kind is Kind.REAL for value in (a, b))
        and costs.product_is_faster(emitter.extents.count(axis.size for axis in a.axes))
    )


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
    ones = View(emitter.constant("ones", (count(summed),))) if plain else None
    if ones is not None and value.axes == summed + kept:
        emitter.add(Product("dot", ones, grouped(value.view, summed, kept), grouped(out.view, kept)))
    elif ones is not None and value.axes == kept + summed:
        emitter.add(Product("dot", grouped(value.view, kept, summed), ones, grouped(out.view, kept)))
    else:
        result = emitter.in_order(kept, out)
        emitter.add(Reduce("sum", value.view, tuple(value.axes.index(axis) for axis in summed), result.view))
        emitter.deliver(result, out)
