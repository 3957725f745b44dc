"""Drawings of networks of units with more in them: the numbers of their weights, and layers in colours.

Orange is the layer whose blame is known, blue the layer that it blames.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from symnet.data import Array
from symnet.documents.figures import network_drawing
from symnet.documents.figures.drawing import Circle, Drawing, Group, Label, Part, Path
from symnet.equations.program import Program
from symnet.story.plots import SQUARE
from symnet.story.teller import short

KNOWN, BLAMED = "output", "hidden"
"""The kinds of units that are drawn in orange and in blue."""
ROOMY = 18.0
"""The radius of a unit that has room for a number."""


def painted(program: Program, title: str, kinds: Mapping[str, str]) -> Drawing:
    """The network with the layers in `kinds` painted, and the others plain."""
    drawing = network_drawing(program)
    assert drawing is not None, "a network of layers has a drawing"
    kind = drawing.kind if drawing.width > SQUARE else f"{drawing.kind} beside"
    parts = tuple(_painted(part, kinds) for part in drawing.parts)
    return replace(drawing, title=title, parts=parts, kind=kind)


def _painted(part: Part, kinds: Mapping[str, str]) -> Part:
    """A layer's group in its colour; the lines into it, too, since its weights are on them."""
    if not isinstance(part, Group):
        return part
    stands_for = dict(part.data)
    kind = kinds.get(stands_for.get("layer", stands_for.get("edge", "").rpartition(">")[2]), "input")
    return replace(part, parts=tuple(_in_colour(inner, kind) for inner in part.parts))


def _in_colour(part: Part, kind: str) -> Part:
    if isinstance(part, Circle):
        return replace(part, kind=f"unit {kind}")
    if isinstance(part, Path):
        return replace(part, kind="edge" if kind == "input" else f"edge {kind}")
    return part


def weighted(drawing: Drawing, weights: Mapping[str, tuple[Array, Array]]) -> Drawing:
    """A drawing with the weights of each layer on its lines, and the biases at its units."""
    parts: list[Part] = []
    for part in drawing.parts:
        parts.append(part)
        stands_for = dict(part.data) if isinstance(part, Group) else {}
        if isinstance(part, Group) and "edge" in stands_for:
            matrix = weights[stands_for["edge"].rpartition(">")[2]][0]
            parts[-1] = replace(part, parts=tuple(p for p in part.parts if isinstance(p, Path)))
            parts += [_weight(line, matrix) for line in part.parts if isinstance(line, Path)]
        elif isinstance(part, Group) and stands_for.get("layer") in weights:
            bias = weights[stands_for["layer"]][1]
            large = [
                replace(inner, radius=ROOMY) if isinstance(inner, Circle) else inner for inner in part.parts
            ]
            circles = [circle for circle in large if isinstance(circle, Circle)]
            parts[-1] = replace(part, parts=tuple(large))
            parts += [
                Label(circle.x, circle.y + 4, short(float(bias[j])), "small strong")
                for j, circle in enumerate(circles)
            ]
    return replace(drawing, parts=tuple(parts))


def _weight(line: Path, matrix: Array) -> Label:
    """The number of a line, a third of the way along, where lines that cross do not meet."""
    (x1, y1), (x2, y2) = line.points
    ends = dict(line.data)
    value = matrix[int(ends["from"]), int(ends["to"])]
    return Label(x1 + (x2 - x1) * 0.32, y1 + (y2 - y1) * 0.32 - 4, short(float(value)), "small strong")
