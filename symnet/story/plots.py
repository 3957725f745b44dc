"""Drawings of computed numbers in a plane: points and the lines that part them, shades of an answer, curves
with their tangents.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from symnet.documents.figures.drawing import Circle, Drawing, Label, Part, Patches, Path, Point, square

Range = tuple[float, float]
Half = tuple[Point, float]
"""Two weights and a bias: the half of the plane where the weighted sum is above zero."""
MARGIN = 46.0
TOP = 12.0
RADIUS = 8.0
SQUARE = 340.0
"""Drawings of this width stand beside each other; wider ones alone."""
LEVELS = 50
"""So many shades are told apart."""


class Plot:
    """A plane with two axes, to draw in. What is drawn later lies above."""

    def __init__(
        self,
        x: Range,
        y: Range,
        size: tuple[float, float] = (SQUARE, SQUARE),
        ticks: tuple[Sequence[float], Sequence[float]] = ((0, 1), (0, 1)),
        names: tuple[str, str] = ("", ""),
    ) -> None:
        self.x, self.y, self.size = x, y, size
        self.ticks, self.names = ticks, names
        self.parts: list[Part] = []

    def place(self, x: float, y: float) -> Point:
        """Where a point lies in the drawing."""
        width, height = self.size
        across = (x - self.x[0]) / (self.x[1] - self.x[0])
        up = (y - self.y[0]) / (self.y[1] - self.y[0])
        return MARGIN + across * (width - MARGIN - TOP), TOP + (1 - up) * (height - MARGIN - TOP)

    def shade(self, values: Sequence[Sequence[float]]) -> None:
        """A tile for each value from 0 to 1, the darker the larger: rows from the lowest y up, columns from
        the lowest x on.
        """
        rows, columns = len(values), len(values[0])
        left, top = self.place(self.x[0], self.y[1])
        right, bottom = self.place(self.x[1], self.y[0])
        wide, high = (right - left) / columns, (bottom - top) / rows
        tiles: dict[int, list[tuple[Point, ...]]] = {}
        for i, row in enumerate(values):
            for j, value in enumerate(row):
                tile = square(left + j * wide, bottom - (i + 1) * high, wide, high)
                tiles.setdefault(round(value * LEVELS), []).append(tile)
        for level in sorted(tiles):
            if level > 0:
                self.parts.append(Patches(tuple(tiles[level]), "shade c2", level / LEVELS))

    def side(self, *halves: Half) -> None:
        """Where each of the weighted sums is above zero."""
        (left, right), (low, high) = self.x, self.y
        kept = [(left, low), (right, low), (right, high), (left, high)]
        for weights, bias in halves:
            kept = _clipped(kept, weights, bias)
        if kept:
            self.parts.append(Patches((tuple(self.place(*corner) for corner in kept),), "side c2", 0.16))

    def border(self, weights: Point, bias: float, kind: str = "strong line") -> None:
        """The line on which the weighted sum is zero, as far as it is to be seen."""
        ends = _crossings(self.x, self.y, weights, bias)
        if len(ends) == 2:
            self.curve(ends, kind)

    def curve(self, points: Iterable[Point], kind: str = "curve") -> None:
        """A line through the points."""
        self.parts.append(Path(tuple(self.place(*point) for point in points), kind))

    def point(self, x: float, y: float, yes: bool) -> None:
        """A point: full for yes, empty for no."""
        self.parts.append(Circle(*self.place(x, y), RADIUS, "yes" if yes else "no"))

    def mark(self, x: float, y: float) -> None:
        """Where something is on a curve."""
        self.parts.append(Circle(*self.place(x, y), RADIUS / 2 + 1, "point c1"))

    def words(self, x: float, y: float, words: str) -> None:
        """Words to the right of a place."""
        left, top = self.place(x, y)
        self.parts.append(Label(left + RADIUS, top - 4, words, "label", "start"))

    def drawing(self, title: str) -> Drawing:
        """The drawing; `title` is read to whoever does not see it."""
        kind = "chart" if self.size[0] > SQUARE else "chart beside"
        return Drawing(*self.size, title, (*self._grid(), *self.parts, *self._axes()), kind)

    def _grid(self) -> Iterator[Part]:
        for value in self.ticks[0]:
            yield Path((self.place(value, self.y[1]), self.place(value, self.y[0])), "grid")
        for value in self.ticks[1]:
            yield Path((self.place(self.x[0], value), self.place(self.x[1], value)), "grid")

    def _axes(self) -> Iterator[Part]:
        width, height = self.size
        floor = height - MARGIN
        for value in self.ticks[0]:
            yield Label(self.place(value, self.y[0])[0], floor + 17, _number(value), "tick")
        for value in self.ticks[1]:
            yield Label(MARGIN - 7, self.place(self.x[0], value)[1] + 4, _number(value), "tick", "end")
        if self.names[0]:
            yield Label((MARGIN + width - TOP) / 2, height - 8, self.names[0], "axis")
        if self.names[1]:
            yield Label(12, (TOP + floor) / 2, self.names[1], "axis", turned=True)


def _number(value: float) -> str:
    return f"{value:g}".replace("-", "−")


def _clipped(corners: Sequence[Point], weights: Point, bias: float) -> list[Point]:
    """The part of a polygon where the weighted sum is above zero."""

    def height(point: Point) -> float:
        return weights[0] * point[0] + weights[1] * point[1] + bias

    kept: list[Point] = []
    for start, end in zip(corners, [*corners[1:], corners[0]], strict=True):
        low, high = height(start), height(end)
        if low > 0:
            kept.append(start)
        if (low > 0) != (high > 0):
            part = low / (low - high)
            kept.append((start[0] + part * (end[0] - start[0]), start[1] + part * (end[1] - start[1])))
    return kept


def _crossings(x: Range, y: Range, weights: Point, bias: float) -> list[Point]:
    """Where the line of sum zero meets the edges of the window."""
    found: set[Point] = set()
    first, second = weights
    if second:
        found |= {(value, -(bias + first * value) / second) for value in x}
    if first:
        found |= {(-(bias + second * value) / first, value) for value in y}
    slack = 1e-9 * math.hypot(x[1] - x[0], y[1] - y[0])
    seen = [
        p
        for p in sorted(found)
        if x[0] - slack <= p[0] <= x[1] + slack and y[0] - slack <= p[1] <= y[1] + slack
    ]
    apart = [p for k, p in enumerate(seen) if k == 0 or math.dist(p, seen[k - 1]) > slack]
    return [apart[0], apart[-1]] if len(apart) > 1 else []
