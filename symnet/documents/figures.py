"""The network as a drawing: a column of units for each layer, an edge for each weight while they are few."""

from __future__ import annotations

import html
from dataclasses import dataclass
from itertools import pairwise

from symnet.equations.program import Program
from symnet.index.symbols import Role, Tensor

MOST = 7
"""So many units are drawn; of a larger layer the first and the last few, with dots between."""
STEP, GAP, RADIUS, TOP = 46, 170, 13, 30


@dataclass(frozen=True, slots=True)
class _Column:
    """A layer as it is drawn: how many units it has, and what stands below it."""

    units: int
    name: str
    kind: str  # "input", "hidden" or "output"

    @property
    def drawn(self) -> int:
        return min(self.units, MOST)


def network_figure(program: Program) -> str:
    """The layers of a network whose sizes are known, as SVG; empty where it is not made of layers."""
    columns = _columns(program)
    if len(columns) < 2:
        return ""
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
    title = " to ".join(str(column.units) for column in columns) + " units"
    head = f'<svg class="network" viewBox="0 0 {width} {height}" style="max-width:{width}px" role="img"'
    return f'{head} aria-label="{title}"><title>{title}</title>{"".join(parts)}</svg>'


def _unit(column: _Column, number: int, x: int, y: int) -> str:
    """A unit, or the dots that stand for those which are not drawn."""
    if column.units > column.drawn and number == column.drawn // 2:
        side = 2 * RADIUS
        gap = f'<rect class="gap" x="{x - RADIUS}" y="{y - RADIUS}" width="{side}" height="{side}"/>'
        return gap + _text("dots", x, y + 6, "⋮")
    return f'<circle class="unit {column.kind}" cx="{x}" cy="{y}" r="{RADIUS}"/>'


def _text(kind: str, x: int, y: int, words: str) -> str:
    return f'<text class="{kind}" x="{x}" y="{y}" text-anchor="middle">{html.escape(words)}</text>'


def _columns(program: Program) -> list[_Column]:
    """The input, then the last tensor of each layer."""
    inputs = program.of_role(Role.INPUT)
    last: dict[str, Tensor] = {}
    for equation in program.equations:
        if equation.origin.startswith("layer") and equation.tensor.rank == 2:
            last[equation.origin] = equation.tensor
    if len(inputs) != 1 or not last:
        return []
    found = [_column(program, inputs[0], inputs[0].name, "input")]
    for number, (origin, tensor) in enumerate(last.items(), start=1):
        kind = "output" if number == len(last) else "hidden"
        found.append(_column(program, tensor, origin, kind))
    return [column for column in found if column is not None] if None not in found else []


def _column(program: Program, tensor: Tensor, name: str, kind: str) -> _Column | None:
    extent = tensor.shape[-1]
    value = program.values.get(str(extent), extent if extent.is_Integer else None)
    return None if value is None else _Column(int(value), name, kind)


def _place(column: int, row: int, rows: int, height: int) -> tuple[int, int]:
    middle = (height - 36) / 2 + 6
    return 60 + GAP * column, round(middle + STEP * (row - (rows - 1) / 2))
