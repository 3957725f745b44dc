"""The network as a drawing.

Layers of units in a row are a column of units each, with an edge for each weight. Anything else, feature
maps, sequences, ways around a layer, is a line of layers from top to bottom, each with the shape of what it
gives, and an arc for what is read further down.
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from itertools import pairwise

from sympy import Integer

from symnet.equations.program import Program, reads
from symnet.index.symbols import Role, Size, Tensor

MOST = 7
"""So many units are drawn; of a larger layer the first and the last few, with dots between."""
STEP, GAP, RADIUS, TOP = 46, 170, 13, 30
ROW, NODE, MARGIN, WORDS = 30, 6, 18, 420
"""The line of layers: the step from one to the next, the radius of a layer, the space around them all, and to
the right of them.
"""


@dataclass(frozen=True, slots=True)
class _Layer:
    """An input or a layer: what it gives, and what it reads, as numbers of layers before it."""

    name: str
    gives: Tensor
    kind: str  # "input", "hidden" or "output"
    sources: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Column:
    """A layer as units: how many it has, and what stands below them."""

    units: int
    name: str
    kind: str

    @property
    def drawn(self) -> int:
        return min(self.units, MOST)


def network_figure(program: Program) -> str:
    """The layers of a network, as SVG; empty where it is not made of layers."""
    layers = _layers(program)
    if len(layers) < 2:
        return ""
    columns = [_column(program, layer) for layer in layers]
    if None not in columns and all(layer.sources == (k,) for k, layer in enumerate(layers[1:])):
        return _units([column for column in columns if column is not None])
    return _line(program, layers)


def _layers(program: Program) -> list[_Layer]:
    """The inputs that are read, then the layers in order; none where there are no layers."""
    groups: dict[str, list[str]] = {}
    for equation in program.equations:
        if equation.origin.startswith("layer"):
            groups.setdefault(equation.origin, []).append(equation.tensor.name)
    read = {
        origin: {name for made in names for name in reads(program.defining[made].rhs)} - set(names)
        for origin, names in groups.items()
    }
    inputs = [t for t in program.of_role(Role.INPUT) if any(t.name in names for names in read.values())]
    found = [_Layer(tensor.name, tensor, "input") for tensor in inputs] if groups else []
    number = {tensor.name: k for k, tensor in enumerate(inputs)}
    for k, (origin, names) in enumerate(groups.items(), start=1):
        sources = sorted({number[name] for name in read[origin] if name in number})
        kind = "output" if k == len(groups) else "hidden"
        found.append(_Layer(origin, program.tensors[names[-1]], kind, tuple(sources)))
        number |= dict.fromkeys(names, len(found) - 1)
    return found


def _units(columns: list[_Column]) -> str:
    """Columns of units, the inputs on the left."""
    height = TOP + STEP * max(column.drawn for column in columns) + 36
    width = 2 * 60 + GAP * (len(columns) - 1)
    places = [
        [_place(k, row, column.drawn, height) for row in range(column.drawn)]
        for k, column in enumerate(columns)
    ]
    parts: list[str] = []
    for left, right in pairwise(places):
        parts += [
            f'<line class="edge" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>'
            for x1, y1 in left
            for x2, y2 in right
        ]
    for column, units in zip(columns, places, strict=True):
        parts += [_unit(column, number, x, y) for number, (x, y) in enumerate(units)]
        parts.append(_text("label", units[0][0], height - 12, f"{column.name} ({column.units})"))
    return _svg(width, height, " to ".join(str(column.units) for column in columns) + " units", parts)


def _line(program: Program, layers: list[_Layer]) -> str:
    """Layers from top to bottom, the inputs first."""
    longest = max(number - source for number, layer in enumerate(layers) for source in layer.sources)
    left = MARGIN + _bulge(longest)
    parts: list[str] = []
    for number, layer in enumerate(layers):
        y = MARGIN + ROW * number
        for source in layer.sources:
            above, away = MARGIN + ROW * source, left - 2 * _bulge(number - source)
            parts.append(
                f'<path class="edge" fill="none" d="M{left} {above} Q{away} {(above + y) / 2:g} {left} {y}"/>'
            )
    for number, layer in enumerate(layers):
        y = MARGIN + ROW * number
        parts.append(f'<circle class="unit {layer.kind}" cx="{left}" cy="{y}" r="{NODE}"/>')
        parts.append(_text("label", left + 20, y + 4, layer.name, "start"))
        parts.append(_text("label", left + 220, y + 4, _shape(program, layer.gives), "start"))
    title = " to ".join(layer.name for layer in layers)
    return _svg(left + WORDS, 2 * MARGIN + ROW * (len(layers) - 1), title, parts)


def _bulge(distance: int) -> int:
    """How far to the left the arc goes to what is that many layers further down; straight to the next."""
    return 0 if distance == 1 else 10 + 6 * min(distance, 10)


def _shape(program: Program, tensor: Tensor) -> str:
    """The shape, in numbers as far as they are known."""
    known = {Size(name): Integer(int(value)) for name, value in program.values.items()}
    return " × ".join(str(extent.xreplace(known)) for extent in tensor.shape)


def _svg(width: int, height: int, title: str, parts: list[str]) -> str:
    words = html.escape(title)
    head = f'<svg class="network" viewBox="0 0 {width} {height}" style="max-width:{width}px" role="img"'
    return f'{head} aria-label="{words}"><title>{words}</title>{"".join(parts)}</svg>'


def _unit(column: _Column, number: int, x: int, y: int) -> str:
    """A unit, or the dots that stand for those which are not drawn."""
    if column.units > column.drawn and number == column.drawn // 2:
        side = 2 * RADIUS
        gap = f'<rect class="gap" x="{x - RADIUS}" y="{y - RADIUS}" width="{side}" height="{side}"/>'
        return gap + _text("dots", x, y + 6, "⋮")
    return f'<circle class="unit {column.kind}" cx="{x}" cy="{y}" r="{RADIUS}"/>'


def _text(kind: str, x: int, y: int, words: str, anchor: str = "middle") -> str:
    return f'<text class="{kind}" x="{x}" y="{y}" text-anchor="{anchor}">{html.escape(words)}</text>'


def _column(program: Program, layer: _Layer) -> _Column | None:
    """The layer as units; None where it is none, or their number is not known."""
    if layer.gives.rank != 2:
        return None
    extent = layer.gives.shape[-1]
    value = program.values.get(str(extent), extent if extent.is_Integer else None)
    return None if value is None else _Column(int(value), layer.name, layer.kind)


def _place(column: int, row: int, rows: int, height: int) -> tuple[int, int]:
    middle = (height - 36) / 2 + 6
    return 60 + GAP * column, round(middle + STEP * (row - (rows - 1) / 2))
