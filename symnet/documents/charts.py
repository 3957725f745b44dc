"""Charts of what a training run measured, as SVG that takes its colours from the page: a curve, a table of counts.

Only numbers and the fixed words below enter the SVG, so there is nothing to escape.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

WIDTH, HEIGHT = 640, 280
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 16, 44


def curve(values: Sequence[float], label: str = "loss", unit: str = "epoch") -> str:
    """A line through `values`, one an epoch from epoch 1; logarithmic where they span more than a factor of 50."""
    logarithmic = min(values) > 0 and max(values) / min(values) > 50
    low, high, ticks = _log_axis(values) if logarithmic else _linear_axis(values)

    def x(position: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * position / max(len(values) - 1, 1)

    def y(value: float) -> float:
        share = (math.log10(value) - math.log10(low)) / (math.log10(high) - math.log10(low)) if logarithmic else (value - low) / (high - low)
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share

    points = " ".join(f"{x(k):.1f},{y(value):.1f}" for k, value in enumerate(values))
    grid = "".join(
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(t):.1f}" y2="{y(t):.1f}"/>'
        f'<text class="tick" text-anchor="end" x="{LEFT - 8}" y="{y(t) + 4:.1f}">{t:g}</text>'
        for t in ticks
    )
    steps = sorted({round(k * (len(values) - 1) / 4) for k in range(5)})
    below = "".join(
        f'<text class="tick" text-anchor="middle" x="{x(k):.1f}" y="{HEIGHT - BOTTOM + 20}">{k + 1}</text>' for k in steps
    )
    title = f"{label} by {unit}: from {values[0]:.3g} to {values[-1]:.3g}"
    return _svg(
        WIDTH,
        HEIGHT,
        title,
        f'{grid}{below}<polyline class="curve" points="{points}"/>'
        f'<text class="axis" text-anchor="middle" x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 6}">{unit}</text>'
        f'<text class="axis" text-anchor="middle" transform="translate(14 {(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)">{label}</text>',
    )


def confusion(counts: Sequence[Sequence[int]]) -> str:
    """How often class i (row) was taken for class j (column): right answers on the diagonal, mistakes in the warning colour."""
    n, cell = len(counts), 34
    largest = max(max(row) for row in counts) or 1
    cells = []
    for i, row in enumerate(counts):
        for j, count in enumerate(row):
            shade = 0.12 + 0.88 * count / largest if count else 0
            kind = "right" if i == j else "wrong"
            x, y = 60 + j * cell, 40 + i * cell
            cells.append(f'<rect class="{kind}" x="{x}" y="{y}" width="{cell - 2}" height="{cell - 2}" fill-opacity="{shade:.2f}"/>')
            strong = " strong" if shade > 0.55 else ""
            if count:
                cells.append(f'<text class="count{strong}" text-anchor="middle" x="{x + cell / 2 - 1}" y="{y + cell / 2 + 4}">{count}</text>')
    names = "".join(
        f'<text class="tick" text-anchor="middle" x="{60 + k * cell + cell / 2}" y="32">{k}</text>'
        f'<text class="tick" text-anchor="end" x="52" y="{40 + k * cell + cell / 2 + 4}">{k}</text>'
        for k in range(n)
    )
    side = 60 + n * cell + 8
    axes = (
        f'<text class="axis" text-anchor="middle" x="{60 + n * cell / 2}" y="14">predicted</text>'
        f'<text class="axis" text-anchor="middle" transform="translate(16 {40 + n * cell / 2}) rotate(-90)">true</text>'
    )
    wrong = sum(map(sum, counts)) - sum(row[i] for i, row in enumerate(counts))
    return _svg(side, 40 + n * cell + 8, f"confusion matrix: {wrong} of {sum(map(sum, counts))} wrong", axes + names + "".join(cells))


def _svg(width: float, height: float, title: str, inside: str) -> str:
    return (
        f'<svg class="chart" viewBox="0 0 {width} {height}" style="max-width:{width}px" role="img" aria-label="{title}">'
        f"<title>{title}</title>{inside}</svg>"
    )


def _linear_axis(values: Sequence[float]) -> tuple[float, float, list[float]]:
    low, high = min(0.0, min(values)), max(values)
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
