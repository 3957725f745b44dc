"""Where the nodes of a graph go that is drawn from top to bottom: each below all that it reads, with as few
crossings and as straight lines as a few sweeps find (Sugiyama's method).

A line that passes a row between its ends has a place there like a node, only a narrow one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

SWEEPS = 8
SPACE, LANE = 26.0, 14.0
"""Between two nodes of a row, and the width of a line that passes."""
STEADY, LIGHT = 1e6, 1e3
"""So much more than a line that passes a node stays where it wants to be; one that stands beside, less so."""
Edge = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Layout:
    """The row of each node, the middle of each node along its row, and where each line passes the rows
    between its ends.
    """

    rows: tuple[int, ...]
    middles: tuple[float, ...]
    passing: Mapping[Edge, tuple[float, ...]]
    width: float


def layout(widths: Sequence[float], edges: Sequence[Edge], beside: Collection[int] = ()) -> Layout:
    """Places for nodes of these widths, with an edge from each node to those that read it, which come later
    in the numbering. The nodes `beside` stand beside the others, which follow each other straight on.
    """
    rows = rows_of(len(widths), edges)
    wide, chains = list(widths), dict[Edge, list[int]]()
    row_of = list(rows)
    for start, end in edges:
        chains[start, end] = list(range(len(wide), len(wide) + rows[end] - rows[start] - 1))
        wide += [LANE] * len(chains[start, end])
        row_of += range(rows[start] + 1, rows[end])
    links = [
        link
        for (start, end), chain in chains.items()
        for link in zip([start, *chain], [*chain, end], strict=True)
    ]
    above, below = _neighbours(links)
    order = _ordered(row_of, above, below)
    weight = [LIGHT if node in beside else STEADY for node in range(len(widths))]
    weight += [1.0] * (len(wide) - len(widths))
    middles = _middles(order, wide, weight, above, below)
    left = min(middle - width / 2 for middle, width in zip(middles, wide, strict=True))
    right = max(middle + width / 2 for middle, width in zip(middles, wide, strict=True))
    middles = [middle - left for middle in middles]
    passing = {edge: tuple(middles[node] for node in chain) for edge, chain in chains.items()}
    return Layout(tuple(rows), tuple(middles[: len(widths)]), passing, right - left)


def rows_of(count: int, edges: Sequence[Edge]) -> list[int]:
    """Each node right below the lowest that it reads; one that reads nothing right above what reads it."""
    readers, sources = defaultdict[int, list[int]](list), defaultdict[int, list[int]](list)
    for start, end in edges:
        readers[start].append(end)
        sources[end].append(start)
    rows = [0] * count
    for node in range(count):
        rows[node] = max((rows[source] + 1 for source in sources[node]), default=0)
    for node in range(count):
        if not sources[node] and readers[node]:
            rows[node] = min(rows[reader] for reader in readers[node]) - 1
    return rows


def _neighbours(links: Sequence[Edge]) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    above, below = defaultdict[int, list[int]](list), defaultdict[int, list[int]](list)
    for start, end in links:
        below[start].append(end)
        above[end].append(start)
    return above, below


def _ordered(
    row_of: Sequence[int], above: Mapping[int, list[int]], below: Mapping[int, list[int]]
) -> list[list[int]]:
    """The nodes of each row from left to right: each near the mean place of those that it is tied to."""
    order: list[list[int]] = [[] for _ in range(max(row_of) + 1)]
    for node, number in enumerate(row_of):
        order[number].append(node)
    place = {node: k for row in order for k, node in enumerate(row)}
    best, fewest = order, _crossings(order, place, below)
    for sweep in range(SWEEPS):
        downwards = sweep % 2 == 0
        tied = above if downwards else below
        order = [list(row) for row in order]
        for row in order if downwards else reversed(order):
            row.sort(key=lambda node: _mean([place[other] for other in tied.get(node, ())], place[node]))
            place |= {node: k for k, node in enumerate(row)}
        crossings = _crossings(order, place, below)
        if crossings < fewest:
            best, fewest = order, crossings
    return best


def _crossings(
    order: Sequence[Sequence[int]], place: Mapping[int, int], below: Mapping[int, list[int]]
) -> int:
    total = 0
    for row in order:
        ends = [place[end] for node in row for end in sorted(below.get(node, ()), key=place.__getitem__)]
        total += sum(later < earlier for k, earlier in enumerate(ends) for later in ends[k + 1 :])
    return total


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _middles(
    order: Sequence[Sequence[int]],
    wide: Sequence[float],
    weight: Sequence[float],
    above: Mapping[int, list[int]],
    below: Mapping[int, list[int]],
) -> list[float]:
    """The middle of each node: as near as can be to those that it is tied to, one beside the other."""
    middles = [0.0] * len(wide)
    for sweep in range(2 * SWEEPS):
        downwards, late = sweep % 2 == 0, sweep >= SWEEPS
        for row in order if downwards else reversed(order):
            up, down = above if downwards or late else {}, below if late or not downwards else {}
            tied = [_pulling([*up.get(node, ()), *down.get(node, ())], node, weight) for node in row]
            wanted = [
                _mean([middles[other] for other in others], middles[node])
                for node, others in zip(row, tied, strict=True)
            ]
            for node, middle in zip(row, _apart(row, wanted, wide, weight), strict=True):
                middles[node] = middle
    return middles


def _pulling(others: Sequence[int], node: int, weight: Sequence[float]) -> Sequence[int]:
    """Those of the `others` that a node follows: a line follows all, a node only nodes, where there are any,
    so that what is read one from the other is straight.
    """
    nodes = [other for other in others if weight[other] >= weight[node]]
    return nodes or others if weight[node] > 1 else others


def _apart(
    row: Sequence[int], wanted: Sequence[float], wide: Sequence[float], weight: Sequence[float]
) -> list[float]:
    """The places next to the `wanted` ones, by weighted squares, at which nothing overlaps: what would
    overlap is pooled into one block at its mean.
    """
    steps = [(wide[a] + wide[b]) / 2 + SPACE for a, b in pairwise(row)]
    offsets = [0.0, *accumulate(steps)] if row else []
    blocks: list[tuple[float, float, int]] = []  # the mean, the weight, how many
    for node, want, offset in zip(row, wanted, offsets, strict=True):
        mean, heavy, count = want - offset, weight[node], 1
        while blocks and blocks[-1][0] >= mean:
            before, weighs, many = blocks.pop()
            mean = (before * weighs + mean * heavy) / (weighs + heavy)
            heavy, count = heavy + weighs, count + many
        blocks.append((mean, heavy, count))
    means = [mean for mean, _, count in blocks for _ in range(count)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=True)]
