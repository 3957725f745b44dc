"""The graph of the computation with its adjoints: every tensor in a box with the number of its equation, and
beside it its adjoint with the number of its own; forward arrows down on the left, backward ones up on the
right.

Of a long derivation only the layers are drawn, each by what it gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from symnet.derivation.journal import Adjoint
from symnet.documents import typeset as t
from symnet.documents.context import Context
from symnet.documents.figures.boxes import Grid
from symnet.documents.figures.drawing import Box, Drawing, Group, Label, Part, Path, room
from symnet.documents.figures.layered import Layout, layout
from symnet.documents.figures.network import folded, layers_of
from symnet.documents.names import tensor_name
from symnet.documents.typeset import Node, row
from symnet.equations.program import Equation, Program, reads
from symnet.index.symbols import Role, Tensor
from symnet.messages import say

MOST, BREADTH = 30, 1060.0
"""So many tensors are drawn one by one, at most, and so wide."""
UNDRAWN = (Role.STATE, Role.HYPERPARAMETER)
"""What is no part of the derivative."""
HIGH, DOWN, MARGIN, LEAST, CELL = 34.0, 30.0, 10.0, 84.0, 16.0


@dataclass(frozen=True, slots=True)
class Knot:
    """A tensor with its adjoint, if it has one."""

    tensor: Tensor
    label: str  # the number of its equation; empty for what is given
    adjoint: Tensor | None
    adjoint_label: str
    sources: tuple[int, ...]  # the numbers of what it is computed from
    blamed: frozenset[int]  # those of them that it passes blame to
    origin: str = ""  # the layer that it stands for
    is_loss: bool = False  # whose adjoint is 1


def computation_drawing(context: Context) -> Drawing | None:
    """The graph up to the loss; None where nothing is derived."""
    if not context.derived.adjoints:
        return None
    knots = _tensors(context)
    wide = _width(knots)
    found = _layout(knots, wide) if len(knots) <= MOST else None
    if found is None or found.width > BREADTH:
        knots = _layers(context)
        if not knots:
            return None
        wide = _width(knots)
        found = _layout(knots, wide)
    return _drawn(knots, found, wide)


def _tensors(context: Context) -> list[Knot]:
    """Every tensor that the loss is computed from, the given ones right before the first that reads them."""
    derived = context.derived
    program, adjoints = derived.primal, {adjoint.of.name: adjoint for adjoint in derived.adjoints}
    wanted = program.sources(derived.loss.name)
    numbers: dict[str, int] = {}
    knots: list[Knot] = []

    def add(tensor: Tensor, sources: Sequence[str]) -> None:
        adjoint = adjoints.get(tensor.name)
        told = frozenset(
            numbers[name]
            for name in sources
            if name in adjoints and any(c.use.tensor == tensor for c in adjoints[name].contributions)
        )
        numbers[tensor.name] = len(knots)
        label = str(context.numbers[tensor.name]) if sources else ""
        reached = tuple(numbers[name] for name in sources)
        is_loss = tensor == derived.loss
        knots.append(Knot(tensor, label, *_told(context, adjoint), reached, told, is_loss=is_loss))

    for equation in program.equations:
        if equation.tensor.name in wanted:
            read = _read(program, equation)
            for name in read:
                if name not in numbers and name not in program.defining:
                    add(program.tensors[name], ())
            add(equation.tensor, [name for name in read if name in numbers])
    return knots


def _read(program: Program, equation: Equation) -> list[str]:
    """What an equation reads, apart from itself: first what comes from above."""
    names = [name for name in reads(equation.rhs) if program.tensors[name].role not in UNDRAWN]
    names = [name for name in dict.fromkeys(names) if name != equation.tensor.name]
    return sorted(names, key=lambda name: program.tensors[name].role not in (Role.INPUT, Role.INTERMEDIATE))


def _told(context: Context, adjoint: Adjoint | None) -> tuple[Tensor | None, str]:
    """The tensor that an adjoint is, and the number of its equation."""
    if adjoint is None:
        return None, ""
    return adjoint.equation.tensor, context.label(adjoint.equation)


def _layers(context: Context) -> list[Knot]:
    """The inputs and the layers, and the loss."""
    derived = context.derived
    layers = folded(derived.primal, layers_of(derived.primal))
    if not layers:
        return []
    adjoints = {adjoint.of.name: adjoint for adjoint in derived.adjoints}
    knots: list[Knot] = []
    for layer in layers:
        label = str(context.numbers.get(layer.gives.name, ""))
        blamed = frozenset(k for k in layer.sources if layers[k].gives.name in adjoints)
        adjoint = adjoints.get(layer.gives.name)
        name = layer.name if layer.kind != "input" else ""
        knots.append(Knot(layer.gives, label, *_told(context, adjoint), layer.sources, blamed, name))
    before = derived.primal.sources(derived.loss.name)
    given = {layer.gives.name: k for k, layer in enumerate(layers)}
    last = {
        name
        for equation in derived.primal.equations
        if equation.tensor.name in before and not equation.origin.startswith("layer")
        for name in reads(equation.rhs)
    }
    sources = tuple(sorted(given[name] for name in last if name in given)) or (len(layers) - 1,)
    adjoint = adjoints.get(derived.loss.name)
    blamed = frozenset(k for k in sources if layers[k].gives.name in adjoints)
    label = str(context.numbers[derived.loss.name])
    return [*knots, Knot(derived.loss, label, *_told(context, adjoint), sources, blamed, is_loss=True)]


def _width(knots: Sequence[Knot]) -> float:
    """How wide every box is: two cells, each with a name and a number."""
    return 2 * max([LEAST / 2, *(CELL + room(words) for knot in knots for words in _cells(knot))])


def _cells(knot: Knot) -> list[tuple[str | Node, ...]]:
    """What stands in the two halves of a box."""
    origin = (say("{layer}:", layer=knot.origin), "  ") if knot.origin else ()
    cells: list[tuple[str | Node, ...]] = [(*origin, *_cell(knot.tensor, knot.label))]
    if knot.adjoint is not None:
        return [*cells, _cell(knot.adjoint, knot.adjoint_label)]
    return (
        [*cells, (row(t.Accent(tensor_name(knot.tensor)), t.EQUALS, t.Number("1")),)]
        if knot.is_loss
        else cells
    )


def _cell(tensor: Tensor, label: str) -> tuple[str | Node, ...]:
    name = tensor_name(tensor, bold=tensor.rank > 0)
    return (name, f"  ({label})") if label else (name,)


def _layout(knots: Sequence[Knot], wide: float) -> Layout:
    edges = [(source, number) for number, knot in enumerate(knots) for source in knot.sources]
    beside = {k for k, knot in enumerate(knots) if knot.tensor.role not in (Role.INPUT, Role.INTERMEDIATE)}
    return layout([wide if len(_cells(knot)) > 1 else wide / 2 for knot in knots], edges, beside)


def _drawn(knots: Sequence[Knot], found: Layout, wide: float) -> Drawing:
    grid = Grid(found, [HIGH] * len(knots), DOWN, MARGIN)
    aside, parts = wide / 4, list[Part]()
    for number, knot in enumerate(knots):
        for source in knot.sources:
            left = -aside if len(_cells(knots[source])) > 1 else 0.0
            line = grid.line(source, number, 0.0, 0.0, (left, -aside if len(_cells(knot)) > 1 else 0.0))
            parts.append(Path(line, "edge strong", bends=True, arrow=True))
            if source in knot.blamed:
                back = grid.line(source, number, 0.0, 0.0, (aside, aside))
                parts.append(Path(back[::-1], "edge back", bends=True, arrow=True))
    for number, knot in enumerate(knots):
        parts.append(_box(knot, *grid.corner(number, wide if len(_cells(knot)) > 1 else wide / 2), wide / 2))
    told = say("The graph of the computation: {count} tensors, each with its adjoint", count=len(knots))
    return Drawing(found.width + 2 * MARGIN, grid.bottom, told, tuple(parts), "graph")


def _box(knot: Knot, x: float, y: float, half: float) -> Group:
    parts: list[Part] = [Box(x, y, half, HIGH, "box" if knot.label else "box given", 4)]
    first, *second = _cells(knot)
    parts.append(Label(x + half / 2, y + 22, first, "label strong"))
    for words in second:
        parts.append(Box(x + half, y, half, HIGH, "box adjoint", 4))
        parts.append(Label(x + 1.5 * half, y + 22, words, "label lit"))
    data = [("of", knot.tensor.name), *([("adjoint", knot.adjoint.name)] if knot.adjoint else [])]
    return Group(tuple(parts), "tensor", tuple(data))
