"""A step of training number by number: what the smallest networks are computed by.

Each array of a tiny network holds a few numbers, and a call of an array library costs as much as dozens of
multiplications. Here every element of every equation is a number of its own:

before:  Z1[n,j] = sum(X[n,i]*W1[i,j], i) + b1[j]
after:   for each sample:  Z1_0 = X_0 * W1_0_0 + X_1 * W1_1_0 + b1_0;  Z1_1 = ...

One index stays: that of the samples. A sum over the samples is added up while a loop goes through them; what
follows from such sums (the loss, the gradients, the update) is computed after it. So the sizes must be
numbers, but for the number of samples, and no sample may depend on another: `unroll` gives None where that is
not so (a batch norm, a graph), and where there would be more than `costs.MOST_NUMBERS` numbers.

Only what a step needs is computed: elements are found from the results backwards, each once. Whatever reads
at even places (convolution) or at earlier ones (recurrence) needs no case of its own, since a place is a
number here, and a place outside the range gives zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from math import prod

from sympy import Expr, Integer, S, Sum

from symnet.derivation.journal import Derived
from symnet.equations.program import Equation, Program
from symnet.index.reductions import ArgMax, binders_of
from symnet.index.symbols import Index, Role, Size, Tensor
from symnet.lowering.costs import MOST_NUMBERS
from symnet.lowering.extents import Extents
from symnet.lowering.instructions import (
    Assign,
    Buffer,
    Constant,
    Home,
    Line,
    NumberOp,
    NumberRead,
    Scalar,
    View,
    reads_of,
    writes_of,
)
from symnet.lowering.lower import axes_of, lower_equation
from symnet.lowering.nodes import (
    Affine,
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
)
from symnet.lowering.numbers import ONE, ZERO, applied, named
from symnet.lowering.sums import started

Place = int | None
"""A position along an axis; None is the sample that the loop is at."""
Places = tuple[Place, ...]
Here = Mapping[Index, Place]
_SUMS = (Sum, ArgMax)


@dataclass(frozen=True, slots=True)
class Unrolled:
    """A step as three stretches of assignments to numbers, the second of them for each sample."""

    samples: Size
    data: tuple[tuple[Tensor, Mapping[Places, Buffer]], ...]  # the elements of one sample of each
    given: tuple[tuple[Tensor, tuple[Buffer, ...]], ...]  # parameters and states before the step, as they lie
    settings: tuple[Tensor, ...]  # hyperparameters
    before: tuple[Line, ...]  # what does not depend on the data
    sums: tuple[tuple[Buffer, Scalar], ...]  # and what each of them starts with
    body: tuple[Line, ...]
    after: tuple[Line, ...]
    loss: Scalar
    results: tuple[tuple[Scalar, ...], ...]  # of `given`, after the step


class NotUnrolledError(Exception):
    """The step has no such form; no user sees this."""


def unroll(derived: Derived, however_large: bool = False) -> Unrolled | None:
    """The step of `derived` number by number; None where it has no such form or is too large for it."""
    program = derived.computed
    if not derived.updates or derived.further or program.of_role(Role.RANDOM):
        return None
    extents = Extents(program.values)
    data = program.of_role(Role.INPUT, Role.TARGET)
    leading = {tensor.shape[0] if tensor.rank else None for tensor in data}
    samples = leading.pop() if len(leading) == 1 else None
    if not isinstance(samples, Size) or samples.name in program.values:
        return None
    if not however_large and _is_large(program, samples):
        return None
    try:
        return _Unrolling(derived, samples, extents).run()
    except NotUnrolledError:
        return None


def _is_large(program: Program, samples: Size) -> bool:
    """Whether the equations are made of more than about MOST_NUMBERS numbers, for one sample."""
    of_sample = Extents({**program.values, samples.name: 1})
    counted = 0
    for equation in program.equations:
        sums = {binder for node in equation.rhs.atoms(*_SUMS) for binder in binders_of(node)}
        sizes = [size for _, size in (*equation.binders, *sums)]
        counted += prod(of_sample.nominal(size) for size in sizes)
        if counted > MOST_NUMBERS:
            return True
    return False


@dataclass
class _Unrolling:
    """The elements that are known, and the statements so far."""

    derived: Derived
    samples: Size
    extents: Extents
    found: dict[tuple[str, Places], Scalar] = field(default_factory=dict)
    lines: dict[str, list[Line]] = field(default_factory=lambda: {"before": [], "body": [], "after": []})
    totals: dict[Scalar, Buffer] = field(default_factory=dict)  # of the samples, by what is added up
    taken: set[str] = field(default_factory=set)
    stages: dict[str, str] = field(default_factory=dict)
    expressions: dict[str, ArrayExpr] = field(default_factory=dict)
    pending: set[tuple[str, Places]] = field(default_factory=set)
    current: tuple[str, Places, ArrayExpr] = ("", (), Number(S.Zero))  # what is being computed

    def run(self) -> Unrolled:
        program = self.program = self.derived.computed
        self.equations = {equation.tensor.name: equation for equation in program.equations}
        self.taken |= {tensor.name for tensor in program.tensors.values()}
        settings = program.of_role(Role.HYPERPARAMETER)
        for tensor in settings:
            self.found[tensor.name, ()] = _read(Buffer(tensor.name, (), Home.LOCAL))
        data = [(t, self.elements(t)) for t in program.of_role(Role.INPUT, Role.TARGET)]
        given = [(t, self.elements(t)) for t in program.of_role(Role.PARAMETER, Role.STATE)]
        after = {e.tensor.next_of: e.tensor for e in program.equations if e.tensor.next_of}
        results = tuple(
            tuple(self.element(after.get(tensor.name, tensor), places) for places in elements)
            for tensor, elements in given
        )
        loss = self.element(self.derived.loss, ())
        order = {equation.tensor.name: k for k, equation in enumerate(program.equations)}
        stretches = {
            stage: tuple(named(_in_order(lines, order), self.fresh)) for stage, lines in self.lines.items()
        }
        sums, stretches = started(self.totals.values(), stretches, results, loss)
        return Unrolled(
            samples=self.samples,
            data=tuple(data),
            given=tuple((tensor, tuple(elements.values())) for tensor, elements in given),
            settings=settings,
            sums=sums,
            loss=loss,
            results=results,
            **stretches,
        )

    # --- elements

    def elements(self, tensor: Tensor) -> dict[Places, Buffer]:
        """A number for every element of a tensor that is given, of one sample where it has samples."""
        found = {}
        for places in product(*(self.range(extent) for extent in tensor.shape)):
            buffer = self.number_of(tensor.name, places)
            found[places] = buffer
            self.found[tensor.name, places] = _read(buffer)
        return found

    def range(self, extent: Expr) -> Iterable[Place]:
        """The places along an axis of this extent."""
        if extent == self.samples:
            return (None,)
        known = self.extents.known(extent)
        if not known.is_Integer:
            raise NotUnrolledError
        return range(int(known))

    def number_of(self, name: str, places: Places) -> Buffer:
        wanted = _joined(name, places)
        return Buffer(name, (), Home.LOCAL) if wanted == name else self.fresh(wanted)

    def fresh(self, wanted: str) -> Buffer:
        while wanted in self.taken:
            wanted += "_"
        self.taken.add(wanted)
        return Buffer(wanted, (), Home.LOCAL)

    def element(self, tensor: Tensor, places: Places) -> Scalar:
        """The number that holds an element, zero outside the range; computed before it is first asked for."""
        for place, extent in zip(places, tensor.shape, strict=True):
            if (place is None) != (extent == self.samples):
                raise NotUnrolledError
            if place is not None and place not in self.range(extent):
                return ZERO
        key = (tensor.name, places)
        if key not in self.found:
            if key in self.pending:
                raise NotUnrolledError
            self.pending.add(key)
            self.found[key] = self.computed(tensor, places)
        return self.found[key]

    def computed(self, tensor: Tensor, places: Places) -> Scalar:
        equation = self.equations[tensor.name]
        stage = self.stage(tensor.name)
        here = dict(zip((axis.index for axis in axes_of(equation)), places, strict=True))
        expression = self.expression(equation)
        before, self.current = self.current, (tensor.name, places, expression)
        value = self.value(expression, here, stage)
        self.current = before
        if isinstance(value, Constant | NumberRead):
            return value
        buffer = self.number_of(tensor.name, places)
        self.lines[stage].append(Line(Assign(buffer, value), tensor.name))
        return _read(buffer)

    def expression(self, equation: Equation) -> ArrayExpr:
        name = equation.tensor.name
        if name not in self.expressions:
            self.expressions[name] = lower_equation(equation, self.program)
        return self.expressions[name]

    def stage(self, name: str) -> str:
        """When a tensor is computed: for each sample, or before or after the loop through the samples."""
        if name not in self.stages:
            tensor = self.program.tensors[name]
            self.stages[name] = "before"  # while it is looked at: a recurrence reads itself
            if self.samples in tensor.shape:
                self.stages[name] = "body"
            elif name in self.equations and any(
                (isinstance(node, Contract) and any(a.size == self.samples for a in node.over))
                or (isinstance(node, Read | Window | Gather) and self.stage(node.tensor.name) == "after")
                for node in _within(self.expression(self.equations[name]))
            ):
                self.stages[name] = "after"
        return self.stages[name]

    # --- values

    def value(self, expr: ArrayExpr, here: Here, stage: str) -> Scalar:
        """The number that an expression has at these places."""
        if isinstance(expr, Number | SizeValue):
            return Constant(self.extents.known(expr.value))
        if isinstance(expr, Iota):
            return Constant(Integer(self.at(expr.axis, here)))
        if isinstance(expr, Read | Window | Gather):
            return self.reading(expr, here, stage)
        if isinstance(expr, Elementwise):
            return applied(expr.function, [self.value(a, here, stage) for a in expr.args])
        if isinstance(expr, Contract):
            return self.contraction(expr, here, stage)
        if isinstance(expr, Extreme):
            if expr.kind != "max":
                raise NotUnrolledError
            first, *others = (self.value(expr.body, h, stage) for h in self.along((expr.over,), here))
            for other in others:
                first = NumberOp("maximum", (first, other))
            return first
        if isinstance(expr, Diagonal):
            on = all(self.at(one, here) == self.at(other, here) for one, other in expr.pairs)
            return self.value(expr.body, here, stage) if on else ZERO
        return self.added_up(expr, here, stage)

    def at(self, axis: Axis, here: Here) -> int:
        place = here[axis.index]
        if place is None:
            raise NotUnrolledError
        return place

    def along(self, axes: Axes, here: Here) -> Iterator[Here]:
        """The places along axes that are summed, none of which is that of the samples."""
        ranges = [list(self.range(axis.size)) for axis in axes]
        if [None] in ranges:
            raise NotUnrolledError
        for places in product(*ranges):
            yield {**here, **dict(zip((axis.index for axis in axes), places, strict=True))}

    def reading(self, expr: Read | Window | Gather, here: Here, stage: str) -> Scalar:
        if stage != "after" and self.stage(expr.tensor.name) == "after":
            raise NotUnrolledError  # a sample that depends on the others
        if isinstance(expr, Gather):
            wanted = [self.value(place, here, stage) for place in expr.places]
            return self.gathered(expr.tensor, (), wanted)
        return self.element(expr.tensor, tuple(self.place(place, here) for place in expr.places))

    def place(self, place: Axis | Affine | Expr, here: Here) -> Place:
        if isinstance(place, Axis):
            return here[place.index]
        if isinstance(place, Affine):
            if len(place.terms) == 1 and place.offset == 0 and here[place.terms[0][0].index] is None:
                return None
            moved = place.value.xreplace({axis.index: Integer(self.at(axis, here)) for axis in place.axes})
        else:
            moved = place
        known = self.extents.known(moved)
        if not known.is_Integer:
            raise NotUnrolledError
        return int(known)

    def gathered(self, tensor: Tensor, fixed: Places, wanted: list[Scalar]) -> Scalar:
        """The element at places that are computed: a choice among all of them where one is no number."""
        if not wanted:
            return self.element(tensor, fixed)
        place, *others = wanted
        if isinstance(place, Constant) and place.value.is_Integer:
            return self.gathered(tensor, (*fixed, int(place.value)), others)
        chosen: Scalar = ZERO
        for k in reversed(list(self.range(tensor.shape[len(fixed)]))):
            if k is None:
                raise NotUnrolledError
            one = self.gathered(tensor, (*fixed, k), others)
            chosen = NumberOp("where", (NumberOp("equal", (place, Constant(Integer(k)))), one, chosen))
        return chosen

    def contraction(self, expr: Contract, here: Here, stage: str) -> Scalar:
        """A sum of products; one over the samples is added up in the loop."""
        over = tuple(axis for axis in expr.over if axis.size != self.samples)
        over_samples = [axis for axis in expr.over if axis.size == self.samples]
        if not over_samples:
            return self.sum_of_products(expr, over, here, stage)
        if stage != "after" or len(over_samples) > 1:
            raise NotUnrolledError
        term = self.sum_of_products(expr, over, {**here, over_samples[0].index: None}, "body")
        if term not in self.totals:
            tensor, places, whole = self.current
            name = _joined(tensor, places)
            total = self.totals[term] = self.fresh(name if expr is whole else f"{name}_sum")
            self.lines["body"].append(Line(Assign(total, NumberOp("add", (_read(total), term))), tensor))
        return _read(self.totals[term])

    def sum_of_products(self, expr: Contract, over: Axes, here: Here, stage: str) -> Scalar:
        terms = [
            applied("multiply", [self.value(operand, place, stage) for operand in expr.operands])
            for place in self.along(over, here)
        ]
        return applied("add", terms)

    def added_up(self, expr: Fold | Scatter, here: Here, stage: str) -> Scalar:
        """What is added up at a target: from the places that are it, or that turn out to be."""
        terms = []
        for place in self.along(expr.over, here):
            factors: list[Scalar] = []
            for axis, to in zip(expr.targets, expr.places, strict=True):
                target = Constant(Integer(self.at(axis, here)))
                if isinstance(to, Affine):
                    moved = self.place(to, place)
                    factors.append(ONE if moved == self.at(axis, here) else ZERO)
                else:
                    found = self.value(to, place, stage)
                    fixed = isinstance(found, Constant)
                    factors.append(
                        Constant(S(int(found == target))) if fixed else NumberOp("equal", (found, target))
                    )
            if ZERO not in factors:
                terms.append(applied("multiply", [*factors, self.value(expr.body, place, stage)]))
        return applied("add", terms)


def _in_order(lines: list[Line], order: Mapping[str, int]) -> list[Line]:
    """The lines in the order of their equations, unless a recurrence goes to and fro among them."""
    ordered = sorted(lines, key=lambda line: order[line.tensor])
    written = {view.buffer.name for line in lines for view in writes_of(line.instruction)}
    for line in ordered:
        own = {view.buffer.name for view in writes_of(line.instruction)}
        if any(view.buffer.name in written - own for view in reads_of(line.instruction)):
            return lines
        written -= own
    return ordered


def _within(expr: ArrayExpr) -> Iterator[ArrayExpr]:
    yield expr
    for child in children(expr):
        yield from _within(child)


def _joined(name: str, places: Places) -> str:
    return "_".join([name, *(str(place) for place in places if place is not None)])


def _read(buffer: Buffer) -> NumberRead:
    return NumberRead(View(buffer))
