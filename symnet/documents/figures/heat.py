"""Matrices as fields of squares: orange above zero and blue below, the stronger the larger, and a dot where
an entry is exactly zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symnet.documents import typeset as t
from symnet.documents.figures.drawing import Box, Drawing, Label, Part, Patches, Point, room, square
from symnet.documents.outline import Sampled
from symnet.documents.typeset import Node, row
from symnet.messages import say

LEVELS = 5
"""So many strengths of each colour are told apart."""
WIDTH, MAP, LARGEST, SPACE = 640.0, 150.0, 26.0, 30.0
"""The drawing's width, a map's, the most of a square's, and the space between two maps."""
ABOVE, BELOW, LEGEND = 20.0, 18.0, 46.0


def entries(array: NDArray[Any]) -> Sampled:
    """A small vector or matrix as it is."""
    return Sampled(tuple(array.shape), tuple(map(tuple, np.atleast_2d(array).tolist())))


def heat_drawing(maps: Sequence[tuple[Node, Sampled]]) -> Drawing:
    """Maps in rows, each with its name, its shape and its largest entry; below them what colours mean."""
    parts: list[Part] = []
    x = y = tallest = right = 0.0
    for name, sampled in maps:
        rows, columns = len(sampled.entries), len(sampled.entries[0])
        side = min(LARGEST, MAP / max(rows, columns))
        head = (_in_a_row(name), "  " + " × ".join(map(str, sampled.shape)))
        largest = max(abs(value) for cells in sampled.entries for value in cells)
        foot = say("largest {value}", value=f"{largest:.3g}")
        wide = max(side * columns, room(head), room(foot, "small"))
        if x and x + wide > WIDTH:
            x, y, tallest = 0.0, y + tallest, 0.0
        parts.append(Label(x, y + 13, head, "label", "start"))
        parts += _map(sampled, largest, x, y + ABOVE, side)
        parts.append(Label(x, y + ABOVE + side * rows + 14, foot, "small", "start"))
        tallest = max(tallest, ABOVE + side * rows + BELOW + 14)
        right = max(right, x + wide)
        x += wide + SPACE
    y += tallest
    right = max(right, _legend(parts, y))
    told = say("Gradients entry by entry: {count} fields of squares", count=len(maps))
    return Drawing(right + 2, y + LEGEND, told, tuple(parts), "chart")


def _in_a_row(name: Node) -> Node:
    """A derivative with its two parts beside each other."""
    return row(name.above, t.Sign("/", "/", "postfix"), name.below) if isinstance(name, t.Fraction) else name


def _map(sampled: Sampled, largest: float, x: float, y: float, side: float) -> list[Part]:
    """One field: an area for each strength of each colour, and the zeros."""
    found: dict[tuple[str, int], list[tuple[Point, ...]]] = {}
    for i, cells in enumerate(sampled.entries):
        for j, value in enumerate(cells):
            left, top = x + j * side, y + i * side
            if value == 0:
                dot = max(side / 5, 1.0)
                place = left + (side - dot) / 2, top + (side - dot) / 2
                found.setdefault(("none", LEVELS), []).append(square(*place, dot, dot))
            elif level := round(LEVELS * abs(value) / largest):
                kind = "more" if value > 0 else "less"
                found.setdefault((kind, level), []).append(square(left, top, side, side))
    across, down = side * len(sampled.entries[0]), side * len(sampled.entries)
    patches = [Patches(tuple(areas), kind, level / LEVELS) for (kind, level), areas in sorted(found.items())]
    return [Box(x, y, across, down, "field"), *patches, Box(x, y, across, down, "frame")]


def _legend(parts: list[Part], y: float) -> float:
    """What the colours mean, and where that ends on the right."""
    side = 15.0
    for k in range(-LEVELS, LEVELS + 1):
        x = side * (k + LEVELS)
        parts.append(Box(x, y, side, side, "field"))
        if k:
            kind = "more" if k > 0 else "less"
            parts.append(Patches((square(x, y, side, side),), kind, abs(k) / LEVELS))
    wide = side * (2 * LEVELS + 1)
    parts.append(Box(0, y, wide, side, "frame"))
    for at, words, anchor in (
        (0.0, say("− largest"), "start"),
        (wide / 2, "0", "middle"),
        (wide, say("+ largest"), "end"),
    ):
        parts.append(Label(at, y + side + 15, words, "small", anchor))
    dot = square(wide + 28, y + side / 2 - 2, 4, 4)
    parts.append(Patches((dot,), "none"))
    words = say("exactly 0")
    parts.append(Label(wide + 40, y + side - 3.5, words, "small", "start"))
    return wide + 40 + room(words, "small")
