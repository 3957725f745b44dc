"""From an array expression to instructions: every operation writes where its result is wanted.

A nested expression is computed from the inside out into the memory of its result, so that A = sigmoid(X W + 1
b^T) needs no memory but A's. Only a second operand that is itself computed needs scratch memory. An
expression that stands in several equations is computed once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sympy import Expr

from symnet.index.symbols import Index, Tensor
from symnet.lowering.branches import BRACKETS, Guard, choose
from symnet.lowering.contraction import contraction, full_contraction
from symnet.lowering.extents import Extents
from symnet.lowering.extremes import extreme
from symnet.lowering.instructions import (
    Assign,
    Buffer,
    Constant,
    Element,
    Home,
    Instruction,
    Kind,
    Line,
    Map,
    New,
    NumberOp,
    NumberRead,
    Operand,
    Scalar,
    View,
)
from symnet.lowering.nodes import (
    ArrayExpr,
    Axes,
    Axis,
    Contract,
    Diagonal,
    Elementwise,
    Extreme,
    Fold,
    Gather,
    Iota,
    Number,
    Read,
    Scatter,
    SizeValue,
    Window,
    children,
    nameless,
)
from symnet.lowering.on_diagonals import added, diagonal, has_diagonals
from symnet.lowering.places import Bounds, bounds_of, gather, is_constant, scatter
from symnet.lowering.views import Value, align
from symnet.lowering.windows import fold, window


@dataclass
class Emitter:
    """Where instructions are collected, and what has been computed so far."""

    buffers: dict[str, Buffer]  # of each tensor, by its name
    # a new buffer with a name like the one that is given
    scratch: Callable[[str, tuple[Expr, ...], Kind, Home], Buffer]
    extents: Extents
    constants: dict[tuple[object, ...], Buffer] = field(default_factory=dict)
    setup: list[Line] = field(default_factory=list)  # done once, when the sizes are known
    sink: list[Line] = field(default_factory=list)
    shared: frozenset[ArrayExpr] = frozenset()  # expressions that stand in several places, as `nameless`
    # their values, each with the numbers that its axes have in `nameless`
    memo: dict[tuple[ArrayExpr, Kind], tuple[View, tuple[int, ...]]] = field(default_factory=dict)
    padded: dict[tuple[object, ...], Buffer] = field(default_factory=dict)  # tensors between margins of zeros
    columns: dict[tuple[object, ...], Value] = field(default_factory=dict)  # windows copied into matrices
    kind: Kind = Kind.REAL
    home: Home = Home.WORKSPACE
    tensor: str = ""  # the tensor whose equation is being computed
    guard: Guard = None  # where the result is wanted, inside a branch
    # for the value after an update, the tensor it takes the place of
    replaces: dict[str, str] = field(default_factory=dict)
    ranges: dict[Index, Expr] = field(default_factory=dict)  # of the loops around
    bounds: dict[str, Bounds] = field(default_factory=dict)  # of whole numbers, by the names of the tensors

    def add(self, instruction: Instruction) -> None:
        self.sink.append(Line(instruction, self.tensor))

    def map(self, function: str, args: tuple[Operand, ...], out: Value) -> None:
        """An elementwise instruction, under the guard that holds."""
        where = align(self.guard, out.axes) if isinstance(self.guard, Value) else self.guard
        self.add(Map(function, args, out.view, where))

    def equation(self, tensor: Tensor, axes: Axes, expr: ArrayExpr, at: tuple[Expr | None, ...] = ()) -> None:
        """The instructions that give `tensor` the value `expr`; `axes` are those of its axes that `at` does
        not fix.
        """
        self.tensor = tensor.name
        if tensor.integer:
            self.bounds[tensor.name] = bounds_of(self, expr)
        buffer = self.buffers[tensor.name]
        if buffer.home is Home.RESULT:
            self.add(New(buffer))
        if not tensor.shape:
            self.add(Assign(buffer, self.number(expr)))
        else:
            self.compute(expr, Value(View(buffer, at if any(p is not None for p in at) else ()), axes))

    def temporary(self, axes: Axes, kind: Kind, name: str = "part") -> Value:
        """New memory over `axes`, called after the tensor that is being computed."""
        shape = tuple(axis.size for axis in axes)
        return Value(View(self.scratch(f"{self.tensor}_{name}", shape, kind, self.home)), axes)

    def constant(self, content: str, shape: tuple[Expr, ...], kind: Kind = Kind.REAL) -> Buffer:
        """An array of ones or zeros, or 0, 1, 2, ... along its only axis."""
        key = (content, shape, kind)
        if key not in self.constants:
            sizes = (str(size) if size.is_Symbol or size.is_Integer else "size" for size in shape)
            name = "_".join((content, *sizes))
            made = self.scratch(name, shape, kind, Home.CONSTANT)
            self.constants[key] = Buffer(made.name, shape, Home.CONSTANT, kind, content)
        return self.constants[key]

    @contextmanager
    def context(self, kind: Kind = Kind.REAL, guard: Guard = None) -> Iterator[None]:
        """A stretch in which numbers are of another kind, or in which another guard holds."""
        before = self.kind, self.guard
        self.kind, self.guard = kind, guard
        yield
        self.kind, self.guard = before

    @contextmanager
    def aside(self) -> Iterator[None]:
        """A stretch that is not always run, or in every turn of a loop anew: nothing may count on what it has
        computed.
        """
        before = self.memo, self.padded, self.columns
        self.memo, self.padded, self.columns = dict(self.memo), dict(self.padded), dict(self.columns)
        yield
        self.memo, self.padded, self.columns = before

    def value(self, expr: ArrayExpr, into: Value | None = None, order: Axes = ()) -> Value:
        """`expr` as memory to read: where it already lies, or in `into` or new memory, computed now, with its
        axes in this order as far as it says.

        Under a guard an elementwise expression takes on the guard's axes.
        """
        if isinstance(expr, Read):
            return self.read(expr)
        if isinstance(expr, Window):
            return window(self, expr)
        if isinstance(expr, Iota):
            return Value(View(self.constant("arange", (expr.axis.size,), self.kind)), expr.axes)
        key = nameless(expr)
        if (key, self.kind) in self.memo:
            view, numbers = self.memo[key, self.kind]
            return Value(view, tuple(expr.axes[number] for number in numbers))
        if self.kind is Kind.PLACE and is_constant(expr):
            return self.prepared(expr)
        if self.guard is not None and not isinstance(expr, Elementwise):
            with self.context(self.kind):
                return self.value(expr, into, order)
        keep = key in self.shared and self.guard is None
        if into is None or keep or not self.suits(expr, into):
            into = self.temporary(self.natural(expr, order), self.kind_of(expr), _name_for(expr))
        self.produce(expr, into)
        if keep:
            self.memo[key, self.kind] = into.view, tuple(map(expr.axes.index, into.axes))
        return into

    def suits(self, expr: ArrayExpr, out: Value) -> bool:
        """Whether `out` is memory such as `expr` needs."""
        return set(self.axes_of(expr)) == set(out.axes) and self.kind_of(expr) == out.view.buffer.kind

    def axes_of(self, expr: ArrayExpr) -> Axes:
        """The axes of `expr`, and of the guard under which it is computed."""
        if not isinstance(self.guard, Value) or not isinstance(expr, Elementwise):
            return expr.axes
        return expr.axes + tuple(axis for axis in self.guard.axes if axis not in expr.axes)

    def natural(self, expr: ArrayExpr, order: Axes) -> Axes:
        """The axes of `expr` in the order in which to keep it: that of the result that it is for."""
        axes = self.axes_of(expr)
        known = tuple(axis for axis in order if axis in axes)
        return known + tuple(axis for axis in axes if axis not in known)

    def prepared(self, expr: ArrayExpr) -> Value:
        """An expression of positions alone, computed once."""
        key = ("prepared", expr, self.kind)
        if key not in self.constants:
            sink, self.sink = self.sink, self.setup
            home, self.home = self.home, Home.CONSTANT
            shape = tuple(axis.size for axis in expr.axes)
            buffer = self.constants[key] = self.scratch(
                f"{self.tensor}_places", shape, self.kind_of(expr), self.home
            )
            with self.context(self.kind):
                self.produce(expr, Value(View(buffer), expr.axes))
            self.sink, self.home = sink, home
        return Value(View(self.constants[key]), expr.axes)

    def read(self, expr: Read) -> Value:
        buffer = self.buffers[expr.tensor.name]
        at = tuple(None if isinstance(place, Axis) else place for place in expr.places)
        if all(place is None for place in at):
            return Value(View(buffer), expr.axes)
        zero = None
        fixed = [
            (place, extent) for place, extent in zip(at, expr.tensor.shape, strict=True) if place is not None
        ]
        if not all(self.inside(place, extent) for place, extent in fixed):
            zero = self.constant("zeros", tuple(axis.size for axis in expr.axes))
        return Value(View(buffer, at, zero=zero), expr.axes)

    def inside(self, place: Expr, extent: Expr) -> bool:
        """Whether a fixed position is surely one of an axis of this extent."""
        if isinstance(place, Index):
            return self.ranges[place] == extent
        test = self.extents.not_negative
        return not place.atoms(Index) and test(place) and test(extent - 1 - place)

    def kind_of(self, expr: ArrayExpr) -> Kind:
        if isinstance(expr, Elementwise) and expr.function in BRACKETS:
            return Kind.MASK
        if (
            isinstance(expr, Elementwise)
            and expr.function == "multiply"
            and all(a.axes and self.kind_of(a) is Kind.MASK for a in expr.args)
        ):
            return Kind.MASK
        if isinstance(expr, Extreme) and expr.kind == "argmax":
            return Kind.PLACE
        if isinstance(expr, Gather | Window):
            return Kind.PLACE if expr.tensor.integer else Kind.REAL
        return self.kind

    def number(self, expr: ArrayExpr) -> Scalar:
        """An expression without axes."""
        if isinstance(expr, Number | SizeValue):
            return Constant(expr.value)
        if isinstance(expr, Read):
            return NumberRead(self.read(expr).view)
        if isinstance(expr, Elementwise):
            return NumberOp(expr.function, tuple(self.number(argument) for argument in expr.args))
        if isinstance(expr, Contract):
            return full_contraction(self, expr)
        if isinstance(expr, Gather):
            return self.element(expr)
        value = self.temporary((), self.kind_of(expr))
        self.produce(expr, value)
        return NumberRead(View(value.view.buffer, flat=()))

    def element(self, expr: Gather) -> Scalar:
        """One element at computed places."""
        with self.context(Kind.PLACE):
            return Element(View(self.buffers[expr.tensor.name]), tuple(map(self.number, expr.places)))

    def operand(self, expr: ArrayExpr, axes: Axes, into: Value | None = None) -> Operand:
        """`expr` for broadcasting over `axes`."""
        return align(self.value(expr, into, axes), axes) if expr.axes else self.number(expr)

    def compute(self, expr: ArrayExpr, out: Value) -> None:
        """The instructions that write `expr` to `out`, over whose axes it is spread."""
        if not expr.axes:
            self.map("copy", (self.number(expr),), out)
        elif self.lies(expr) or (self.is_shared(expr) and self.guard is None):
            self.map("copy", (align(self.value(expr), out.axes),), out)
        else:
            self.produce(expr, out)

    def produce(self, expr: ArrayExpr, out: Value) -> None:
        """The same for an expression that lies nowhere yet."""
        if isinstance(expr, Elementwise):
            self.elementwise(expr, out)
        elif set(expr.axes) != set(out.axes):
            self.map("copy", (align(self.value(expr, out, out.axes), out.axes),), out)
        else:
            with self.context(self.kind):
                self.whole_array(expr, out)

    def whole_array(self, expr: ArrayExpr, out: Value) -> None:
        if isinstance(expr, Contract):
            contraction(self, expr, out)
        elif isinstance(expr, Extreme):
            extreme(self, expr, out)
        elif isinstance(expr, Gather):
            gather(self, expr, out)
        elif isinstance(expr, Scatter):
            scatter(self, expr, out)
        elif isinstance(expr, Fold):
            fold(self, expr, out)
        elif isinstance(expr, Diagonal):
            diagonal(self, expr, out)
        else:
            raise AssertionError(f"{type(expr).__name__} has axes but no instruction")

    def elementwise(self, expr: Elementwise, out: Value) -> None:
        function, args = expr.function, expr.args
        replaced = self.replaces.get(out.view.buffer.name)
        if self.guard is None and replaced is None and has_diagonals(expr):
            added(self, expr, out)
        elif function == "where":
            choose(self, expr, out)
        elif function in ("add", "multiply"):
            self.fold(function, args, out)
        elif function == "power" and isinstance(args[1], Number) and args[1].value in (2, 3, 4):
            self.small_power(args[0], int(args[1].value), out)
        else:
            operands = self.operands(args, out)
            if function in ("subtract", "negative") and all(_is_mask(operand) for operand in operands):
                self.map("copy", operands[:1], out)
                operands = (out.view, *operands[1:])
            self.map(function, operands, out)

    def operands(self, args: tuple[ArrayExpr, ...], out: Value) -> tuple[Operand, ...]:
        """The arguments, the first one that must be computed in the memory of the result, the others
        elsewhere.
        """
        chosen = next(
            (k for k, arg in enumerate(args) if self.fits(arg, out) and self.spares(args, k, out)), None
        )
        order = sorted(range(len(args)), key=lambda k: k != chosen)
        found = {k: self.operand(args[k], out.axes, out if k == chosen else None) for k in order}
        return tuple(found[k] for k in range(len(args)))

    def lies(self, expr: ArrayExpr) -> bool:
        """Whether `expr` is in memory already."""
        return isinstance(expr, Read | Window | Iota) or (nameless(expr), self.kind) in self.memo

    def is_shared(self, expr: ArrayExpr) -> bool:
        """Whether `expr`, with whatever names of its axes, stands in several places."""
        return nameless(expr) in self.shared

    def fits(self, expr: ArrayExpr, out: Value) -> bool:
        """Whether `expr` has to be computed, and can be in the memory of `out`."""
        return not self.lies(expr) and not self.is_shared(expr) and self.suits(expr, out)

    def spares(self, args: tuple[ArrayExpr, ...], chosen: int, out: Value) -> bool:
        """Whether none but the chosen argument reads the value that `out` is to replace."""
        before = self.replaces.get(out.view.buffer.name)
        others = (argument for k, argument in enumerate(args) if k != chosen)
        return before is None or not any(_reads(argument, before) for argument in others)

    def fold(self, function: str, args: tuple[ArrayExpr, ...], out: Value) -> None:
        """A sum or product of several, one after another; the numbers among them first become one."""
        arrays = [argument for argument in args if argument.axes]
        numbers = [self.number(argument) for argument in args if not argument.axes]
        operands: list[Operand] = list(self.operands(tuple(arrays), out))
        if out.view in operands:
            operands.insert(0, operands.pop(operands.index(out.view)))
        if numbers:
            operands.append(numbers[0] if len(numbers) == 1 else NumberOp(function, tuple(numbers)))
        if function == "add" and all(_is_mask(operand) for operand in operands):
            self.map("copy", (operands[0],), out)
            operands[0] = out.view
        result = operands[0]
        for operand in operands[1:]:
            self.map(function, (result, operand), out)
            result = out.view

    def small_power(self, base: ArrayExpr, exponent: int, out: Value) -> None:
        value = self.operand(base, out.axes, out if exponent != 3 else None)
        self.map("square", (value,), out)
        if exponent == 4:
            self.map("square", (out.view,), out)
        if exponent == 3:
            self.map("multiply", (out.view, value), out)

    def in_order(self, axes: Axes, out: Value) -> Value:
        """`out` where its axes come in this order and it is plain memory, otherwise new memory for them."""
        if axes == out.axes and out.view.order is None:
            return out
        return self.temporary(axes, out.view.buffer.kind)

    def deliver(self, result: Value, out: Value) -> None:
        if result != out:
            self.map("copy", (align(result, out.axes),), out)


def _reads(expr: ArrayExpr, name: str) -> bool:
    """Whether the tensor called `name` stands in `expr`."""
    if isinstance(expr, Read | Window | Gather) and expr.tensor.name == name:
        return True
    return any(_reads(child, name) for child in children(expr))


def _is_mask(operand: Operand) -> bool:
    return isinstance(operand, View) and operand.buffer.kind is Kind.MASK


def _name_for(expr: ArrayExpr) -> str:
    return "mask" if isinstance(expr, Elementwise) and expr.function in BRACKETS else "part"
