"""A network as circles and lines, with the numbers of its weights and with layers painted: orange for the
layer whose blame is known, blue for the layer that it blames.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

from symnet.data import Array
from symnet.story.plots import SQUARE
from symnet.story.teller import short

STEP, RADIUS, EDGE = 76, 17, 46
KNOWN, BLAMED = "known", "blamed"


def drawing(
    units: Sequence[int],
    names: Sequence[str],
    title: str,
    paint: Mapping[int, str] | None = None,
    weights: Sequence[tuple[Array, Array]] = (),
    gap: int = 150,
) -> str:
    """Columns of units, the inputs on the left; `paint` says which columns are known and which are blamed,
    and `weights` gives each layer's weights and biases, to be written at its edges and below its units.
    """
    paint = paint or {}
    height, width = STEP * max(units) + 40, 2 * EDGE + gap * (len(units) - 1)
    places = [
        [(EDGE + gap * k, (height - 30) / 2 + STEP * (row - (count - 1) / 2)) for row in range(count)]
        for k, count in enumerate(units)
    ]
    parts: list[str] = []
    for k in range(1, len(units)):
        kind = f"edge {paint.get(k, '')}".strip()
        for i, (x1, y1) in enumerate(places[k - 1]):
            for j, (x2, y2) in enumerate(places[k]):
                parts.append(f'<line class="{kind}" x1="{x1}" y1="{y1:g}" x2="{x2}" y2="{y2:g}"/>')
                if weights:
                    parts.append(_weight(weights[k - 1][0][i, j], (x1, y1), (x2, y2)))
    for k, column in enumerate(places):
        kind = paint.get(k, "input" if k == 0 else "")
        for j, (x, y) in enumerate(column):
            parts.append(f'<circle class="unit {kind}" cx="{x}" cy="{y:g}" r="{RADIUS}"/>')
            if weights and k:
                bias = short(float(weights[k - 1][1][j]))
                parts.append(_words("bias", x, y + RADIUS + 15, bias))
        parts.append(_words("label", column[0][0], height - 8, names[k]))
    words = html.escape(title)
    kind = "plot wide" if width > SQUARE else "plot"
    head = f'<svg class="{kind}" viewBox="0 0 {width} {height}" style="max-width:{width}px" role="img"'
    return f'{head} aria-label="{words}"><title>{words}</title>{"".join(parts)}</svg>'


def _weight(value: float, start: tuple[float, float], end: tuple[float, float]) -> str:
    """The number of an edge, a third of the way along, where edges that cross do not meet."""
    x, y = (first + (second - first) * 0.3 for first, second in zip(start, end, strict=True))
    return _words("weight", x, y - 5, short(float(value)))


def _words(kind: str, x: float, y: float, words: str) -> str:
    return f'<text class="{kind}" text-anchor="middle" x="{x:g}" y="{y:g}">{html.escape(words)}</text>'
