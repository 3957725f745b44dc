"""A network of layers in a row as units: a column for each layer, and a line for each weight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from symnet.documents.figures.drawing import Circle, Drawing, Group, Label, Part, Path, Words, cut, room
from symnet.documents.figures.network import Layer, shape_words
from symnet.documents.names import tensor_name
from symnet.equations.program import Program
from symnet.messages import say, say_count

MOST, KEPT = 7, 3
"""So many units are drawn; of a larger layer the first and the last few, with dots between."""
STEP, GAP, RADIUS, MARGIN, FOOT = 46.0, 150.0, 13.0, 18.0, 44.0


def units_drawing(program: Program, layers: Sequence[Layer], units: Sequence[int]) -> Drawing:
    """Columns of units, the inputs on the left; what parts them above, what they are below."""
    feet = [cut(layer.name, 120) for layer in layers]
    heads = [_parameters(program, layer) for layer in layers]
    spaces = [max([GAP, *(room(line, "small") + 34 for line in head)]) for head in heads[1:]]
    margin = max(MARGIN + RADIUS, *(room(foot) / 2 + 6 for foot in (feet[0], feet[-1])))
    x = [margin]
    for space in spaces:
        x.append(x[-1] + space)
    head = 20 + 15 * max(len(lines) for lines in heads)
    height = head + STEP * (max(min(count, MOST) for count in units)) + FOOT
    places = [_places(count, x[k], head, height) for k, count in enumerate(units)]
    parts: list[Part] = []
    for k, (left, right) in enumerate(pairwise(places)):
        lines = tuple(
            Path((start, end), "edge", data=(("from", str(i)), ("to", str(j))))
            for i, start in left.items()
            for j, end in right.items()
        )
        named = tuple(
            Label((x[k] + x[k + 1]) / 2, 16 + 15 * row, words, "small")
            for row, words in enumerate(heads[k + 1])
        )
        edge = f"{layers[k].origin}>{layers[k + 1].origin}"
        parts.append(Group((*lines, *named), "edges", (("edge", edge),)))
    for k, (layer, count) in enumerate(zip(layers, units, strict=True)):
        circles = [
            Circle(*at, RADIUS, f"unit {layer.kind}", (("unit", str(i)),)) for i, at in places[k].items()
        ]
        dots = [Label(x[k], (head + height - FOOT) / 2 + 7, "⋮", "dots")] if count > MOST else []
        feet_of = [
            Label(x[k], height - 26, feet[k], "label strong"),
            Label(x[k], height - 9, say_count("{number} unit", "{number} units", count), "small"),
        ]
        parts.append(Group((*circles, *dots, *feet_of), "layer", (("layer", layer.origin),)))
    told = say(
        "The network as units: {counts}, from its inputs to its outputs", counts=" – ".join(map(str, units))
    )
    return Drawing(x[-1] + margin, height, told, tuple(parts))


def _places(count: int, x: float, head: float, height: float) -> Mapping[int, tuple[float, float]]:
    """The place of each unit that is drawn, by its number."""
    drawn = list(range(count)) if count <= MOST else [*range(KEPT), *range(count - KEPT, count)]
    rows = list(range(count)) if count <= MOST else [*range(KEPT), *range(KEPT + 1, 2 * KEPT + 1)]
    middle = (head + height - FOOT) / 2
    last = min(count, MOST) - 1
    return {unit: (x, middle + STEP * (row - last / 2)) for unit, row in zip(drawn, rows, strict=True)}


def _parameters(program: Program, layer: Layer) -> list[Words]:
    """The parameters of a layer with their shapes, a line each."""
    tensors = [*layer.parameters, *(tensor for _, tensor in layer.shared)]
    return [
        (tensor_name(tensor, bold=True), f"  {shape_words(program, tensor)}")
        for tensor in tensors
        if tensor.rank
    ]
