"""Where a sum is cheaper when it runs over the axis of a tensor that it reads at a moving place.

before:  dX[n,x] = Sum(W[x - 2*p]*dZ[n,p], p)              reads W outside its range at most places
after:   dX[n,x] = Sum(W[k]*dZ[n,p]*[x == k + 2*p], p, k)  every product counts, and is added where it belongs

Before, it is a product with a window of W (or of dZ); after, it is a product with W itself, which is then
folded up (`nodes.Fold`). The adjoint of a convolution with stride is found in the form before. Both forms say
the same of the other adjoints of convolutions, too: Sum(dZ[n,x - i]*W[i], i) is a product with columns of dZ,
or a fold of columns of dX.

Which one is cheaper is reckoned from the sizes, in multiply-adds, of which a matrix product does one in 0.05
ns. An element costs 0.4 ns to copy into columns, and 0.7 ns to be written as part of a product and added up
(float64, OpenBLAS, one core with AVX-512; the proportions in float32 are the same). Measured, the window's
form and the fold's, in ms for dX, kernel 3x3, float64:

| input, filters, padding    | window | fold |
| -------------------------- | ------ | ---- |
| 64x8x8x16,   32, same      | 1.65   | 1.50 |
| 64x4x4x32,   32, valid     | 0.49   | 0.14 |
| 32x32x32x3,  16, same      | 5.45   | 3.53 |
| 32x16x16x16, 16, valid     | 1.38   | 1.80 |
| 64x8x8x1,    16, same      | 0.47   | 0.12 |

The adjoint of an average reads nothing, but says with brackets where a window reaches:
Sum(dA[n,p]*[0 <= x - 2*p]*[x - 2*p < 2], p) runs over all p for each x, and is turned in the same way.

The columns of the fold come with the taps first, so that each tap adds one block of memory (with the taps
last it takes up to 1.6 times as long). A fold of one tap at a time through one small product each is as fast.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf, prod

from sympy import Expr, Indexed, Mul, S

from symnet.index.calculus import free_indices, fresh, substitute
from symnet.index.functions import less, less_equal, where
from symnet.index.symbols import Index, Tensor, indices_of, name_of
from symnet.lowering.affine import affine_place, taps
from symnet.lowering.extents import Extents
from symnet.lowering.nodes import Axes, Axis

COPIED = 8
"""What it costs to copy an element into columns, in multiply-adds of a matrix product."""
FOLDED = 14
"""What it costs to write an element of a product and to add it at its place."""
TAP = 20_000
"""What it costs to begin a tap: a microsecond."""


@dataclass(frozen=True, slots=True)
class Turned:
    """A sum that runs over a tensor's own axes: each target with the place that it must be equal to."""

    factors: tuple[Expr, ...]
    deltas: tuple[tuple[Index, Expr], ...]
    axes: Axes


@dataclass(frozen=True, slots=True)
class Reach:
    """What is zero but at places below 0 and beyond `extents`: a tensor, or brackets that say so."""

    places: tuple[Expr, ...]
    extents: tuple[Expr, ...]
    tensor: Expr | None
    others: tuple[Expr, ...]  # the other factors


@dataclass(frozen=True, slots=True)
class Sums:
    """The axes that run in a sum, by their indices, and those of them that it sums over."""

    scope: Mapping[Index, Axis]
    bound: Axes
    extents: Extents

    def turned(self, factors: Sequence[Expr], tensors: Mapping[str, Tensor]) -> Turned | None:
        """The sum of the product of `factors`, turned where that is cheaper; None where it is not."""
        for reach in _reaches(factors, tensors):
            found = self.along(reach)
            if found is not None and self.folding(found) < self.looking(factors, reach):
                return found
        return None

    def along(self, reach: Reach) -> Turned | None:
        """The sum along the places of `reach`; None where they move along no target."""
        places = list(reach.places)
        taken = {index.name for part in (*reach.others, *places) for index in part.atoms(Index)}
        taken |= {index.name for index in self.scope}
        deltas: dict[Index, Expr] = {}
        new: list[Axis] = []
        for position, place in enumerate(places):
            target = self.target(place, [*reach.others, *places[:position], *places[position + 1 :]])
            if target is not None:
                index = fresh(taken)
                taken.add(index.name)
                sign = place.expand().coeff(target)
                deltas[target] = (sign * (index - (place - sign * target))).expand()
                new.append(Axis(index, reach.extents[position]))
                places[position] = index
        if not new or (reach.tensor is None and len(new) < len(places)):
            return None
        read = S.One if reach.tensor is None else reach.tensor.base[tuple(places)]
        others = (substitute(other, deltas) for other in reach.others)
        return Turned((*others, read), tuple(deltas.items()), (*self.bound, *new))

    def target(self, place: Expr, others: Collection[Expr]) -> Index | None:
        """An index outside the sum that stands in this place with coefficient 1 or -1, beside one of the
        sum's; elsewhere it stands in elements of other tensors at most, which can be read at any place.
        """
        even = affine_place(place, self.scope, self.extents)
        if even is None or not set(even.axes) & set(self.bound):
            return None
        bare = [other for other in others if not isinstance(other, Indexed)]
        found = (
            axis.index
            for axis, step in even.terms
            if axis not in self.bound
            and abs(step) == 1
            and not any(axis.index in free_indices(o) for o in bare)
        )
        return next(found, None)

    def looking(self, factors: Sequence[Expr], reach: Reach) -> int:
        """The cost of the sum as it is: a product with columns, or an array that is mostly zeros."""
        if reach.tensor is None:
            return COPIED * self.count(factors)
        return self.count(factors) + COPIED * self.count(reach.places)

    def folding(self, found: Turned) -> float:
        """The cost of the sum when it is turned."""
        new = Sums({**self.scope, **{axis.index: axis for axis in found.axes}}, found.axes, self.extents)
        moving = {index for _, place in found.deltas for index in free_indices(place)}
        over = tuple(axis for axis in found.axes if axis.index in moving)
        places = [affine_place(place, new.scope, self.extents) for _, place in found.deltas]
        one_by_one = taps([place for place in places if place is not None], over, self.extents)
        if None in places or one_by_one is None:
            return inf
        summed = {axis.index for axis in found.axes} - moving
        everything = [*found.factors, *(place for _, place in found.deltas)]
        cost = new.count(everything) + FOLDED * new.count(everything, summed)
        return cost + TAP * prod(self.extents.nominal(axis.size) for axis in one_by_one)

    def count(self, parts: Sequence[Expr], summed: Collection[Index] = ()) -> int:
        """The entries of an array over all the axes of the parts but those that are summed."""
        indices = {index for part in parts for index in free_indices(part)}
        return self.extents.count(self.scope[i].size for i in indices if i in self.scope and i not in summed)


def _reaches(factors: Sequence[Expr], tensors: Mapping[str, Tensor]) -> Iterator[Reach]:
    for number, factor in enumerate(factors):
        if isinstance(factor, Indexed):
            others = (*factors[:number], *factors[number + 1 :])
            yield Reach(indices_of(factor), tensors[name_of(factor)].shape, factor, others)
    brackets, left = _brackets(factors)
    lower = {
        bracket.args[1] for bracket in brackets if isinstance(bracket, less_equal) and bracket.args[0] == 0
    }
    upper = {bracket.args[0]: bracket.args[1] for bracket in brackets if isinstance(bracket, less)}
    if lower and lower == set(upper) and len(brackets) == 2 * len(lower):
        yield Reach(tuple(upper), tuple(upper.values()), None, tuple(left))


def _brackets(factors: Sequence[Expr]) -> tuple[list[Expr], list[Expr]]:
    """The brackets among the factors, those that guard others too, and the other factors."""
    brackets: list[Expr] = []
    others: list[Expr] = []
    for factor in factors:
        if isinstance(factor, less | less_equal):
            brackets.append(factor)
        elif isinstance(factor, where) and factor.args[2] == 0:
            inner = _brackets([*Mul.make_args(factor.args[0]), *Mul.make_args(factor.args[1])])
            brackets += inner[0]
            others += inner[1]
        else:
            others.append(factor)
    return brackets, others
