"""Instructions as lines of loops, each with the number of its equation."""

from __future__ import annotations

from collections.abc import Iterable

from sympy import S

from symnet.equations.text import equation_text
from symnet.loops import maps, products, rows
from symnet.loops.looks import look
from symnet.loops.names import harmless
from symnet.loops.scope import Scope
from symnet.lowering.instructions import (
    Assign,
    Constant,
    Instruction,
    Kind,
    Line,
    Loop,
    Map,
    New,
    Onto,
    Product,
    Reduce,
    Same,
    Scalar,
    ScatterAdd,
    Take,
    View,
    innermost,
)
from symnet.lowering.schedule import Schedule

WIDTH = 108


class Statements:
    """The lines of one function for lines of the array program."""

    def __init__(self, plan: Schedule, scope: Scope) -> None:
        self.plan = plan
        self.scope = scope
        self.current = ""  # the tensor whose equation stands above
        self.scales: dict[Scalar, str] = {}  # the names of those that are held

    def block(self, lines: Iterable[Line]) -> None:
        """The statements of these lines."""
        group = maps.Group(self.scope)
        for line in lines:
            if isinstance(line.instruction, Map):
                if not group.takes(line.instruction):
                    self.flush(group)
                    group = maps.Group(self.scope)
                group.add(line, line.instruction)
            else:
                self.flush(group)
                group = maps.Group(self.scope)
                self.statement(line)
        self.flush(group)

    def flush(self, group: maps.Group) -> None:
        if group.lines:
            if len(group.lines) > 1:
                self.announce(group.lines[0][0])
            maps.write(group, self.wanted(group.lines[0][0]), self.announce)

    def announce(self, line: Line) -> str:
        """The equation as a comment before its first line; the note behind each of its lines."""
        if line.tensor != self.current:
            self.current = line.tensor
            equation = self.plan.equations.get(line.tensor)
            if equation is not None:
                for text in wrapped(harmless(equation_text(equation)), WIDTH - 4 * self.scope.depth):
                    self.scope.add(f"// {text}")
        label = self.plan.labels.get(line.tensor, "")
        return f"({harmless(label)})" if label else ""

    def wanted(self, line: Line) -> list[str]:
        """The names of the indices of the equation that the line is part of."""
        equation = self.plan.equations.get(line.tensor)
        return [index.name for index in equation.indices] if equation is not None else []

    def statement(self, line: Line) -> None:
        instruction = line.instruction
        if isinstance(instruction, Loop):
            self.loop(line, instruction)
        elif isinstance(instruction, Product):
            products.write(self.scope, instruction, lambda: self.announce(line))
        elif isinstance(instruction, Onto):
            note = f"{self.announce(line)} ({harmless(self.plan.labels.get(instruction.update, ''))})"
            onto = products.Sink(look(instruction.target), self.scale(instruction.scale))
            products.write(self.scope, instruction.product, lambda: note, onto)
        elif isinstance(instruction, Assign):
            self.assign(line, instruction)
        elif isinstance(instruction, Same):
            note = self.announce(line)
            name = self.scope.memory.name(instruction.buffer)
            self.scope.add(f"// the same array as {name}  {note}".rstrip())
        else:
            note = self.announce(line)
            self.others(instruction, note)

    def others(self, instruction: Instruction, note: str) -> None:
        if isinstance(instruction, New):
            if instruction.zeros:
                zeros = Map("copy", (Constant(S.Zero),), View(instruction.out))
                maps.write_alone(self.scope, zeros, note)
        elif isinstance(instruction, Reduce):
            if instruction.kind == "argmax":
                rows.argmax(self.scope, instruction, note)
            else:
                rows.reduce(self.scope, instruction, note)
        elif isinstance(instruction, Take):
            rows.take(self.scope, instruction, note)
        elif isinstance(instruction, ScatterAdd):
            rows.scatter(self.scope, instruction, note)
        else:
            raise AssertionError(f"{type(instruction).__name__} has no statement in loops")

    def scale(self, scalar: Scalar) -> str:
        """What products are multiplied by before they are added, which is the same for most of them."""
        if scalar not in self.scales:
            value = self.scope.dialect.cast("real", f"({_bare(self.scope.number(scalar))})")
            self.scales[scalar] = self.scope.hold("real", "scale", value)
        return self.scales[scalar]

    def assign(self, line: Line, instruction: Assign) -> None:
        scope = self.scope
        note = self.announce(line)
        whole = instruction.out.kind is Kind.PLACE
        value = scope.number(instruction.value, whole)
        target = scope.place(look(View(instruction.out)))
        single = scope.memory.single(scope.memory.owner(instruction.out))
        scope.add(f"{target} = {_bare(value if single else scope.dialect.cast('real', value))};", note)

    def loop(self, line: Line, instruction: Loop) -> None:
        scope = self.scope
        name = scope.turns[instruction.index] = scope.fresh(instruction.index.name)
        size, first = scope.whole(instruction.size), scope.whole(instruction.first)
        counter = scope.dialect.COUNTER
        if instruction.reverse:
            head = f"for ({counter} {name} = {size} - 1; {name} >= {first}; {name}--)"
        else:
            head = f"for ({counter} {name} = {first}; {name} < {size}; {name}++)"
        if len({inner.tensor for inner in innermost(line)}) == 1:
            self.announce(line)
        with scope.block(head):
            scope.active += (name,)
            scope.turning += 1
            self.block(instruction.body)
            scope.turning -= 1


def _bare(text: str) -> str:
    """The text without brackets around all of it."""
    if not (text.startswith("(") and text.endswith(")")):
        return text
    depth = 0
    for position, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0 and position < len(text) - 1:
            return text
    return text[1:-1]


def wrapped(text: str, room: int) -> list[str]:
    """The lines of a long text; those that go on are indented."""
    lines: list[str] = []
    further = ""
    while len(further + text) > room:
        cut = text.rfind(" ", 1, room - len(further))
        if cut < 0:
            break
        lines.append(further + text[:cut])
        text, further = text[cut + 1 :], "    "
    return [*lines, further + text]
