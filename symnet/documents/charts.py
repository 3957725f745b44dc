"""Charts of what a training run measured: a curve, a table of counts, the field of a predictor over its two
inputs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from symnet.documents.figures.axes import axis, tick_words, ticks
from symnet.documents.figures.contours import areas, border
from symnet.documents.figures.drawing import Box, Circle, Drawing, Label, Part, Patches, Path
from symnet.documents.outline import Field
from symnet.messages import say

WIDTH, HEIGHT = 640.0, 280.0
LEFT, RIGHT, TOP, BOTTOM = 64.0, 16.0, 16.0, 44.0
CELL, EDGE = 34.0, 60.0
POINTS = 500
"""So many points of a line are drawn, at most: as many as can be told apart."""
SIDE = 300.0
BANDS, SHADE = (0.0, 0.2, 0.4, 0.6, 0.8), 0.14
"""The bands of a field: where each begins, and how much darker it is than the one before."""
CLASSES = 6
"""So many classes have a colour of their own."""


def curve(values: Sequence[float], label: str = say("loss"), unit: str = say("epoch")) -> Drawing:
    """A line through `values`, one an epoch from epoch 1; logarithmic where they span much."""
    up, count = axis(values), len(values)
    floor, right = HEIGHT - BOTTOM, WIDTH - RIGHT

    def x(epoch: float) -> float:
        return LEFT + (right - LEFT) * (epoch - 1) / max(count - 1, 1)

    def y(value: float) -> float:
        return floor - (floor - TOP) * up.share(value)

    parts: list[Part] = []
    fine = [tick for tick in up.fine if tick not in up.ticks]
    parts += [Path(((LEFT, y(tick)), (right, y(tick))), "grid fine") for tick in fine]
    for tick in up.ticks:
        parts.append(Path(((LEFT, y(tick)), (right, y(tick))), "grid"))
        parts.append(Label(LEFT - 8, y(tick) + 4, tick_words(tick), "tick", "end"))
    marked = (
        [epoch for epoch in ticks(0, count, 8) if epoch >= 1 and epoch == int(epoch)] if count > 1 else []
    )
    for epoch in [1, *(epoch for epoch in marked if x(epoch) - x(1) > 24)]:
        parts.append(Path(((x(epoch), floor), (x(epoch), floor + 4)), "grid"))
        parts.append(Label(x(epoch), floor + 18, f"{epoch:g}", "tick"))
    apart = math.ceil(count / POINTS)
    drawn = [*range(0, count - 1, apart), count - 1]
    parts.append(Path(tuple((x(k + 1), y(values[k])) for k in drawn), "curve"))
    parts.append(Label((LEFT + right) / 2, HEIGHT - 6, unit, "axis"))
    parts.append(Label(14, (TOP + floor) / 2, label, "axis", turned=True))
    told = say(
        "{label} by {unit}: from {first} to {last}",
        label=label,
        unit=unit,
        first=f"{values[0]:.3g}",
        last=f"{values[-1]:.3g}",
    )
    return Drawing(WIDTH, HEIGHT, told, tuple(parts), "chart")


def confusion(counts: Sequence[Sequence[int]]) -> Drawing:
    """How often class i (row) was taken for class j (column): right answers on the diagonal, mistakes
    marked.
    """
    largest = max(max(row) for row in counts) or 1
    side = CELL * len(counts)
    parts: list[Part] = [
        Label(EDGE + side / 2, 14, say("predicted"), "axis"),
        Label(16, EDGE + side / 2, say("true"), "axis", turned=True),
    ]
    for i, row in enumerate(counts):
        middle = EDGE + i * CELL + CELL / 2
        parts.append(Label(middle - 1, EDGE - 8, str(i), "tick"))
        parts.append(Label(EDGE - 8, middle + 4, str(i), "tick", "end"))
        for j, count in enumerate(row):
            shade = 0.12 + 0.88 * count / largest if count else 0.0
            x, y, cell = EDGE + j * CELL, EDGE + i * CELL, CELL - 2
            parts.append(Box(x, y, cell, cell, "field", 2))
            if count:
                corners = ((x, y), (x + cell, y), (x + cell, y + cell), (x, y + cell))
                parts.append(Patches((corners,), "right" if i == j else "wrong", shade))
                parts.append(
                    Label(
                        x + CELL / 2 - 1, middle + 4, str(count), "count strong" if shade > 0.55 else "count"
                    )
                )
    whole = sum(map(sum, counts))
    wrong = whole - sum(row[i] for i, row in enumerate(counts))
    told = say("confusion matrix: {wrong} of {whole} wrong", wrong=wrong, whole=whole)
    return Drawing(EDGE + side + 8, EDGE + side + 8, told, tuple(parts), "chart")


def boundary(field: Field) -> Drawing:
    """What a predictor says of each point of the plane of its two inputs, where it changes its mind, and the
    samples.
    """
    floor, (low, high), (bottom, top) = TOP + SIDE, field.across, field.up
    rows, columns = len(field.values[0]), len(field.values[0][0])
    xs = [LEFT + SIDE * k / (columns - 1) for k in range(columns)]
    ys = [floor - SIDE * k / (rows - 1) for k in range(rows)]
    parts: list[Part] = [Box(LEFT, TOP, SIDE, SIDE, "field")]
    grids = field.values
    if len(grids) == 1:  # one output tells two classes
        grids = (tuple(tuple(-value for value in row) for row in grids[0]), *grids)
    sides = [(grid, f"c{k % CLASSES}") for k, grid in enumerate(grids)]
    for grid, kind in sides:
        for level in BANDS:
            found = tuple(areas(grid, level, xs, ys))
            parts += [Patches(found, kind, SHADE)] if found else []
    for grid, _ in sides[-1:] if len(field.values) == 1 else sides:
        parts += [Path(line, "line") for line in border(grid, 0.0, xs, ys)]
    parts.append(Box(LEFT, TOP, SIDE, SIDE, "frame"))
    for x, y, of in field.points:
        place = LEFT + SIDE * (x - low) / (high - low), floor - SIDE * (y - bottom) / (top - bottom)
        parts.append(Circle(*place, 6 if len(field.points) <= 50 else 3.5, f"point c{of % CLASSES}"))
    for tick in ticks(low, high, 5):
        parts.append(Label(LEFT + SIDE * (tick - low) / (high - low), floor + 18, tick_words(tick), "tick"))
    for tick in ticks(bottom, top, 5):
        y = floor - SIDE * (tick - bottom) / (top - bottom) + 4
        parts.append(Label(LEFT - 8, y, tick_words(tick), "tick", "end"))
    parts.append(Label(LEFT + SIDE / 2, floor + 38, field.names[0], "axis"))
    parts.append(Label(18, TOP + SIDE / 2, field.names[1], "axis", turned=True))
    told = say("What the trained network says of each point, the line where that changes, and the samples")
    return Drawing(LEFT + SIDE + RIGHT, floor + BOTTOM, told, tuple(parts), "chart")
