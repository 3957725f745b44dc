"""Charts of what a training run measured, as SVG that takes its colours from the page: a curve, a table of
counts.

Only numbers and the fixed words below enter the SVG, so there is nothing to escape.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

WIDTH, HEIGHT = 640, 280
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 16, 44
CELL, EDGE = 34, 60
POINTS = 500
"""So many points of a line are drawn, at most: as many as can be told apart."""


def curve(values: Sequence[float], label: str = "loss", unit: str = "epoch") -> str:
    """A line through `values`, one an epoch from epoch 1; logarithmic where they span more than a factor of
    50.
    """
    logarithmic = min(values) > 0 and max(values) / min(values) > 50
    low, high, ticks = _log_axis(values) if logarithmic else _linear_axis(values)
    measure = math.log10 if logarithmic else float
    middle, floor = (TOP + HEIGHT - BOTTOM) / 2, HEIGHT - BOTTOM

    def x(position: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * position / max(len(values) - 1, 1)

    def y(value: float) -> float:
        return floor - (floor - TOP) * (measure(value) - measure(low)) / (measure(high) - measure(low))

    parts = []
    for tick in ticks:
        parts.append(
            f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(tick):.1f}" y2="{y(tick):.1f}"/>'
        )
        parts.append(_text("tick", LEFT - 8, y(tick) + 4, f"{tick:g}", "end"))
    marked = sorted({round(k * (len(values) - 1) / 4) for k in range(5)})
    parts += [_text("tick", x(k), floor + 20, str(k + 1)) for k in marked]
    apart = math.ceil(len(values) / POINTS)
    drawn = [*range(0, len(values) - 1, apart), len(values) - 1]
    points = " ".join(f"{x(k):.1f},{y(values[k]):.1f}" for k in drawn)
    parts.append(f'<polyline class="curve" points="{points}"/>')
    parts.append(_text("axis", (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, unit))
    parts.append(_text("axis", 14, middle, label, turned=True))
    return _svg(WIDTH, HEIGHT, f"{label} by {unit}: from {values[0]:.3g} to {values[-1]:.3g}", parts)


def confusion(counts: Sequence[Sequence[int]]) -> str:
    """How often class i (row) was taken for class j (column): right answers on the diagonal, mistakes
    marked.
    """
    largest = max(max(row) for row in counts) or 1
    side = CELL * len(counts)
    parts = [
        _text("axis", EDGE + side / 2, 14, "predicted"),
        _text("axis", 16, EDGE + side / 2, "true", turned=True),
    ]
    for i, row in enumerate(counts):
        middle = EDGE + i * CELL + CELL / 2
        parts.append(_text("tick", middle, EDGE - 8, str(i)))
        parts.append(_text("tick", EDGE - 8, middle + 4, str(i), "end"))
        for j, count in enumerate(row):
            shade = 0.12 + 0.88 * count / largest if count else 0.0
            place = f'x="{EDGE + j * CELL}" y="{EDGE + i * CELL}" width="{CELL - 2}" height="{CELL - 2}"'
            parts.append(
                f'<rect class="{"right" if i == j else "wrong"}" {place} fill-opacity="{shade:.2f}"/>'
            )
            if count:
                kind = "count strong" if shade > 0.55 else "count"
                parts.append(_text(kind, EDGE + j * CELL + CELL / 2 - 1, middle + 4, str(count)))
    whole = sum(map(sum, counts))
    wrong = whole - sum(row[i] for i, row in enumerate(counts))
    return _svg(EDGE + side + 8, EDGE + side + 8, f"confusion matrix: {wrong} of {whole} wrong", parts)


def _text(kind: str, x: float, y: float, text: str, anchor: str = "middle", turned: bool = False) -> str:
    place = f'transform="translate({x:.1f} {y:.1f}) rotate(-90)"' if turned else f'x="{x:.1f}" y="{y:.1f}"'
    return f'<text class="{kind}" text-anchor="{anchor}" {place}>{text}</text>'


def _svg(width: float, height: float, title: str, parts: Sequence[str]) -> str:
    head = f'<svg class="chart" viewBox="0 0 {width} {height}" style="max-width:{width}px" role="img"'
    return f'{head} aria-label="{title}"><title>{title}</title>{"".join(parts)}</svg>'


def _linear_axis(values: Sequence[float]) -> tuple[float, float, list[float]]:
    low, high = min(0.0, *values), max(values)
    if high <= low:
        high = low + 1.0
    step = 10 ** math.floor(math.log10((high - low) / 2))
    step *= next(m for m in (1, 2, 5, 10) if (high - low) / (step * m) <= 5)
    first = math.ceil(low / step)
    ticks = [round(step * k, 12) for k in range(first, math.floor(high / step) + 1)]
    return low, high, ticks


def _log_axis(values: Sequence[float]) -> tuple[float, float, list[float]]:
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return 10.0**low, 10.0**high, [10.0**k for k in range(low, high + 1)]
