"""In which pairs to contract more than two operands: the tree of products that costs least at the sizes that
are known; a size that comes with the data counts as `extents.NOMINAL`.

A product costs its multiplications, with the additions where it is summed, and what it writes. What a plain
count of multiplications does not see, and what decides between trees that it holds for equal: whether the
last product is a matrix product whose rows and columns lie as the result wants them.
Sum(X[n,a]*T[n,b]*X[n,i]*T[n,j], n), wanted over (a, b, i, j), is (X T)^T (X T) over rows (a, b) and columns
(i, j), and not (T T)^T (X X), whose result would have to be turned.

Up to `FEW` operands every tree is tried; beyond, pairs are chosen by `np.einsum_path`, the cheapest one
first.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from math import inf, prod

import numpy as np

from symnet.lowering.nodes import Axes, Axis
from symnet.lowering.products import subscripts

FEW = 8
TURN = 4
"""What it costs to move one entry to where the result wants it, in multiplications."""

Tree = int | tuple["Tree", "Tree"]
"""An operand, by its number, or the product of two trees."""


def leaves(tree: Tree) -> Iterator[int]:
    """The operands of a tree."""
    if isinstance(tree, int):
        yield tree
    else:
        for half in tree:
            yield from leaves(half)


def cheapest(
    operands: Sequence[Axes], over: Axes, wanted: Axes, counts: Mapping[Axis, int]
) -> tuple[tuple[Tree, Tree], float]:
    """The two trees whose product is that of all operands, each given by its axes, summed over the axes
    `over`, and what that costs. `wanted` are the axes of the result in order, `counts` says how many places
    each axis has.
    """
    if len(operands) > FEW:
        return _greedy(operands, over, counts), inf
    cost, whole = _Search(operands, over, wanted, counts).best((1 << len(operands)) - 1)
    assert isinstance(whole, tuple), "there are two operands at least"
    return whole, cost


class _Search:
    """All trees of a few operands. Sets of operands and sets of axes are the bits of a number."""

    def __init__(
        self, operands: Sequence[Axes], over: Axes, wanted: Axes, counts: Mapping[Axis, int]
    ) -> None:
        self.places = list(counts.values())
        bit = {axis: 1 << k for k, axis in enumerate(counts)}
        self.operands = [sum(bit[axis] for axis in axes) for axes in operands]
        self.all = (1 << len(operands)) - 1
        self.over = sum(bit[axis] for axis in over if axis in bit)
        self.wanted = [bit[axis] for axis in wanted if axis in bit]
        self.found: dict[int, tuple[int, Tree]] = {1 << k: (0, k) for k in range(len(operands))}

    def best(self, chosen: int) -> tuple[int, Tree]:
        """What the product of the chosen operands costs at least, and by which tree."""
        if chosen not in self.found:
            halves = ((part, chosen ^ part) for part in _parts(chosen))
            self.found[chosen] = min((self.product(*pair) for pair in halves), key=lambda pair: pair[0])
        return self.found[chosen]

    def product(self, one: int, other: int) -> tuple[int, Tree]:
        (cost, tree), (more, branch) = self.best(one), self.best(other)
        first, second, result = self.kept(one), self.kept(other), self.kept(one | other)
        summed = (first | second) & ~result
        own = self.size(first | second) * (2 if summed else 1) + self.size(result)
        if one | other == self.all and self.is_turned(first, second):
            own += TURN * self.size(result)
        return cost + more + own, (tree, branch)

    def size(self, axes: int) -> int:
        return prod(places for k, places in enumerate(self.places) if axes >> k & 1)

    def kept(self, chosen: int) -> int:
        """The axes that the product of the chosen operands has."""
        inside = outside = 0
        for k, axes in enumerate(self.operands):
            if chosen >> k & 1:
                inside |= axes
            else:
                outside |= axes
        return inside & ~(self.over & ~outside)

    def is_turned(self, one: int, other: int) -> bool:
        """Whether the last product is a matrix product that lies otherwise than the result."""
        mine, its = [
            [a for a in self.wanted if a & axes & ~rest] for axes, rest in ((one, other), (other, one))
        ]
        both = [axis for axis in self.wanted if axis & one & other]
        return bool(mine and its) and self.wanted not in ([*both, *mine, *its], [*both, *its, *mine])


def _parts(chosen: int) -> Iterator[int]:
    """One half of each way to part a set in two: the one with its first member."""
    first, part = chosen & -chosen, (chosen - 1) & chosen
    while part:
        if part & first:
            yield part
        part = (part - 1) & chosen


def _greedy(operands: Sequence[Axes], over: Axes, counts: Mapping[Axis, int]) -> tuple[Tree, Tree]:
    """NumPy's choice: the cheapest pair first."""
    result = tuple(axis for axis in counts if axis not in over)
    shapes = [np.broadcast_to(0.0, [counts[axis] for axis in axes]) for axes in operands]  # without memory
    path, _ = np.einsum_path(subscripts([*operands, result]), *shapes, optimize=("greedy", sys.maxsize))
    trees: list[Tree] = list(range(len(operands)))
    for pair in path[1:]:
        chosen = [trees[k] for k in sorted(pair)]
        trees = [tree for k, tree in enumerate(trees) if k not in pair]
        while len(chosen) > 1:
            chosen.append((chosen.pop(0), chosen.pop(0)))
        trees += chosen
    (whole,) = trees
    assert isinstance(whole, tuple), "there are two operands at least"
    return whole
