"""Where a function, known at the points of a grid, is at least a number: as areas, and the line around them.

Between two points of the grid the function is taken to change evenly.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from symnet.documents.figures.drawing import Point, square

Grid = Sequence[Sequence[float]]
"""Values by row and column."""


def areas(
    values: Grid, level: float, xs: Sequence[float], ys: Sequence[float]
) -> Iterator[tuple[Point, ...]]:
    """Where the function is at least `level`: what of each cell is, whole cells of a row in one piece."""
    for row in range(len(ys) - 1):
        start = None
        for column in range(len(xs) - 1):
            corners = _corners(values, row, column, xs, ys)
            whole = all(value >= level for _, value in corners)
            if whole and start is None:
                start = column
            if not whole and start is not None:
                yield square(xs[start], ys[row], xs[column] - xs[start], ys[row + 1] - ys[row])
                start = None
            if not whole and any(value >= level for _, value in corners):
                yield _clipped(corners, level)
        if start is not None:
            yield square(xs[start], ys[row], xs[-1] - xs[start], ys[row + 1] - ys[row])


def border(values: Grid, level: float, xs: Sequence[float], ys: Sequence[float]) -> list[tuple[Point, ...]]:
    """The line where the function is `level`, in pieces that are as long as can be."""
    ends: dict[Point, list[Point]] = {}
    for row in range(len(ys) - 1):
        for column in range(len(xs) - 1):
            crossed = list(_crossed(_corners(values, row, column, xs, ys), level))
            for a, b in zip(crossed[::2], crossed[1::2], strict=False):
                if a != b:
                    ends.setdefault(a, []).append(b)
                    ends.setdefault(b, []).append(a)
    lines = []
    for start in sorted(ends, key=lambda point: (len(ends[point]), point)):  # open ends first
        while ends[start]:
            line = [start]
            while ends[line[-1]]:
                after = ends[line[-1]].pop()
                ends[after].remove(line[-1])
                line.append(after)
            lines.append(tuple(line))
    return lines


def _corners(
    values: Grid, row: int, column: int, xs: Sequence[float], ys: Sequence[float]
) -> list[tuple[Point, float]]:
    """The corners of a cell one after the other, with the values there."""
    places = ((row, column), (row, column + 1), (row + 1, column + 1), (row + 1, column))
    return [((xs[j], ys[i]), values[i][j]) for i, j in places]


def _clipped(corners: Sequence[tuple[Point, float]], level: float) -> tuple[Point, ...]:
    found: list[Point] = []
    for (point, value), (after, next_value) in zip(corners, [*corners[1:], corners[0]], strict=True):
        if value >= level:
            found.append(point)
        if (value >= level) != (next_value >= level):
            found.append(_between(point, value, after, next_value, level))
    return tuple(found)


def _crossed(corners: Sequence[tuple[Point, float]], level: float) -> Iterator[Point]:
    """Where the sides of a cell are crossed."""
    for (point, value), (after, next_value) in zip(corners, [*corners[1:], corners[0]], strict=True):
        if (value >= level) != (next_value >= level):
            yield _between(point, value, after, next_value, level)


def _between(a: Point, at_a: float, b: Point, at_b: float, level: float) -> Point:
    """The point of a side where the function is `level`, the same from whichever end it is looked at."""
    if b < a:
        a, at_a, b, at_b = b, at_b, a, at_a
    share = (level - at_a) / (at_b - at_a)
    return round(a[0] + share * (b[0] - a[0]), 3), round(a[1] + share * (b[1] - a[1]), 3)
