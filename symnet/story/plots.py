"""Drawings of computed numbers in a plane, as SVG that takes its colours from the page: points and the lines
that part them, shades of an answer, curves with their tangents.

Words come from the caller and are escaped; everything else is numbers.
"""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence

Range = tuple[float, float]
Pair = tuple[float, float]
MARGIN = 46
TOP = 12
RADIUS = 8
SQUARE = 340
"""Drawings of this width stand beside each other; wider ones alone."""


class Plot:
    """A plane with two axes, to draw in. What is drawn later lies above."""

    def __init__(
        self,
        x: Range,
        y: Range,
        size: tuple[int, int] = (SQUARE, SQUARE),
        ticks: tuple[Sequence[float], Sequence[float]] = ((0, 1), (0, 1)),
        names: tuple[str, str] = ("", ""),
    ) -> None:
        self.x, self.y, self.size = x, y, size
        self.ticks, self.names = ticks, names
        self.parts: list[str] = []

    def place(self, x: float, y: float) -> Pair:
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
        tiles: dict[str, list[str]] = {}
        for i, row in enumerate(values):
            for j, value in enumerate(row):
                path = (
                    f"M{left + j * wide:.1f} {bottom - (i + 1) * high:.1f}h{wide:.1f}v{high:.1f}h-{wide:.1f}z"
                )
                tiles.setdefault(f"{round(value * 50) / 50:.2f}", []).append(path)
        for level in sorted(tiles):
            if float(level) > 0:
                self.parts.append(f'<path class="shade" fill-opacity="{level}" d="{"".join(tiles[level])}"/>')

    def side(self, *halves: tuple[Pair, float]) -> None:
        """Where each of the weighted sums, given by weights and bias, is above zero."""
        (left, right), (low, high) = self.x, self.y
        kept = [(left, low), (right, low), (right, high), (left, high)]
        for weights, bias in halves:
            kept = _clipped(kept, weights, bias)
        if kept:
            self.parts.append(f'<polygon class="side" points="{self._points(kept)}"/>')

    def border(self, weights: Pair, bias: float, kind: str = "", opacity: float = 1.0) -> None:
        """The line on which the weighted sum is zero, as far as it is to be seen."""
        ends = _crossings(self.x, self.y, weights, bias)
        if len(ends) == 2:
            self.line(ends[0], ends[1], f"border {kind}".strip(), opacity)

    def line(self, start: Pair, end: Pair, kind: str, opacity: float = 1.0) -> None:
        """A straight line."""
        (x1, y1), (x2, y2) = self.place(*start), self.place(*end)
        faint = "" if opacity == 1 else f' stroke-opacity="{opacity:.2f}"'
        self.parts.append(
            f'<line class="{kind}"{faint} x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'
        )

    def curve(self, points: Iterable[Pair], kind: str = "curve") -> None:
        """A line through the points."""
        self.parts.append(f'<polyline class="{kind}" points="{self._points(points)}"/>')

    def point(self, x: float, y: float, yes: bool, label: str = "") -> None:
        """A point: full for yes, empty for no."""
        left, top = self.place(x, y)
        self.parts.append(
            f'<circle class="{"yes" if yes else "no"}" cx="{left:.1f}" cy="{top:.1f}" r="{RADIUS}"/>'
        )
        if label:
            self.words(x, y, label, dx=RADIUS + 5, dy=-8)

    def mark(self, x: float, y: float) -> None:
        """Where something is on a curve."""
        left, top = self.place(x, y)
        self.parts.append(f'<circle class="mark" cx="{left:.1f}" cy="{top:.1f}" r="5"/>')

    def words(
        self, x: float, y: float, words: str, kind: str = "label", dx: float = 0, dy: float = 0
    ) -> None:
        """Words that begin at a place."""
        left, top = self.place(x, y)
        self.parts.append(_words(kind, left + dx, top + dy, "start", words))

    def svg(self, title: str) -> str:
        """The drawing; `title` is read to whoever does not see it."""
        width, height = self.size
        words = html.escape(title)
        kind = "plot wide" if width > SQUARE else "plot"
        head = f'<svg class="{kind}" viewBox="0 0 {width} {height}" style="max-width:{width}px" role="img"'
        body = "".join([*self._grid(), *self.parts, *self._axes()])
        return f'{head} aria-label="{words}"><title>{words}</title>{body}</svg>'

    def _grid(self) -> Iterable[str]:
        for value in self.ticks[0]:
            (x, top), (_, bottom) = self.place(value, self.y[1]), self.place(value, self.y[0])
            yield f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{top:.1f}" y2="{bottom:.1f}"/>'
        for value in self.ticks[1]:
            (left, y), (right, _) = self.place(self.x[0], value), self.place(self.x[1], value)
            yield f'<line class="grid" x1="{left:.1f}" x2="{right:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>'

    def _axes(self) -> Iterable[str]:
        width, height = self.size
        floor = height - MARGIN
        for value in self.ticks[0]:
            x = self.place(value, self.y[0])[0]
            yield _words("tick", x, floor + 17, "middle", _number(value))
        for value in self.ticks[1]:
            y = self.place(self.x[0], value)[1]
            yield _words("tick", MARGIN - 7, y + 4, "end", _number(value))
        if self.names[0]:
            yield _words("axis", (MARGIN + width - TOP) / 2, height - 8, "middle", self.names[0])
        if self.names[1]:
            turned = f'transform="translate(12 {(TOP + floor) / 2:g}) rotate(-90)"'
            words = html.escape(self.names[1])
            yield f'<text class="axis" text-anchor="middle" {turned}>{words}</text>'

    def _points(self, points: Iterable[Pair]) -> str:
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in (self.place(*point) for point in points))


def _words(kind: str, x: float, y: float, anchor: str, words: str) -> str:
    place = f'text-anchor="{anchor}" x="{x:.1f}" y="{y:.1f}"'
    return f'<text class="{kind}" {place}>{html.escape(words)}</text>'


def _number(value: float) -> str:
    return f"{value:g}".replace("-", "−")


def _clipped(corners: Sequence[Pair], weights: Pair, bias: float) -> list[Pair]:
    """The part of a polygon where the weighted sum is above zero."""

    def height(point: Pair) -> float:
        return weights[0] * point[0] + weights[1] * point[1] + bias

    kept: list[Pair] = []
    for start, end in zip(corners, [*corners[1:], corners[0]], strict=True):
        low, high = height(start), height(end)
        if low > 0:
            kept.append(start)
        if (low > 0) != (high > 0):
            part = low / (low - high)
            kept.append((start[0] + part * (end[0] - start[0]), start[1] + part * (end[1] - start[1])))
    return kept


def _crossings(x: Range, y: Range, weights: Pair, bias: float) -> list[Pair]:
    """Where the line of sum zero meets the edges of the window."""
    found: set[Pair] = set()
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
