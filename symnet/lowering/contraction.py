"""How a sum of a product is computed: in pairs.

Two operands are multiplied as matrices wherever that pays (`products.py`). More than two are first
contracted in pairs, in the order that takes the fewest multiplications at the sizes that are known; a size
that comes with the data counts as `extents.NOMINAL`. The order is found by `np.einsum_path`, which tries them
all where the operands are few: NumPy is at hand, and what opt_einsum adds to it (einsums of dozens of
operands) no equation asks for.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from sympy import Mul

from symnet.lowering import costs
from symnet.lowering.instructions import Inner, Kind, Map, NumberOp, Product, Reduce, Scalar, Total, View
from symnet.lowering.nodes import ArrayExpr, Axes, Contract
from symnet.lowering.products import count, grouped, multiply, subscripts
from symnet.lowering.views import Value, align

if TYPE_CHECKING:
    from symnet.lowering.emit import Emitter

FEW = 6
"""Up to so many operands every order of pairs is tried; beyond, the cheapest pair comes first."""


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
    """Operands contracted in pairs until two are left, in the order that takes the fewest multiplications."""
    values = list(values)
    for pair in _path(emitter, values, over) if len(values) > 2 else ():
        if len(values) <= 2:
            break
        a, b = (values[k] for k in pair)
        values = [value for k, value in enumerate(values) if k not in pair]
        inner = tuple(
            axis
            for axis in over
            if axis in (*a.axes, *b.axes) and not any(axis in other.axes for other in values)
        )
        big, small = (a, b) if len(a.axes) >= len(b.axes) else (b, a)
        merged = emitter.temporary(
            tuple(axis for axis in dict.fromkeys((*big.axes, *small.axes)) if axis not in inner), Kind.REAL
        )
        _contract(emitter, [big, small], inner, merged)
        values.append(merged)
    return values


def _path(emitter: Emitter, values: Sequence[Value], over: Axes) -> list[tuple[int, ...]]:
    """NumPy's choice of pairs: every order tried where operands are few."""
    axes = tuple(dict.fromkeys(axis for value in values for axis in value.axes))
    terms = subscripts([*(value.axes for value in values), tuple(axis for axis in axes if axis not in over)])
    sizes = [[emitter.extents.nominal(axis.size) for axis in value.axes] for value in values]
    operands = [np.broadcast_to(0.0, shape) for shape in sizes]  # of these shapes, without memory
    search = "optimal" if len(values) <= FEW else "greedy"
    path, _ = np.einsum_path(terms, *operands, optimize=(search, sys.maxsize))
    return path[1:]


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
