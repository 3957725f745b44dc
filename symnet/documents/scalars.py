"""An equation written out number by number, for networks so small that a person would do it.

before:  Z1[n,j] = sum(X[n,i]*W1[i,j], i) + b1[j]
after:   Z1[0,0] = X[0,0]*W1[0,0] + X[0,1]*W1[1,0] + b1[0],  Z1[0,1] = ...

Every index takes every value, and every sum is written out, so sizes have to be numbers. One that is not
known, such as the number of samples, is taken to be `FEW` and the document says so. What is read outside its
range is zero, as everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from math import prod

from sympy import Add, Basic, Expr, Indexed, Integer, S, Sum

from symnet.derivation.journal import Derived
from symnet.equations.program import Equation, Program
from symnet.index.calculus import substitute
from symnet.index.reductions import ArgMax, binders_of
from symnet.index.symbols import Index, Size, Tensor, indexed, indices_of, name_of

FEW = 2
"""What a size is that nobody has given."""
MOST = 12
"""So many entries has the largest tensor of a network that is written out number by number."""
Values = Mapping[Index, Expr]


class Scalars:
    """Writes out the equations of one derivation; none where the network is not tiny. `whole` has the tensors
    of a derivation that this one is a part of.
    """

    def __init__(self, derived: Derived, whole: Program | None = None) -> None:
        programs = (derived.stated, derived.program, derived.computed, *([whole] if whole else []))
        self.tensors = {name: tensor for program in programs for name, tensor in program.tensors.items()}
        known = derived.stated.values
        every = {size: None for program in programs for size in program.sizes}
        self.sizes = {size: Integer(int(known.get(size.name, FEW))) for size in every}
        self.assumed = tuple(size for size in every if size.name not in known)
        self.tiny = all(0 < self.count(tensor) <= MOST for tensor in self.tensors.values())

    def equations(self, equation: Equation) -> tuple[tuple[Expr, Expr], ...]:
        """Both sides for every value of the indices, in order; none where the network is not tiny."""
        return tuple(self.written(equation)) if self.tiny else ()

    def written(self, equation: Equation) -> Iterator[tuple[Expr, Expr]]:
        """Both sides for every value of the indices, however many there are."""
        for place in product(*map(range, self.shape(equation.tensor))):
            values = dict(zip(equation.indices, map(Integer, place), strict=True))
            yield substitute(equation.lhs, values), self.numbers(equation.rhs, values)

    def numbers(self, expr: Expr, values: Values) -> Expr:
        """`expr` where the indices have these values, its sums written out."""
        if isinstance(expr, Index):
            return values.get(expr, expr)
        if isinstance(expr, Size):
            return self.sizes.get(expr, expr)
        if isinstance(expr, Indexed):
            return self.element(expr, values)
        if isinstance(expr, Sum):
            return self.total(expr, values)
        if isinstance(expr, ArgMax):  # a place is asked for, not a number: it stays as it is
            return substitute(expr, values).xreplace(self.sizes)
        if not expr.args:
            return expr
        return expr.func(*(self.numbers(part, values) for part in expr.args))

    def total(self, expr: Sum, values: Values) -> Expr:
        """A sum as its terms, the first index slowest."""
        indices, extents = zip(*binders_of(expr), strict=True)
        ranges = [range(int(self.numbers(extent, values))) for extent in extents]
        places = (dict(zip(indices, map(Integer, place), strict=True)) for place in product(*ranges))
        return Add(*(self.numbers(expr.function, {**values, **place}) for place in places))

    def element(self, expr: Indexed, values: Values) -> Expr:
        """An element at a place of numbers; zero outside its tensor's range."""
        name = name_of(expr)
        places = [self.numbers(place, values) for place in indices_of(expr)]
        extents = self.shape(self.tensors[name])
        outside = (
            place.is_Integer and not 0 <= place < extent
            for place, extent in zip(places, extents, strict=True)
        )
        return S.Zero if any(outside) else indexed(name, *places)

    def shape(self, tensor: Tensor) -> tuple[int, ...]:
        return tuple(int(_number(extent, self.sizes)) for extent in tensor.shape)

    def count(self, tensor: Tensor) -> int:
        """How many entries a tensor has; 0 where that cannot be said."""
        try:
            return prod(self.shape(tensor))
        except TypeError:
            return 0


def _number(extent: Expr, sizes: Mapping[Basic, Integer]) -> Expr:
    """A size as a number."""
    return extent.xreplace(sizes)
