"""Instructions as lines of C, each with the number of its equation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sympy import Expr, Integer

from symnet.backends.c import maps, products
from symnet.backends.c.looks import Look, look
from symnet.backends.c.names import harmless
from symnet.backends.c.scope import Scope
from symnet.equations.text import equation_text
from symnet.index.symbols import Index
from symnet.lowering.instructions import (
    Assign,
    Instruction,
    Kind,
    Line,
    Loop,
    Map,
    Product,
    Reduce,
    Same,
    ScatterAdd,
    Take,
    View,
)
from symnet.lowering.schedule import Schedule

WIDTH = 108


class Statements:
    """The lines of one function for lines of the array program."""

    def __init__(self, plan: Schedule, scope: Scope) -> None:
        self.plan = plan
        self.scope = scope
        self.current = ""  # the tensor whose equation stands above

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
        elif isinstance(instruction, Assign):
            self.assign(line, instruction)
        elif isinstance(instruction, Same):
            note = self.announce(line)
            self.scope.add(f"// the same array as {self.scope.memory.name(instruction.buffer)}  {note}".rstrip())
        else:
            note = self.announce(line)
            self.others(instruction, note)

    def others(self, instruction: Instruction, note: str) -> None:
        if isinstance(instruction, Reduce):
            if instruction.kind == "argmax":
                _argmax(self.scope, instruction, note)
            else:
                _reduce(self.scope, instruction, note)
        elif isinstance(instruction, Take):
            _take(self.scope, instruction, note)
        elif isinstance(instruction, ScatterAdd):
            _scatter(self.scope, instruction, note)
        else:
            raise AssertionError(f"{type(instruction).__name__} has no statement in C")

    def assign(self, line: Line, instruction: Assign) -> None:
        scope = self.scope
        note = self.announce(line)
        whole = instruction.out.kind is Kind.PLACE
        value = scope.number(instruction.value, whole)
        target = scope.place(look(View(instruction.out)))
        cast = "" if scope.memory.single(scope.memory.owner(instruction.out)) else "(real)"
        scope.add(f"{target} = {cast}{_bare(value) if not cast else value};", note)

    def loop(self, line: Line, instruction: Loop) -> None:
        scope = self.scope
        name = scope.turns[instruction.index] = scope.fresh(instruction.index.name)
        size, first = scope.whole(instruction.size), scope.whole(instruction.first)
        if instruction.reverse:
            head = f"for (place {name} = {size} - 1; {name} >= {first}; {name}--)"
        else:
            head = f"for (place {name} = {first}; {name} < {size}; {name}++)"
        if len({inner.tensor for inner in innermost(line)}) == 1:
            self.announce(line)
        with scope.block(head):
            scope.active += (name,)
            scope.turning += 1
            self.block(instruction.body)
            scope.turning -= 1


def innermost(line: Line) -> Iterator[Line]:
    """The lines in a loop, those of loops in it too."""
    if isinstance(line.instruction, Loop):
        for inner in line.instruction.body:
            yield from innermost(inner)
    else:
        yield line


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
    lines: list[str] = []
    further = ""
    while len(further + text) > room:
        cut = text.rfind(" ", 1, room - len(further))
        if cut < 0:
            break
        lines.append(further + text[:cut])
        text, further = text[cut + 1 :], "    "
    return [*lines, further + text]


def _reduce(scope: Scope, instruction: Reduce, note: str) -> None:
    """A sum or a maximum along axes."""
    a, out = look(instruction.a), look(instruction.out)
    indices = scope.indices((), a.sizes)
    ranges = list(zip(indices, a.sizes, strict=True))
    kept = [k for k in range(len(ranges)) if k not in instruction.along]
    target = scope.place(out, [indices[k] for k in kept])
    value = scope.at(a, indices)
    is_sum = instruction.kind == "sum"
    if not is_sum:
        first = scope.at(a, [Integer(0) if k in instruction.along else index for k, index in enumerate(indices)])
    along = [ranges[k] for k in instruction.along]
    last = len(ranges) - 1
    if kept and kept[-1] == last and _strided(scope, a, last, 1):
        with scope.loops([ranges[k] for k in kept[:-1]]):
            with scope.loops([ranges[last]], braces=False):
                scope.add(f"{target} = {'0' if is_sum else first};")
            with scope.loops([*along, ranges[last]], braces=False):
                scope.add(
                    f"{target} += {value};" if is_sum else f"{target} = symnet_maximum({value}, {target});", note
                )
        return
    with scope.loops([ranges[k] for k in kept]) if kept else scope.block(""):
        name = scope.fresh("value")
        scope.active += (name,)
        if is_sum and instruction.along == (last,) and _strided(scope, a, last, 1) and a.view.buffer.kind is Kind.REAL:
            start = scope.place(a, [Integer(0) if k == last else index for k, index in enumerate(indices)])
            scope.add(f"{target} = (real)symnet_total({scope.whole(a.sizes[last])}, &{start});", note)
            return
        scope.add(f"real {name} = {'0' if is_sum else first};")
        with scope.loops(along, braces=False):
            scope.add(f"{name} += {value};" if is_sum else f"{name} = symnet_maximum({value}, {name});", note)
        scope.add(f"{target} = {name};")


def _strided(scope: Scope, seen: Look, axis: int, stride: int) -> bool:
    own = seen.axes[axis]
    return own is not None and seen.view.zero is None and scope.known(own[1]) == stride


def _argmax(scope: Scope, instruction: Reduce, note: str) -> None:
    """The first place of the largest; what is no number counts as the largest."""
    a, out = look(instruction.a), look(instruction.out)
    indices = scope.indices((), a.sizes)
    ranges = list(zip(indices, a.sizes, strict=True))
    (along,) = instruction.along
    kept = [k for k in range(len(ranges)) if k != along]

    def at(place: Expr) -> str:
        return scope.at(a, [place if k == along else index for k, index in enumerate(indices)])

    with scope.loops([ranges[k] for k in kept]) if kept else scope.block(""):
        best = scope.fresh("best")
        scope.active += (best,)
        scope.add(f"place {best} = 0;")
        with scope.loops([ranges[along]], braces=False):
            here, there = at(indices[along]), at(Index(best))
            scope.add(f"if ({here} > {there} || ({here} != {here} && {there} == {there}))")
            scope.depth += 1
            scope.add(f"{best} = {scope.whole(indices[along])};", note)
            scope.depth -= 1
        scope.add(f"{scope.place(out, [indices[k] for k in kept])} = {best};")


def _take(scope: Scope, instruction: Take, note: str) -> None:
    """Rows at places; a place outside is the nearest inside."""
    a, index, out = look(instruction.a), look(instruction.index), look(instruction.out)
    along, rank = instruction.along, len(index.axes)
    indices = scope.indices((), out.sizes)
    ranges = list(zip(indices, out.sizes, strict=True))
    with scope.loops(ranges[: along + rank]) if along + rank else scope.block(""):
        extent = scope.whole(a.sizes[along])
        place = scope.hold("place", "from", f"symnet_clip({scope.at(index, indices[along : along + rank])}, {extent})")
        with scope.loops(ranges[along + rank :], braces=False):
            where = [*indices[:along], Index(place), *indices[along + rank :]]
            scope.add(f"{scope.place(out, indices)} = {scope.at(a, where)};", note)


def _scatter(scope: Scope, instruction: ScatterAdd, note: str) -> None:
    """Rows added up at places."""
    a, index, out = look(instruction.a), look(instruction.index), look(instruction.out)
    rank = len(index.axes)
    sizes = [*index.sizes, *out.sizes[1:]]
    indices = scope.indices((), sizes)
    ranges = list(zip(indices, sizes, strict=True))
    with scope.loops(ranges[:rank]):
        place = scope.hold("place", "from", scope.at(index, indices[:rank]))
        with scope.loops(ranges[rank:], braces=False):
            scope.add(f"{scope.place(out, [Index(place), *indices[rank:]])} += {scope.at(a, indices)};", note)
