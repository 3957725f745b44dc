"""A network as a graph of boxes: each layer with the shape of what it gives and its parameters, below all
that it reads; ways around a layer, several inputs, shared parameters and loops as lines.
"""

from __future__ import annotations

from collections.abc import Sequence

from sympy import Integer, Mul

from symnet.documents.figures.drawing import (
    Box,
    Drawing,
    Group,
    Label,
    Part,
    Path,
    Point,
    Words,
    cut,
    flowing,
    room,
)
from symnet.documents.figures.layered import Layout, layout, rows_of
from symnet.documents.figures.network import Layer, shape_words
from symnet.documents.names import tensor_name
from symnet.documents.typeset import Node
from symnet.equations.program import Program
from symnet.index.symbols import Size
from symnet.messages import say, say_count

WIDE, HIGH, LOW, DOWN, MARGIN = 270.0, 46.0, 30.0, 24.0, 10.0
"""A box with parameters and one without, the space between two rows, and around them all."""
PAD, LOOP = 14.0, 30.0
FIRST, SECOND = 19.0, 37.0
"""How far below a box's edge its two lines stand."""


def boxes_drawing(program: Program, layers: Sequence[Layer]) -> Drawing:
    """The layers from top to bottom, the inputs first."""
    edges = [(source, number) for number, layer in enumerate(layers) for source in layer.sources]
    rows = rows_of(len(layers), edges)
    tied = sorted({(owner, k) for k, layer in enumerate(layers) for owner, _ in layer.shared} - {*edges})
    below = [(owner, number) for owner, number in tied if rows[owner] < rows[number]]
    found = layout([WIDE] * len(layers), [*edges, *below])
    grid = Grid(found, [HIGH if layer.parameters or layer.shared else LOW for layer in layers], DOWN, MARGIN)
    parts: list[Part] = []
    parts += [Path(grid.line(start, end, WIDE), "edge tied", bends=True) for start, end in below]
    parts += [
        Path(grid.across(start, end, WIDE), "edge tied") for start, end in tied if rows[start] == rows[end]
    ]
    for start, end in edges:
        path = Path(grid.line(start, end, WIDE), "edge strong", bends=True, arrow=True)
        edge = f"{(layers[start].origin, *layers[start].also)[-1]}>{layers[end].origin}"
        parts.append(Group((path,), "edges", (("edge", edge),)))
    for number, layer in enumerate(layers):
        parts.append(_box(program, layers, layer, *grid.corner(number, WIDE), grid.heights[number]))
    loops = LOOP * any(layer.recurs for layer in layers)
    told = say("The network as a graph of {count} layers, from its inputs down", count=len(layers))
    return Drawing(found.width + 2 * MARGIN + loops, grid.bottom, told, tuple(parts))


class Grid:
    """A layout with heights: where each row begins, and how lines go from node to node."""

    def __init__(self, found: Layout, heights: Sequence[float], down: float, margin: float) -> None:
        self.found, self.heights, self.margin = found, heights, margin
        self.tops: list[float] = []
        self.tall: list[float] = []
        y = margin
        for row in range(max(found.rows) + 1):
            tall = max(h for h, of in zip(heights, found.rows, strict=True) if of == row)
            self.tops.append(y)
            self.tall.append(tall)
            y += tall + down
        self.bottom = y - down + margin

    def corner(self, node: int, wide: float) -> Point:
        """The top left corner of a node."""
        row = self.found.rows[node]
        top = self.tops[row] + (self.tall[row] - self.heights[node]) / 2
        return self.margin + self.found.middles[node] - wide / 2, top

    def across(self, start: int, end: int, wide: float) -> tuple[Point, ...]:
        """The line between the sides of two nodes of a row that face each other."""
        left, right = sorted(self.corner(node, wide) for node in (start, end))
        y = left[1] + self.heights[start] / 2
        return (left[0] + wide, y), (right[0], y)

    def line(
        self, start: int, end: int, wide: float, pad: float = PAD, aside: tuple[float, float] = (0.0, 0.0)
    ) -> tuple[Point, ...]:
        """The line from below a node to above another one, past the rows between them; it leaves and reaches
        a node where that is straightest, at least `pad` from its corners, and then as far `aside`, at its
        two ends.
        """
        passing = [self.margin + x for x in self.found.passing[start, end]]
        first, last = (self.margin + self.found.middles[node] for node in (start, end))
        leave = min(max(passing[0] if passing else last, first - wide / 2 + pad), first + wide / 2 - pad)
        reach = min(max(passing[-1] if passing else first, last - wide / 2 + pad), last + wide / 2 - pad)
        points = [(leave + aside[0], self.corner(start, wide)[1] + self.heights[start])]
        for row, x in enumerate(passing, start=self.found.rows[start] + 1):
            side = 5.0 if aside[1] > 0 else -5.0 if aside[1] < 0 else 0.0
            points += [(x + side, self.tops[row]), (x + side, self.tops[row] + self.tall[row])]
        points.append((reach + aside[1], self.corner(end, wide)[1]))
        return flowing(points)


def _box(program: Program, layers: Sequence[Layer], layer: Layer, x: float, y: float, high: float) -> Group:
    """One layer: its name, the shape of what it gives, and below them its parameters."""
    shape = shape_words(program, layer.gives)
    name = cut(layer.name, WIDE - 40 - room(shape), "name")
    parts: list[Part] = [
        Box(x, y, WIDE, high, f"box {layer.kind}", 5),
        Box(x, y + 5, 4, high - 10, f"bar {layer.kind}"),
        Label(x + PAD, y + FIRST, name, "name", "start"),
        Label(x + WIDE - PAD, y + FIRST, shape, "label", "end"),
    ]
    if layer.parameters or layer.shared:
        count = _count(program, layer)
        parts.append(
            Label(
                x + PAD,
                y + SECOND,
                _parameters(layers, layer, WIDE - 3 * PAD - room(count, "small")),
                "small",
                "start",
            )
        )
        parts.append(Label(x + WIDE - PAD, y + SECOND, count, "small", "end"))
    if layer.recurs:
        right, low, top = x + WIDE, y + high * 0.75, y + high * 0.25
        turn = ((right, low), (right + LOOP, low + 4), (right + LOOP, top - 4), (right + 1, top))
        parts.append(Path(turn, "edge strong", bends=True, arrow=True))
    group = Group(tuple(parts), "layer", (("layer", layer.origin),))
    for origin in layer.also:  # what it stands for can be found by each of their names
        group = Group((group,), "layer", (("layer", origin),))
    return group


def _parameters(layers: Sequence[Layer], layer: Layer, most: float) -> Words:
    """The names of a layer's parameters, as many as there is room for; those of another layer with that
    layer's name.
    """
    named: list[Words] = [(tensor_name(tensor, bold=True),) for tensor in layer.parameters]
    named += [
        (tensor_name(tensor, bold=True), " ", say("({layer})", layer=layers[of].name))
        for of, tensor in layer.shared
    ]
    shown: tuple[str | Node, ...] = ()
    for k, words in enumerate(named):
        longer = (*shown, ", " * bool(shown), *words)
        more = f", … + {len(named) - k}" if k else ""
        if k and room(longer, "small") + room(more, "small") * (k + 1 < len(named)) > most:
            return (*shown, more)
        shown = longer
    return shown


def _count(program: Program, layer: Layer) -> str:
    """How many numbers a layer learns; empty where a size is not known, or they are those of another."""
    known = {Size(name): Integer(int(value)) for name, value in program.values.items()}
    counts = [Mul(*tensor.shape).xreplace(known) for tensor in layer.parameters]
    if not counts or not all(count.is_Integer for count in counts):
        return ""
    total = int(sum(counts))
    if layer.also:
        return say("{count} numbers each", count=f"{total:,}")
    return say_count("{count} number", "{count} numbers", total, count=f"{total:,}")
