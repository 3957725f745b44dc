"""From an array expression to instructions: every operation writes where its result is wanted.

A nested expression is computed from the inside out into the memory of its result, so that A = sigmoid(X W + 1
b^T) needs no memory but A's. Only a second operand that is itself computed needs scratch memory. An
expression that stands in several equations is computed once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sympy import Expr, S
from sympy import floor as sp_floor

from symnet.index import functions
from symnet.index.functions import Bracket
from symnet.index.symbols import Index, Tensor
from symnet.lowering.instructions import (
    Assign,
    Buffer,
    Constant,
    Home,
    Instruction,
    Kind,
    Line,
    Map,
    NumberOp,
    NumberRead,
    Operand,
    Reduce,
    Scalar,
    ScatterAdd,
    Take,
    View,
)
from symnet.lowering.nodes import (
    ArrayExpr,
    Axes,
    Axis,
    Contract,
    Elementwise,
    Extreme,
    Gather,
    Iota,
    Number,
    Read,
    Scatter,
    SizeValue,
    children,
)

BRACKETS = frozenset(
    name for name, f in functions.NAMED.items() if isinstance(f, type) and issubclass(f, Bracket)
)
"""The functions whose values are 0 and 1."""

SAFE = BRACKETS | {
    *("add", "subtract", "multiply", "negative", "maximum", "minimum", "absolute", "signum", "sign", "where"),
    *("sigmoid", "softplus", "tanh", "sin", "cos", "erf", "floor"),
}
"""The functions that give a finite value for every finite one: computed everywhere, even where a branch does
not want them.
"""


@dataclass(frozen=True, slots=True)
class Value:
    """A view, and the axis that each of its dimensions runs over."""

    view: View
    axes: Axes


@dataclass
class Emitter:
    """Where instructions are collected, and what has been computed so far."""

    buffers: dict[str, Buffer]  # of each tensor, by its name
    # a new buffer with a name like the one that is given
    scratch: Callable[[str, tuple[Expr, ...], Kind, Home], Buffer]
    constants: dict[tuple[object, ...], Buffer] = field(default_factory=dict)
    setup: list[Line] = field(default_factory=list)  # done once, when the sizes are known
    sink: list[Line] = field(default_factory=list)
    shared: frozenset[ArrayExpr] = frozenset()  # expressions that stand in several places
    memo: dict[tuple[ArrayExpr, Kind], Value] = field(default_factory=dict)
    kind: Kind = Kind.REAL
    home: Home = Home.WORKSPACE
    tensor: str = ""  # the tensor whose equation is being computed
    guard: Operand | None = None  # where the result is wanted, inside a branch
    # for the value after an update, the tensor it takes the place of
    replaces: dict[str, str] = field(default_factory=dict)
    ranges: dict[Index, Expr] = field(default_factory=dict)  # of the loops around

    def add(self, instruction: Instruction) -> None:
        self.sink.append(Line(instruction, self.tensor))

    def map(self, function: str, args: tuple[Operand, ...], out: View) -> None:
        self.add(Map(function, args, out, self.guard))

    def equation(self, tensor: Tensor, axes: Axes, expr: ArrayExpr, at: tuple[Expr | None, ...] = ()) -> None:
        """The instructions that give `tensor` the value `expr`; `axes` are those of its axes that `at` does
        not fix.
        """
        self.tensor = tensor.name
        buffer = self.buffers[tensor.name]
        if not tensor.shape:
            self.add(Assign(buffer, self.number(expr)))
        else:
            self.compute(expr, Value(View(buffer, at if any(p is not None for p in at) else ()), axes))

    # --- values
    # -------------------------------------------------------------------------------------------------------

    def temporary(self, axes: Axes, kind: Kind, name: str = "part") -> Value:
        """New memory over `axes`, called after the tensor that is being computed."""
        shape = tuple(axis.size for axis in axes)
        return Value(View(self.scratch(f"{self.tensor}_{name}", shape, kind, self.home)), axes)

    def constant(self, content: str, shape: tuple[Expr, ...], kind: Kind = Kind.REAL) -> Buffer:
        """An array of ones or zeros, or 0, 1, 2, ... along its only axis."""
        key = (content, shape, kind)
        if key not in self.constants:
            name = (
                content
                + "_"
                + "_".join(
                    str(size) if str(size).isidentifier() or size.is_Integer else "size" for size in shape
                )
            )
            made = self.scratch(name, shape, kind, Home.CONSTANT)
            self.constants[key] = Buffer(made.name, shape, Home.CONSTANT, kind, content)
        return self.constants[key]

    @contextmanager
    def context(self, kind: Kind = Kind.REAL, guard: Operand | None = None) -> Iterator[None]:
        """A stretch in which numbers are of another kind, or in which another guard holds."""
        before = self.kind, self.guard
        self.kind, self.guard = kind, guard
        yield
        self.kind, self.guard = before

    def value(self, expr: ArrayExpr, into: Value | None = None) -> Value:
        """`expr` as memory to read: where it already lies, or in `into` or new memory, computed now."""
        if isinstance(expr, Read):
            return self.read(expr)
        if isinstance(expr, Iota):
            return Value(View(self.constant("arange", (expr.axis.size,), self.kind)), expr.axes)
        if (expr, self.kind) in self.memo:
            return self.memo[expr, self.kind]
        if self.kind is Kind.PLACE and _is_constant(expr):
            return self.prepared(expr)
        keep = expr in self.shared and self.guard is None
        if (
            into is None
            or keep
            or set(into.axes) != set(expr.axes)
            or self.kind_of(expr) != into.view.buffer.kind
        ):
            into = self.temporary(self.natural(expr, into), self.kind_of(expr), _name_for(expr))
        self.produce(expr, into)
        if keep:
            self.memo[expr, self.kind] = into
        return into

    def natural(self, expr: ArrayExpr, into: Value | None) -> Axes:
        """The order of axes in which to keep `expr`: that of the result that it is for, where it can be
        seen.
        """
        if into is None:
            return expr.axes
        known = [axis for axis in into.axes if axis in expr.axes]
        return tuple(known) + tuple(axis for axis in expr.axes if axis not in known)

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
        return not place.atoms(Index) and _not_negative(place) and _not_negative(extent - 1 - place)

    def kind_of(self, expr: ArrayExpr) -> Kind:
        if isinstance(expr, Elementwise) and expr.function in BRACKETS:
            return Kind.MASK
        if (
            isinstance(expr, Elementwise)
            and expr.function == "multiply"
            and all(self.kind_of(a) is Kind.MASK for a in expr.args)
        ):
            return Kind.MASK
        if isinstance(expr, Extreme) and expr.kind == "argmax":
            return Kind.PLACE
        return self.kind

    # --- numbers
    # ------------------------------------------------------------------------------------------------------

    def number(self, expr: ArrayExpr) -> Scalar:
        """An expression without axes."""
        if isinstance(expr, Number | SizeValue):
            return Constant(expr.value)
        if isinstance(expr, Read):
            return NumberRead(self.read(expr).view)
        if isinstance(expr, Elementwise):
            return NumberOp(expr.function, tuple(self.number(argument) for argument in expr.args))
        if isinstance(expr, Contract):
            from symnet.lowering.contraction import full_contraction

            return full_contraction(self, expr)
        value = self.temporary((), self.kind_of(expr))
        self.compute(expr, value)
        return NumberRead(value.view)

    def operand(self, expr: ArrayExpr, axes: Axes, into: Value | None = None) -> Operand:
        """`expr` for broadcasting over `axes`."""
        return align(self.value(expr, into), axes) if expr.axes else self.number(expr)

    # --- computing
    # ----------------------------------------------------------------------------------------------------

    def compute(self, expr: ArrayExpr, out: Value) -> None:
        """The instructions that write `expr` to `out`, over whose axes it is spread."""
        if not expr.axes:
            self.map("copy", (self.number(expr),), out.view)
        elif (
            isinstance(expr, Read | Iota)
            or (expr, self.kind) in self.memo
            or (expr in self.shared and self.guard is None)
        ):
            self.map("copy", (align(self.value(expr), out.axes),), out.view)
        else:
            self.produce(expr, out)

    def produce(self, expr: ArrayExpr, out: Value) -> None:
        """The same for an expression that lies nowhere yet."""
        if isinstance(expr, Elementwise):
            self.elementwise(expr, out)
        elif set(expr.axes) != set(out.axes):
            self.map("copy", (align(self.value(expr, out), out.axes),), out.view)
        else:
            with self.context(self.kind):
                self.whole_array(expr, out)

    def whole_array(self, expr: ArrayExpr, out: Value) -> None:
        if isinstance(expr, Contract):
            from symnet.lowering.contraction import contraction

            contraction(self, expr, out)
        elif isinstance(expr, Extreme):
            self.extreme(expr, out)
        elif isinstance(expr, Gather):
            self.gather(expr, out)
        elif isinstance(expr, Scatter):
            self.scatter(expr, out)
        else:
            raise AssertionError(f"{type(expr).__name__} has axes but no instruction")

    def elementwise(self, expr: Elementwise, out: Value) -> None:
        function, args = expr.function, expr.args
        if function == "where":
            condition, yes, no = args
            self.choice(condition, yes, no, out)
        elif function in ("add", "multiply"):
            self.fold(function, args, out)
        elif function == "power" and isinstance(args[1], Number) and args[1].value in (2, 3, 4):
            self.small_power(args[0], int(args[1].value), out)
        else:
            operands = self.operands(args, out)
            if function in ("subtract", "negative") and all(_is_mask(operand) for operand in operands):
                self.map("copy", operands[:1], out.view)
                operands = (out.view, *operands[1:])
            self.map(function, operands, out.view)

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

    def fits(self, expr: ArrayExpr, out: Value) -> bool:
        """Whether `expr` has to be computed, and can be in the memory of `out`."""
        ready = isinstance(expr, Read | Iota) or (expr, self.kind) in self.memo or expr in self.shared
        return not ready and set(expr.axes) == set(out.axes) and self.kind_of(expr) == out.view.buffer.kind

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
            self.map("copy", (operands[0],), out.view)
            operands[0] = out.view
        result = operands[0]
        for operand in operands[1:]:
            self.map(function, (result, operand), out.view)
            result = out.view

    def small_power(self, base: ArrayExpr, exponent: int, out: Value) -> None:
        value = self.operand(base, out.axes, out if exponent != 3 else None)
        self.map("square", (value,), out.view)
        if exponent == 4:
            self.map("square", (out.view,), out.view)
        if exponent == 3:
            self.map("multiply", (out.view, value), out.view)

    def choice(self, condition: ArrayExpr, yes: ArrayExpr, no: ArrayExpr, out: Value) -> None:
        """`yes` where the condition holds and `no` elsewhere; what could overflow is computed only where it
        is wanted.
        """
        mask = self.condition(condition, out)
        outer = self.guard
        negated = self.negated(mask, condition, out) if _is_risky(no) else None
        with self.context(self.kind, self.both(outer, negated, out)):
            self.compute(no, out)
        with self.context(self.kind, self.both(outer, mask, out) if _is_risky(yes) else outer):
            chosen = self.operand(yes, out.axes)
        with self.context(self.kind, self.both(outer, mask, out)):
            self.map("copy", (chosen,), out.view)

    def condition(self, condition: ArrayExpr, out: Value) -> Operand:
        """A truth value as a mask."""
        operand = self.operand(condition, out.axes)
        if not isinstance(operand, View) or _is_mask(operand):
            return operand
        mask = self.temporary(condition.axes, Kind.MASK, "mask")
        self.map("unequal", (self.value(condition).view, Constant(S.Zero)), mask.view)
        return align(mask, out.axes)

    def negated(self, mask: Operand, condition: ArrayExpr, out: Value) -> Operand:
        if not isinstance(mask, View):
            return NumberOp("not", (mask,))
        axes = tuple(axis for axis in out.axes if axis in condition.axes)
        other = self.temporary(axes, Kind.MASK, "mask")
        with self.context(self.kind):
            self.map("not", (align(self.value(condition), axes),), other.view)
        return align(other, out.axes)

    def both(self, outer: Operand | None, inner: Operand | None, out: Value) -> Operand | None:
        if outer is None or inner is None:
            return inner if outer is None else outer
        mask = self.temporary(out.axes, Kind.MASK, "mask")
        with self.context(self.kind):
            self.map("and", (outer, inner), mask.view)
        return mask.view

    def extreme(self, expr: Extreme, out: Value) -> None:
        with self.context(Kind.REAL):
            body = self.value(expr.body)
        kept = tuple(axis for axis in body.axes if axis != expr.over)
        result = self.in_order(kept, out)
        self.add(Reduce(expr.kind, body.view, (body.axes.index(expr.over),), result.view))
        self.deliver(result, out)

    def in_order(self, axes: Axes, out: Value) -> Value:
        """`out` where its axes come in this order and it is plain memory, otherwise new memory for them."""
        if axes == out.axes and out.view.order is None:
            return out
        return self.temporary(axes, out.view.buffer.kind)

    def deliver(self, result: Value, out: Value) -> None:
        if result != out:
            self.map("copy", (align(result, out.axes),), out.view)

    # --- gathers and scatters
    # -----------------------------------------------------------------------------------------

    def gather(self, expr: Gather, out: Value) -> None:
        """The elements along one axis, where all other places are plain axes; otherwise in the flattened
        tensor.
        """
        source = self.buffers[expr.tensor.name]
        computed = [
            k for k, place in enumerate(expr.places) if not self.is_plain(place, expr.tensor.shape[k])
        ]
        plain = [
            place.axis for k, place in enumerate(expr.places) if k not in computed and isinstance(place, Iota)
        ]
        if (
            len(computed) == 1
            and len(set(plain)) == len(plain)
            and not set(plain) & set(expr.places[computed[0]].axes)
        ):
            along = computed[0]
            place = expr.places[along]
            index = self.places(place, place.axes)
            axes = (*plain[:along], *index.axes, *plain[along:])
            view = View(source)
        else:
            along, view = 0, View(source, flat=(S.NegativeOne,))
            index = self.places(_flat_place(expr.places, expr.tensor.shape), expr.axes)
            axes = index.axes
        result = self.in_order(axes, out)
        self.add(Take(view, index.view, along, result.view))
        for k in computed:
            for outside in self.outside(expr.places[k], expr.tensor.shape[k]):
                self.add(Map("copy", (Constant(S.Zero),), result.view, align(outside, result.axes)))
        self.deliver(result, out)

    def is_plain(self, place: ArrayExpr, extent: Expr) -> bool:
        return isinstance(place, Iota) and place.axis.size == extent

    def places(self, place: ArrayExpr, axes: Axes) -> Value:
        """Positions as whole numbers over all of `axes`."""
        with self.context(Kind.PLACE):
            if set(place.axes) == set(axes) and place.axes:
                value = self.value(place)
                if value.view.order is None and not value.view.at:
                    return value
            spread = Elementwise(
                "add",
                (
                    place,
                    *(
                        Elementwise("multiply", (Iota(a), Number(S.Zero)))
                        for a in axes
                        if a not in place.axes
                    ),
                ),
            )
            return self.value(spread)

    def outside(self, place: ArrayExpr, extent: Expr) -> list[Value]:
        """Masks of where a position is below 0 or beyond the extent; none where it cannot be."""
        lowest, highest = _bounds(place)
        found: list[Value] = []
        with self.context(Kind.PLACE):
            if lowest is None or not _not_negative(lowest):
                found.append(self.value(Elementwise("less", (place, Number(S.Zero)))))
            if highest is None or not _not_negative(extent - 1 - highest):
                found.append(self.value(Elementwise("less_equal", (SizeValue(extent), place))))
        return found

    def scatter(self, expr: Scatter, out: Value) -> None:
        """Zeros, then the body added at its places in the flattened result; what falls outside adds
        nothing.
        """
        kept = tuple(axis for axis in expr.axes if axis not in expr.targets)
        result = self.in_order(expr.targets + kept, out)
        if not result.view.whole:
            result = self.temporary(expr.targets + kept, Kind.REAL)
        axes = tuple(axis for axis in expr.over) + kept
        body = self.temporary(axes, Kind.REAL, "shares")
        self.compute(expr.body, body)
        shape = tuple(axis.size for axis in result.axes)
        rows = len(expr.targets) == 1 and set(expr.places[0].axes) == set(expr.over)
        places = expr.places if rows else (*expr.places, *(Iota(axis) for axis in kept))
        for place, extent in zip(expr.places, shape, strict=False):
            for outside in self.outside(place, extent):
                self.add(Map("copy", (Constant(S.Zero),), body.view, align(outside, axes)))
        clipped = tuple(self.clipped(place, extent) for place, extent in zip(places, shape, strict=False))
        self.map("copy", (Constant(S.Zero),), result.view)
        if rows:
            index = self.places(clipped[0], expr.over)
            index = Value(align(index, expr.over), expr.over)
            self.add(ScatterAdd(body.view, index.view, result.view))
        else:
            flat = self.places(_flat_place(clipped, shape), axes)
            spread = align(flat, axes)
            if spread != flat.view or flat.axes != axes:
                ordered = self.temporary(axes, Kind.PLACE, "places")
                self.map("copy", (spread,), ordered.view)
                flat = ordered
            whole = (S.NegativeOne,)
            self.add(
                ScatterAdd(
                    _flattened(body.view, whole), _flattened(flat.view, whole), _flattened(result.view, whole)
                )
            )
        self.deliver(result, out)

    def clipped(self, place: ArrayExpr, extent: Expr) -> ArrayExpr:
        lowest, highest = _bounds(place)
        if lowest is None or not _not_negative(lowest):
            place = Elementwise("maximum", (place, Number(S.Zero)))
        if highest is None or not _not_negative(extent - 1 - highest):
            place = Elementwise("minimum", (place, SizeValue(extent - 1)))
        return place


def align(value: Value, axes: Axes) -> View:
    """The view with its dimensions in the order of `axes`, and one of a single entry for each axis that it
    lacks.
    """
    order = [value.axes.index(axis) if axis in value.axes else None for axis in axes]
    while order and order[0] is None:
        order.pop(0)
    if order == list(range(len(value.axes))):
        return value.view
    view = value.view
    assert view.order is None, "a view is turned once"
    return View(view.buffer, view.at, tuple(order), None, view.zero)


def _flattened(view: View, shape: tuple[Expr, ...]) -> View:
    return View(view.buffer, flat=shape)


def _flat_place(places: Iterable[ArrayExpr], shape: tuple[Expr, ...]) -> ArrayExpr:
    """The position in the flattened tensor."""
    flat: ArrayExpr | None = None
    for place, extent in zip(places, shape, strict=True):
        flat = (
            place
            if flat is None
            else Elementwise("add", (Elementwise("multiply", (flat, SizeValue(extent))), place))
        )
    assert flat is not None
    return flat


def _bounds(place: ArrayExpr) -> tuple[Expr | None, Expr | None]:
    """The least and the greatest position that `place` can be, where that can be told."""
    if isinstance(place, Iota):
        return S.Zero, place.axis.size - 1
    if isinstance(place, Number | SizeValue):
        return place.value, place.value
    if isinstance(place, Extreme) and place.kind == "argmax":
        return S.Zero, place.over.size - 1
    if isinstance(place, Elementwise) and place.function in ("add", "subtract", "negative", "multiply"):
        bounds = [_bounds(argument) for argument in place.args]
        if all(bound is not None for pair in bounds for bound in pair):
            return _combined(place.function, bounds)
    return None, None


def _combined(function: str, bounds: list[tuple[Any, Any]]) -> tuple[Expr | None, Expr | None]:
    low, high = bounds[0]
    if function == "negative":
        return -high, -low
    for below, above in bounds[1:]:
        if function == "add":
            low, high = low + below, high + above
        elif function == "subtract":
            low, high = low - above, high - below
        elif low == high and low.is_Integer:
            low, high = (low * below, low * above) if low >= 0 else (low * above, low * below)
        else:
            return None, None
    return low, high


def _not_negative(size: Expr) -> bool:
    """Whether `size` is at least 0 whatever the sizes in it are, which are at least 1."""
    size = size.expand()
    rounded = [term for term in size.atoms(sp_floor) if size.coeff(term).is_negative]
    return bool(size.xreplace({term: term.args[0] for term in rounded}).expand().is_nonnegative)


def _reads(expr: ArrayExpr, name: str) -> bool:
    """Whether the tensor called `name` stands in `expr`."""
    if isinstance(expr, Read | Gather) and expr.tensor.name == name:
        return True
    return any(_reads(child, name) for child in children(expr))


def _is_constant(expr: ArrayExpr) -> bool:
    """Whether `expr` depends on sizes alone."""
    if isinstance(expr, Read | Gather):
        return False
    if isinstance(expr, SizeValue) and expr.value.atoms(Index):
        return False
    return all(_is_constant(child) for child in children(expr))


def _is_mask(operand: Operand) -> bool:
    return isinstance(operand, View) and operand.buffer.kind is Kind.MASK


def _is_risky(expr: ArrayExpr) -> bool:
    """Whether computing `expr` where it is not wanted could overflow or divide by zero."""
    if isinstance(expr, Elementwise) and expr.function not in SAFE:
        return True
    return isinstance(expr, Elementwise) and any(_is_risky(argument) for argument in expr.args)


def _name_for(expr: ArrayExpr) -> str:
    return "mask" if isinstance(expr, Elementwise) and expr.function in BRACKETS else "part"
