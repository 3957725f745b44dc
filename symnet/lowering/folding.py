"""Where a sum is cheaper when it runs over the axis of a tensor that it reads at a moving place.

before:  dX[n,x] = Sum(W[x - 2*p]*dZ[n,p], p)              reads W outside its range at most places
after:   dX[n,x] = Sum(W[k]*dZ[n,p]*[x == k + 2*p], p, k)  every product counts, and is added where it belongs

Before, it is a product with a window of W (or of dZ); after, it is a product with W itself, which is then folded
up (`nodes.Fold`). The adjoint of a convolution with stride is found in the form before. Both forms say the same of
the other adjoints of convolutions, too: Sum(dZ[n,x - i]*W[i], i) is a product with columns of dZ, or a fold of
columns of dX.

Which one is cheaper is reckoned from the sizes, in multiply-adds, of which a matrix product does one in 0.05 ns.
An element costs 0.4 ns to copy into columns, and 0.7 ns to be written as part of a product and added up (float64,
OpenBLAS, one core with AVX-512; the proportions in float32 are the same). Measured, the window's form and the
fold's, in ms for dX, kernel 3x3, float64:

| input, filters, padding    | window | fold |
| -------------------------- | ------ | ---- |
| 64x8x8x16,   32, same      | 1.65   | 1.50 |
| 64x4x4x32,   32, valid     | 0.49   | 0.14 |
| 32x32x32x3,  16, same      | 5.45   | 3.53 |
| 32x16x16x16, 16, valid     | 1.38   | 1.80 |
| 64x8x8x1,    16, same      | 0.47   | 0.12 |

The columns of the fold come with the taps first, so that each tap adds one block of memory (with the taps last it
takes up to 1.6 times as long). A fold of one tap at a time through one small product each is as fast.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sympy import Expr, Indexed

from symnet.index.calculus import free_indices, fresh
from symnet.index.symbols import Index, Tensor, indices_of, name_of
from symnet.lowering.affine import affine_place
from symnet.lowering.extents import Extents
from symnet.lowering.nodes import Axes, Axis

COPIED = 8
"""What it costs to copy an element into columns, in multiply-adds of a matrix product."""
FOLDED = 14
"""What it costs to write an element of a product and to add it at its place."""


@dataclass(frozen=True, slots=True)
class Turned:
    """A sum that runs over a tensor's own axes: each target with the place that it must be equal to."""

    factors: tuple[Expr, ...]
    deltas: tuple[tuple[Index, Expr], ...]
    axes: Axes


def turned(
    factors: Sequence[Expr],
    bound: Axes,
    scope: Mapping[Index, Axis],
    tensors: Mapping[str, Tensor],
    extents: Extents,
) -> Turned | None:
    """The sum over `bound` of the product of `factors`, turned where that is cheaper; None where it is not."""
    for number, factor in enumerate(factors):
        if not isinstance(factor, Indexed):
            continue
        others = [*factors[:number], *factors[number + 1 :]]
        found = _turned_read(factor, others, bound, scope, tensors[name_of(factor)].shape, extents)
        if found is None:
            continue
        read, deltas, new = found
        result = Turned((*factors[:number], read, *factors[number + 1 :]), deltas, (*bound, *new))
        now = _count(factors, scope, extents) + COPIED * _count([factor], scope, extents)
        within = {**scope, **{axis.index: axis for axis in new}}
        moving = {index for _, place in deltas for index in free_indices(place)}
        summed = {axis.index for axis in bound} - moving
        then = _count(result.factors, within, extents)
        then += FOLDED * _count(result.factors, within, extents, summed)
        if then < now:
            return result
    return None


def _turned_read(
    factor: Indexed,
    others: Sequence[Expr],
    bound: Axes,
    scope: Mapping[Index, Axis],
    shape: Sequence[Expr],
    extents: Extents,
) -> tuple[Expr, tuple[tuple[Index, Expr], ...], Axes] | None:
    """The element at indices of its own, and the places that the targets are then equal to; None where it is
    read at no place that moves along a target.
    """
    places = list(indices_of(factor))
    taken = {index.name for part in (factor, *others) for index in part.atoms(Index)} | {i.name for i in scope}
    deltas: list[tuple[Index, Expr]] = []
    new: list[Axis] = []
    for position, place in enumerate(places):
        target = _target(place, [*others, *places[:position], *places[position + 1 :]], bound, scope, extents)
        if target is None:
            continue
        index = fresh(taken)
        taken.add(index.name)
        sign = place.expand().coeff(target)
        deltas.append((target, (sign * (index - (place - sign * target))).expand()))
        new.append(Axis(index, shape[position]))
        places[position] = index
    return (factor.base[tuple(places)], tuple(deltas), tuple(new)) if new else None


def _target(
    place: Expr, others: Collection[Expr], bound: Axes, scope: Mapping[Index, Axis], extents: Extents
) -> Index | None:
    """An index outside the sum that stands in this place alone, with coefficient 1 or -1, beside one of the
    sum's.
    """
    even = affine_place(place, scope, extents)
    if even is None or not set(even.axes) & set(bound):
        return None
    return next(
        (
            axis.index
            for axis, step in even.terms
            if axis not in bound and abs(step) == 1 and not any(axis.index in free_indices(o) for o in others)
        ),
        None,
    )


def _count(
    factors: Sequence[Expr], scope: Mapping[Index, Axis], extents: Extents, summed: Collection[Index] = ()
) -> int:
    """The entries of an array over all the axes of the factors but those that are summed."""
    indices = {index for factor in factors for index in free_indices(factor)}
    return extents.count(scope[index].size for index in indices if index in scope and index not in summed)
