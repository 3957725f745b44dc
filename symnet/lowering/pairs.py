"""In which pairs to contract more than two operands: the tree of products that costs least at the sizes that
are known; a size that comes with the data counts as `extents.NOMINAL`.

A product costs its multiplications, with the additions where it is summed, and what it writes. What a plain
count of multiplications does not see, and what decides between trees that it holds for equal: whether the last
product is a matrix product whose rows and columns lie as the result wants them. Sum(X[n,a]*T[n,b]*X[n,i]*T[n,j],
n), wanted over (a, b, i, j), is (X T)^T (X T) over rows (a, b) and columns (i, j), and not (T T)^T (X X), whose
result would have to be turned.

Up to `FEW` operands every tree is tried; beyond, pairs are chosen by `np.einsum_path`, the cheapest one first.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
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
    names = list(counts)
    bits = [sum(1 << names.index(axis) for axis in axes) for axes in operands]
    everything, summed = (1 << len(operands)) - 1, sum(1 << names.index(a) for a in over if a in counts)

    @cache
    def size(axes: int) -> int:
        return prod(counts[axis] for k, axis in enumerate(names) if axes >> k & 1)

    @cache
    def kept(chosen: int) -> int:
        """The axes that a product of the chosen operands has."""
        inside = outside = 0
        for k, axes in enumerate(bits):
            if chosen >> k & 1:
                inside |= axes
            else:
                outside |= axes
        return inside & ~(summed & ~outside)

    def turned(one: int, other: int) -> bool:
        """Whether the last product is a matrix product that lies otherwise than the result."""
        mine, its = (
            [a for a in wanted if axes >> names.index(a) & 1 and not rest >> names.index(a) & 1]
            for axes, rest in ((one, other), (other, one))
        )
        both = [axis for axis in wanted if axis not in mine and axis not in its]
        return bool(mine and its) and list(wanted) not in ([*both, *mine, *its], [*both, *its, *mine])

    @cache
    def best(chosen: int) -> tuple[int, Tree]:
        if chosen & (chosen - 1) == 0:
            return 0, chosen.bit_length() - 1
        found: tuple[int, Tree] | None = None
        first = chosen & -chosen
        part = (chosen - 1) & chosen
        while part:
            if part & first:
                one, other = kept(part), kept(chosen ^ part)
                own = size(one | other) * (2 if (one | other) & ~kept(chosen) else 1) + size(kept(chosen))
                if chosen == everything and turned(one, other):
                    own += TURN * size(kept(chosen))
                (cost, tree), (more, branch) = best(part), best(chosen ^ part)
                if found is None or cost + more + own < found[0]:
                    found = cost + more + own, (tree, branch)
            part = (part - 1) & chosen
        assert found is not None, "two operands or more have a tree"
        return found

    cost, whole = best(everything)
    assert isinstance(whole, tuple), "there are two operands at least"
    return whole, cost


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
