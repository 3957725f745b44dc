"""Elementwise instructions as loops: those that follow each other over the same places share one loop, where
each reads and writes at its own place only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sympy import Expr, Mul

from symnet.index.symbols import Index
from symnet.loops.looks import Look, look
from symnet.loops.scope import Scope
from symnet.lowering.instructions import Constant, Kind, Line, Map, Operand, View, views_of

PLACES = tuple(Index(f"_{k}") for k in range(32))
"""Indices to compare addresses with."""


@dataclass
class Group:
    """Maps that share a loop."""

    scope: Scope
    sizes: tuple[Expr, ...] = ()
    lines: list[tuple[Line, Map]] = field(default_factory=list)
    read: list[tuple[str, object]] = field(default_factory=list)  # memory, and where in it
    written: list[tuple[str, object]] = field(default_factory=list)

    def takes(self, map_: Map) -> bool:
        """Whether the instruction can join the loop: no other place of what it touches is touched there."""
        out = look(map_.out)
        sizes = tuple(self.scope.known(size) for size in out.sizes)
        if not self.lines:
            return True
        if sizes != self.sizes:
            return False
        rank = len(sizes)
        wrote = self.where(out, rank)
        reads = [self.where(look(operand), rank) for operand in operands(map_) if isinstance(operand, View)]
        once = [
            self.scope.memory.memory_of(view.buffer)
            for operand in operands(map_)
            if not isinstance(operand, View)
            for view in views_of(operand)
        ]
        return (
            all(memory not in once for memory, _ in self.written)
            and not any(_apart(one, other) for one in reads for other in self.written)
            and not any(_apart(wrote, other) for other in (*self.read, *self.written))
        )

    def add(self, line: Line, map_: Map) -> None:
        out = look(map_.out)
        self.sizes = tuple(self.scope.known(size) for size in out.sizes)
        rank = len(self.sizes)
        self.lines.append((line, map_))
        self.written.append(self.where(out, rank))
        self.read += [
            self.where(look(operand), rank) for operand in operands(map_) if isinstance(operand, View)
        ]

    def is_wanted(self, out: View) -> bool:
        """Whether anything outside the group reads what it writes there."""
        name = out.buffer.name
        if self.scope.turning and self.is_carried(name):
            return True
        inside = sum(
            view.buffer.name == name
            for _, m in self.lines
            for operand in operands(m)
            for view in views_of(operand)
        )
        return self.scope.memory.readers(out.buffer) > inside

    def is_carried(self, name: str) -> bool:
        """Whether a turn of the recurrence around may read what the turn before has written."""
        for _, m in self.lines:
            if any(view.buffer.name == name for operand in operands(m) for view in views_of(operand)):
                return True
            if m.out.buffer.name == name and m.where is None:
                return False
        return False

    def where(self, seen: Look, rank: int) -> tuple[str, object]:
        """The memory of a view, and the address in it at the loop's place."""
        memory = self.scope.memory
        address = self.scope.known(seen.address(PLACES[:rank])).expand()
        part = seen.view.buffer.name if seen.view.buffer.name in memory.vector_of else ""
        return memory.memory_of(seen.view.buffer), (address, part)


def operands(map_: Map) -> tuple[Operand, ...]:
    """What an instruction reads: its arguments, and the mask of where it holds."""
    return (*map_.args, *((map_.where,) if map_.where is not None else ()))


def _apart(one: tuple[str, object], other: tuple[str, object]) -> bool:
    return one[0] == other[0] and one[1] != other[1]


def write(group: Group, wanted: Sequence[str], announce: Callable[[Line], str]) -> None:
    """The loop of a group. `announce` writes what stands before a line, and gives the note behind it."""
    scope = group.scope
    views = [view for _, m in group.lines for view in (m.out, *operands(m)) if isinstance(view, View)]
    looks = {view: look(view) for view in views}
    straight = len(group.sizes) > 1 and all(
        len(seen.axes) == len(group.sizes) and scope.is_straight(seen) for seen in looks.values()
    )
    sizes = (Mul(*group.sizes),) if straight else group.sizes
    indices = scope.indices(["k"] if straight else wanted, sizes)
    held = [[_held(scope, operand, _kind(m)) for operand in operands(m)] for _, m in group.lines]
    single = len(group.lines) == 1
    note = announce(group.lines[0][0]) if single else ""
    with scope.loops(list(zip(indices, sizes, strict=True)), braces=not single, independent=True):
        body = _Body(group, looks, indices, straight)
        for number, ((line, m), texts) in enumerate(zip(group.lines, held, strict=True)):
            body.statement(number, m, texts, note if single else announce(line))


def write_alone(scope: Scope, map_: Map, note: str) -> None:
    """The loop of one instruction that stands for no line of the program."""
    group = Group(scope)
    group.add(Line(map_, ""), map_)
    write(group, (), lambda line: note)


@dataclass
class _Body:
    """What one turn of a group's loop does. A value that a later line of it reads again is held in a
    variable, and written to memory when it is complete; if nothing else ever reads it, it is not written at
    all.
    """

    group: Group
    looks: Mapping[View, Look]
    indices: Sequence[Expr]
    straight: bool
    # variables, by the place that they stand for
    held: dict[tuple[str, object], str] = field(default_factory=dict)

    def statement(self, number: int, m: Map, numbers: Sequence[str], note: str) -> None:
        """The lines for one instruction."""
        scope = self.group.scope
        texts = [
            text or self.value(operand)
            for operand, text in zip(operands(m), numbers, strict=True)
            if text or isinstance(operand, View)
        ]
        guard = f"if ({texts.pop()}) " if m.where is not None else ""
        place = self.key(m.out)
        variable = self.held.get(place, "")
        if (guard and not variable) or not (guard or self.is_read_again(number, place)):
            self.held.pop(place, None)
            scope.add(f"{guard}{self.assigned(m, self.entry(m.out), texts)};", note)
            return
        if variable:
            scope.add(f"{guard}{self.assigned(m, variable, texts)};", note)
        else:
            variable = self.held[place] = scope.fresh(f"{m.out.buffer.name}_here")
            scope.active += (variable,)
            scope.add(scope.dialect.variable(m.out.buffer.kind.value, variable, self.result(m, texts)), note)
        if not self.is_written_again(number, place) and self.group.is_wanted(m.out):
            scope.add(f"{self.entry(m.out)} = {variable};", note)

    def key(self, view: View) -> tuple[str, object]:
        return self.group.where(self.looks[view], len(self.group.sizes))

    def is_read_again(self, number: int, place: tuple[str, object]) -> bool:
        """Whether a later line reads this place, or the line after which it is complete comes later."""
        for _, later in self.group.lines[number + 1 :]:
            views = [view for view in operands(later) if isinstance(view, View)]
            if any(self.key(view) == place for view in views):
                return True
            if self.key(later.out) == place and later.where is None:
                return False
        return False

    def is_written_again(self, number: int, place: tuple[str, object]) -> bool:
        return any(self.key(later.out) == place for _, later in self.group.lines[number + 1 :])

    def value(self, operand: Operand) -> str:
        """What is read from a view: the variable that holds it, if one does."""
        assert isinstance(operand, View), "numbers are held before the loop"
        if self.key(operand) in self.held:
            variable, inside = self.held[self.key(operand)], self.group.scope.inside(self.looks[operand])
            return f"({inside} ? {variable} : 0)" if inside else variable
        return self.entry(operand, read=True)

    def entry(self, view: View, read: bool = False) -> str:
        """The entry of a view in memory."""
        scope, seen = self.group.scope, self.looks[view]
        if self.straight:
            return f"{scope.array(view.buffer)}[{scope.whole(seen.offset + self.indices[0])}]"
        return scope.at(seen, self.indices) if read else scope.place(seen, self.indices)

    def assigned(self, m: Map, out: str, texts: Sequence[str]) -> str:
        """The result given to `out`."""
        if m.function in ("add", "subtract", "multiply", "divide") and texts[0] == out and len(texts) == 2:
            sign = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/"}[m.function]
            return f"{out} {sign}= {texts[1]}"
        return f"{out} = {self.result(m, texts)}"

    def result(self, m: Map, texts: Sequence[str]) -> str:
        """The function of its arguments."""
        dialect, texts = self.group.scope.dialect, list(texts)
        if m.function == "divide" and not any(_is_real(argument) for argument in m.args):
            texts[0] = dialect.cast("real", texts[0])  # a quotient of whole numbers is none
        return dialect.element(m.function, texts, _kind(m).value)


def _is_real(argument: Operand) -> bool:
    return isinstance(argument, View) and argument.buffer.kind is Kind.REAL


def _held(scope: Scope, operand: Operand, kind: Kind) -> str:
    """A number beside the arrays; empty for an array."""
    return "" if isinstance(operand, View) else scope.operand(operand, kind)


def _kind(m: Map) -> Kind:
    """Whole numbers stay whole among positions."""
    views = [argument for argument in m.args if isinstance(argument, View)]
    if not views:
        return m.out.buffer.kind if m.out.buffer.kind is not Kind.MASK else Kind.REAL
    whole = all(view.buffer.kind is Kind.PLACE for view in views) and m.out.buffer.kind is not Kind.REAL
    fractions = any(
        isinstance(argument, Constant) and argument.value.is_number and not argument.value.is_Integer
        for argument in m.args
    )
    return Kind.PLACE if whole and not fractions else Kind.REAL
