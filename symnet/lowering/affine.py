"""Places that move evenly: 2*p + i - 1, where p and i run along axes.

Reading a tensor at such places needs no table of positions: the elements are a strided view of it, which is
how convolution and pooling look at their input. Adding at such places is the adjoint of that view.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sympy import Expr, Max, Mul, S

from symnet.equations.program import elements
from symnet.index.symbols import Index
from symnet.lowering.extents import Extents
from symnet.lowering.nodes import Affine, Axes, Axis


def affine_place(place: Expr, scope: Mapping[Index, Axis], extents: Extents) -> Affine | None:
    """`place` as an offset and multiples of the axes in `scope`, the longest steps first and of equal ones
    the longest axis; None where it is no such thing, or where the sign of a coefficient depends on sizes.
    """
    rest = place.expand()
    terms: list[tuple[Axis, Expr]] = []
    for index in sorted(rest.atoms(Index) & set(scope), key=str):
        coefficient = rest.coeff(index)
        rest = (rest - coefficient * index).expand()
        known = extents.known(coefficient)
        if coefficient.atoms(Index) or not known.is_integer or not (known.is_positive or known.is_negative):
            return None
        terms.append((scope[index], coefficient))
    terms.sort(key=lambda term: [-extents.nominal(abs(term[1])), -extents.nominal(term[0].size)])
    if rest.atoms(Index) or elements(rest) or not rest.is_integer:
        return None
    return Affine(tuple(terms), rest)


def bounds(place: Affine, extents: Extents) -> tuple[Expr, Expr]:
    """The least and the greatest of the places."""
    low = high = place.offset
    for axis, coefficient in place.terms:
        reach = coefficient * (axis.size - 1)
        if extents.known(coefficient).is_positive:
            high += reach
        else:
            low += reach
    return extents.known(low), extents.known(high)


def margins(place: Affine, extent: Expr, extents: Extents) -> tuple[Expr, Expr]:
    """How many places lie before an axis of this extent, and how many behind it."""
    low, high = bounds(place, extents)
    return _positive(-low, extents), _positive(high - extents.known(extent) + 1, extents)


def _positive(count: Expr, extents: Extents) -> Expr:
    """`count`, or 0 where it is less."""
    if extents.not_negative(-count):
        return S.Zero
    return count if count.is_Integer else Max(S.Zero, count)


def taps(places: Sequence[Affine], over: Axes, extents: Extents) -> Axes | None:
    """Those of the axes that must be taken one place at a time, so that no two entries of the others meet at
    the same places: the shortest that will do. None where one of them is of unknown size.

    With the places 2*p + i the entries of p never meet for one i; with 2*p + i and i below 2 none ever meet.
    """
    by_length = sorted(
        over, key=lambda axis: (extents.known(axis.size).is_Integer, -extents.nominal(axis.size))
    )
    apart: list[Axis] = []
    for axis in by_length:
        if all(_never_meet(place, (*apart, axis), extents) for place in places):
            apart.append(axis)
    left = tuple(axis for axis in over if axis not in apart)
    return left if all(extents.known(axis.size).is_Integer for axis in left) else None


def _never_meet(place: Affine, axes: Collection[Axis], extents: Extents) -> bool:
    """Whether the place tells the positions along those of the axes that it has: each step is longer than all
    that the shorter ones reach.
    """
    steps = [(extents.known(abs(c)), extents.known(axis.size)) for axis, c in place.terms if axis in axes]
    steps.sort(key=lambda step: (extents.nominal(step[0]), extents.nominal(step[1])))
    reach = S.Zero
    for step, size in steps:
        if not extents.not_negative(step - 1 - reach):
            return False
        reach += step * (size - 1)
    return True


def fills(places: Sequence[Affine], targets: Axes, over: Axes, extents: Extents) -> bool:
    """Whether places that never meet and stay inside are all the places of the targets."""
    axes = [axis for place in places for axis, _ in place.terms]
    sizes = [Mul(*(axis.size for axis, _ in place.terms)) for place in places]
    return sorted(axes, key=str) == sorted(over, key=str) and all(
        extents.same(size, target.size) for size, target in zip(sizes, targets, strict=True)
    )
