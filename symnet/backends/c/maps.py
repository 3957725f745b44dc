"""Elementwise instructions as loops: those that follow each other over the same places share one loop, where
each reads and writes at its own place only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sympy import Expr, Mul

from symnet.backends.c.functions import element
from symnet.backends.c.looks import Look, look
from symnet.backends.c.scope import Scope
from symnet.index.symbols import Index
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

    def where(self, seen: Look, rank: int) -> tuple[str, object]:
        """The memory of a view, and the address in it at the loop's place."""
        memory = self.scope.memory
        address = self.scope.known(seen.address(PLACES[:rank])).expand()
        part = seen.view.buffer.name if seen.view.buffer.name in memory.vector_of else ""
        return memory.memory_of(seen.view.buffer), (address, part)


def operands(map_: Map) -> tuple[Operand, ...]:
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
    if single:
        note = announce(group.lines[0][0])
    with scope.loops(list(zip(indices, sizes, strict=True)), braces=not single):
        for (line, m), texts in zip(group.lines, held, strict=True):
            note = note if single else announce(line)
            scope.add(_statement(scope, m, texts, looks, indices, straight), note)


def _statement(
    scope: Scope, m: Map, held: Sequence[str], looks: dict[View, Look], indices: Sequence[Expr], straight: bool
) -> str:
    """One entry of the result."""

    def entry(view: View, read: bool) -> str:
        seen = looks[view]
        if straight:
            return f"{scope.array(view.buffer)}[{scope.whole(indices[0])}]"
        return scope.at(seen, indices) if read else scope.place(seen, indices)

    texts = [
        text or entry(operand, True)
        for operand, text in zip(operands(m), held, strict=True)
        if text or isinstance(operand, View)
    ]
    guard = f"if ({texts.pop()}) " if m.where is not None else ""
    out = entry(m.out, False)
    if m.function in ("add", "subtract", "multiply", "divide") and texts[0] == out and len(texts) == 2:
        sign = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/"}[m.function]
        return f"{guard}{out} {sign}= {texts[1]};"
    kind = _kind(m)
    if m.function == "divide" and not any(_is_real(argument) for argument in m.args):
        texts[0] = f"(real){texts[0]}"  # a quotient of whole numbers is none
    return f"{guard}{out} = {element(m.function, texts, kind.value)};"


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
