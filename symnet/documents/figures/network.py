"""The network as a drawing: which layers there are, what each gives, reads and owns.

Layers of units in a row are drawn unit by unit (`units.py`), anything else as a graph of boxes (`boxes.py`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from sympy import Integer

from symnet.equations.program import Program, reads
from symnet.index.symbols import Role, Size, Tensor
from symnet.messages import say

LONG = 6
"""More equal layers than these, one after the other, are not drawn one by one."""


@dataclass(frozen=True, slots=True)
class Layer:
    """An input or a layer of a network."""

    origin: str  # "layer 1"; of an input its name
    gives: Tensor
    kind: str  # "input", "hidden" or "output"
    sources: tuple[int, ...] = ()  # the numbers of what it reads, which come before it
    parameters: tuple[Tensor, ...] = ()  # that no layer before it has
    shared: tuple[tuple[int, Tensor], ...] = ()  # parameters of layers before it, with their numbers
    recurs: bool = False  # whether it reads what it gave at another step
    also: tuple[str, ...] = ()  # the layers after it that it stands for, too, since they are like it

    @property
    def name(self) -> str:
        """What is written on it."""
        if self.also:
            first, last = (name.removeprefix("layer ") for name in (self.origin, self.also[-1]))
            return say("{first} … {last}: {count} alike", first=first, last=last, count=len(self.also) + 1)
        name = self.origin.removeprefix("layer ")
        return say("layer {name}", name=name) if name.isdigit() else name


def layers_of(program: Program) -> list[Layer]:
    """The inputs that are read, then the layers in order; none where the program has no layers."""
    groups: dict[str, list[str]] = {}
    for equation in program.equations:
        if equation.origin.startswith("layer"):
            groups.setdefault(equation.origin, []).append(equation.tensor.name)
    if not groups:
        return []
    read = {
        origin: list(dict.fromkeys(name for made in names for name in reads(program.defining[made].rhs)))
        for origin, names in groups.items()
    }
    wanted = {name for names in read.values() for name in names}
    found = [Layer(t.name, t, "input") for t in program.of_role(Role.INPUT) if t.name in wanted]
    number = {layer.origin: k for k, layer in enumerate(found)}
    owner: dict[str, int] = {}
    for origin, names in groups.items():
        own = [program.tensors[name] for name in read[origin] if program.tensors[name].role == Role.PARAMETER]
        found.append(
            Layer(
                origin,
                program.tensors[names[-1]],
                "output" if origin == [*groups][-1] else "hidden",
                tuple(
                    sorted({number[name] for name in read[origin] if name in number and name not in names})
                ),
                tuple(tensor for tensor in own if tensor.name not in owner),
                tuple((owner[tensor.name], tensor) for tensor in own if tensor.name in owner),
                _recurs(program, names),
            )
        )
        place = len(found) - 1
        owner |= {tensor.name: place for tensor in own if tensor.name not in owner}
        number |= dict.fromkeys(names, place)
    return found


def folded(program: Program, layers: list[Layer]) -> list[Layer]:
    """The layers with long rows of equal ones, each read by the next alone, drawn as the first, one for all
    between, and the last.
    """
    readers = Counter(source for layer in layers for source in layer.sources)
    owners = {owner for layer in layers for owner, _ in layer.shared}
    forms = [_form(program, layer) for layer in layers]
    rows: list[list[int]] = []
    for k, layer in enumerate(layers):
        after = rows and layer.sources == (k - 1,) and readers[k - 1] == 1 and not layer.shared
        if after and forms[k] == forms[k - 1] and not owners & {k - 1, k}:
            rows[-1].append(k)
        else:
            rows.append([k])
    found: list[Layer] = []
    number: dict[int, int] = {}
    for row in rows:
        parts = [[k] for k in row] if len(row) <= LONG else [row[:1], row[1:-1], row[-1:]]
        for part in parts:
            layer = layers[part[0]]
            also = tuple(layers[k].origin for k in part[1:])
            sources = tuple(number[source] for source in layer.sources)
            shared = tuple((number[owner], tensor) for owner, tensor in layer.shared)
            number |= dict.fromkeys(part, len(found))
            found.append(replace(layer, sources=sources, shared=shared, also=also))
    return found


def _form(program: Program, layer: Layer) -> tuple[Any, ...]:
    """What two layers have in common that are drawn alike."""
    shapes = [shape_words(program, tensor) for tensor in (layer.gives, *layer.parameters)]
    return layer.kind, layer.recurs, *shapes


def _recurs(program: Program, names: list[str]) -> bool:
    """Whether an equation of a layer reads itself, or one that comes later."""
    return any(
        names[k] in reads(program.defining[name].rhs)
        for place, name in enumerate(names)
        for k in range(place, len(names))
    )


def shape_words(program: Program, tensor: Tensor) -> str:
    """The shape of a tensor, in numbers as far as they are known."""
    known = {Size(name): Integer(int(value)) for name, value in program.values.items()}
    return " × ".join(str(extent.xreplace(known)) for extent in tensor.shape)


def units_of(program: Program, layer: Layer) -> int | None:
    """How many units a layer of rows has; None where it is none, or their number is not known."""
    if layer.gives.rank != 2 or layer.recurs:
        return None
    extent = layer.gives.shape[-1]
    value = program.values.get(str(extent), extent if extent.is_Integer else None)
    return None if value is None else int(value)
