"""One function of the file while it is written: its lines, its names, and the text of what it reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sympy import Expr, Integer, S

from symnet.index.symbols import Index, Size
from symnet.loops.looks import Look, look
from symnet.loops.memory import Memory
from symnet.loops.numbers import Numbers
from symnet.lowering.instructions import (
    Buffer,
    Constant,
    Element,
    Inner,
    Kind,
    NumberOp,
    NumberRead,
    Operand,
    Scalar,
    Total,
    View,
)

LETTERS = "ijklmpqr"
STEP = "    "


class Scope:
    """The lines of one function, and what they use."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.dialect = memory.dialect
        self.numbers = Numbers(memory.known, self._name, memory.dialect)
        self.lines: list[str] = []
        self.depth = 1
        self.active: tuple[str, ...] = ()  # names of the loops around and of the numbers held
        self.turns: dict[Index, str] = {}  # of the recurrences around
        self.turning = 0  # how many there are here
        self.used: dict[str, Buffer] = {}
        self.sizes: dict[Size, str] = {}  # that come with the data
        self.told: dict[Size, str] = {}  # that the trainer is told

    # --- lines

    def add(self, text: str, note: str = "") -> None:
        self.lines.append(f"{STEP * self.depth}{text}{f'  // {note}' if note else ''}")

    @contextmanager
    def loops(
        self, ranges: Sequence[tuple[Expr, Expr]], braces: bool = True, independent: bool = False
    ) -> Iterator[None]:
        """Nested loops, each from 0 to below its size. `independent` says that no turn of the innermost
        touches what another writes.
        """
        active, depth = self.active, self.depth
        ranges = [(index, size) for index, size in ranges if index != 0]  # one turn is no loop
        if braces and not ranges:
            self.add("{")
            self.depth += 1
        for number, (index, size) in enumerate(ranges):
            name, last = self._name(index), number == len(ranges) - 1
            brace = " {" if braces and last else ""
            if independent and last and self.dialect.INDEPENDENT and not self.is_few([size]):
                self.add(self.dialect.INDEPENDENT)
            self.add(f"for ({self.dialect.COUNTER} {name} = 0; {name} < {self.whole(size)}; {name}++){brace}")
            self.depth += 1
            self.active += (name,)
        yield
        self.active, self.depth = active, depth
        if braces:
            self.lines.append(f"{STEP * (depth + max(len(ranges), 1) - 1)}}}")

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Lines in braces after `head`."""
        active = self.active
        self.add(f"{head} {{" if head else "{")
        self.depth += 1
        yield
        self.depth -= 1
        self.active = active
        self.add("}")

    def indices(self, wanted: Sequence[str], sizes: Sequence[Expr]) -> list[Expr]:
        """New names for loops over these sizes, like those wanted; 0 where there is but one place."""
        names = list(wanted) if len(wanted) == len(sizes) else []
        names += [LETTERS[k % len(LETTERS)] for k in range(len(names), len(sizes))]
        found: list[Expr] = []
        for name, size in zip(names, sizes, strict=True):
            taken = tuple(index.name for index in found if isinstance(index, Index))
            found.append(S.Zero if self.known(size) == 1 else Index(self.fresh(name, taken)))
        return found

    def fresh(self, wanted: str, besides: tuple[str, ...] = ()) -> str:
        """A name that nothing here has."""
        return self.memory.names.free(wanted, (*self.active, *besides))

    def hold(self, kind: str, wanted: str, value: str) -> str:
        """A constant of this block, by its name."""
        name = self.fresh(wanted)
        self.active += (name,)
        self.add(self.dialect.constant(kind, name, value))
        return name

    def _name(self, symbol: Expr) -> str:
        if isinstance(symbol, Index):
            return self.turns.get(symbol) or str(symbol.name)
        if symbol in self.memory.of_data:
            self.sizes[symbol] = self.memory.size_name(symbol)
        else:
            self.told[symbol] = self.memory.size_name(symbol)
        return str(self.memory.size_name(symbol))

    # --- numbers and places

    def whole(self, expr: Expr, level: int = 0) -> str:
        return self.numbers.whole(expr, level)

    def array(self, buffer: Buffer) -> str:
        """The pointer to a buffer's first entry, or the number that it is."""
        buffer = self.memory.owner(buffer)
        single = self.memory.single(buffer)
        if single:
            return single
        self.used[buffer.name] = buffer
        return self.memory.name(buffer)

    def at(self, seen: Look, indices: Sequence[Expr] = ()) -> str:
        """The entry of a view at these indices, to read."""
        text = self.place(seen, indices)
        inside = self.inside(seen)
        return f"({inside} ? {text} : 0)" if inside else text

    def place(self, seen: Look, indices: Sequence[Expr] = ()) -> str:
        """The entry of a view at these indices, to write."""
        name = self.array(seen.view.buffer)
        if self.memory.single(self.memory.owner(seen.view.buffer)):
            return name
        return f"{name}[{self.whole(seen.address(indices))}]"

    def start(self, seen: Look) -> str:
        """The address of a view's first entry."""
        name, offset = self.array(seen.view.buffer), self.numbers.put_in(seen.offset)
        return name if offset == 0 else f"{name} + {self.whole(offset)}"

    def inside(self, seen: Look) -> str:
        """The condition that the view is of the buffer, and not of zeros; empty where it always is."""
        tests = [
            f"{self.whole(place, 1)} >= 0 && {self.whole(place, 1)} < {self.whole(extent, 1)}"
            for place, extent in seen.inside()
        ]
        return " && ".join(tests)

    def known(self, expr: Expr) -> Expr:
        return self.numbers.put_in(expr)

    # --- single numbers

    def operand(self, operand: Operand, kind: Kind) -> str:
        """A number, as an argument beside arrays of this kind: a literal, or the name of one that is held."""
        assert not isinstance(operand, View), "a view is read entry by entry"
        if isinstance(operand, Constant) and not operand.value.atoms(Size, Index):
            value = operand.value
            if value.is_Integer and (kind is not Kind.REAL or abs(value) <= 2):
                return str(value) if value >= 0 else f"({value})"
            if kind is not Kind.REAL:
                return self.whole(value, 1)
            text = self.numbers.real(value)
            if value.is_infinite:
                return text
            return f"{'-' if text.startswith('-') else ''}{self.dialect.literal(text.lstrip('-'))}"
        if kind is Kind.REAL:
            return self.hold("real", "number", self.dialect.cast("real", f"({self.number(operand)})"))
        return self.hold("place", "whole", self.number(operand, whole=True))

    def number(self, scalar: Scalar, whole: bool = False) -> str:
        """An expression of double precision, or of whole numbers."""
        if isinstance(scalar, Constant):
            return self.whole(scalar.value, 1) if whole else self.numbers.real(scalar.value, 2)
        if isinstance(scalar, NumberRead):
            return self.at(look(scalar.view), ())
        if isinstance(scalar, Element):
            return self.element(scalar)
        if isinstance(scalar, Inner):
            return self.sum([look(scalar.a), look(scalar.b)])
        if isinstance(scalar, Total):
            return self.sum([look(scalar.a)])
        assert isinstance(scalar, NumberOp), "there is no other"
        args = [self.number(argument, whole) for argument in scalar.args]
        text = f"({self.dialect.element(scalar.function, args, 'double')})"
        return self.dialect.cast("place", text) if whole and scalar.function == "floor" else text

    def element(self, scalar: Element) -> str:
        """One entry at computed places, 0 outside the range."""
        shape = scalar.view.buffer.shape
        places = [self.hold("place", "from", self.number(place, whole=True)) for place in scalar.places]
        pairs = zip(places, shape, strict=True)
        inside = " && ".join(f"{place} >= 0 && {place} < {self.whole(extent, 1)}" for place, extent in pairs)
        seen = look(scalar.view)
        return f"({inside} ? {self.place(seen, [Index(place) for place in places])} : 0)"

    def sum(self, parts: Sequence[Look]) -> str:
        """The sum over all entries of one view, or of the products of two; it is held."""
        first = max(parts, key=lambda part: len(part.axes))
        straight = all(part.view.buffer.kind is Kind.REAL and self.is_straight(part) for part in parts)
        if self.dialect.CALLS and straight and not self.is_few(first.sizes):
            count = self.whole(self.size_of(first.sizes))
            name = "symnet_inner" if len(parts) == 2 else "symnet_total"
            starts = ", ".join(map(self.start, parts))
            return self.hold("double", "sum", f"{name}({count}, {starts})")
        name = self.fresh("sum")
        self.add(self.dialect.variable("double", name, "0"))
        self.active += (name,)
        indices = self.indices((), first.sizes)
        with self.loops(list(zip(indices, first.sizes, strict=True)), braces=False):
            value = " * ".join(self.at(part, indices) for part in parts)
            self.add(f"{name} += {value};")
        return name

    def size_of(self, sizes: Sequence[Expr]) -> Expr:
        total: Expr = S.One
        for size in sizes:
            total *= size
        return total

    def is_few(self, sizes: Sequence[Expr]) -> bool:
        """Whether an array has a known number of entries, and few."""
        count = self.known(self.size_of(sizes))
        return bool(count.is_Integer and count <= 16)

    def is_straight(self, seen: Look) -> bool:
        """Whether its entries lie one after another in memory, and always there."""
        step: Expr = Integer(1)
        if seen.view.zero is not None or self.memory.single(self.memory.owner(seen.view.buffer)):
            return False
        for axis in reversed(seen.axes):
            if axis is None or self.known(axis[1] - step) != 0:
                return False
            step = step * axis[0]
        return True
