"""The array interpreter: what the plain-loop interpreter says, with every index an axis.

One equation is evaluated at all its indices at once. Every index that is bound at a place, a free one or one
of a sum, is an axis of an array there, the outermost first; an index is the numbers along its axis, an
element of a tensor is looked up at all places at once, a sum is a sum over its axes. There are no products of
matrices, no views and no buffers: it shares nothing with the modules that it judges, and where plain loops
take minutes it takes seconds. The plain-loop interpreter judges it in its turn
(`tests/equations/test_arrays.py`).

Two more ideas make this whole. A tensor is kept with one more entry on each axis, a zero: whatever is read
outside its range is read there. And the first axis of every array is that of the lanes, runs that are made at
once: of as many entries as there are runs, or of one where all runs agree.

A recurrence is computed one place after the other along the axis on which all that its equations read of one
another lies on one side.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, reduce
from graphlib import CycleError, TopologicalSorter
from typing import Any

import numpy as np
import sympy as sp
from sympy.concrete.expr_with_limits import ExprWithLimits

from symnet.equations.elementary import SCALAR_FUNCTIONS, power
from symnet.equations.interpret import Array, extent_of
from symnet.equations.program import Equation, Program, elements, reads
from symnet.errors import EquationError, ShapeError
from symnet.index import functions as f
from symnet.index.reductions import ArgMax, binders_of
from symnet.index.symbols import Index, Scalar, Size, Tensor, indices_of, name_of

Axes = tuple[tuple[Index, range], ...]
"""The indices that are bound at a place, each with the values along its axis, the outermost first."""
BLOCK = 1 << 18
"""So many terms of a sum lie in memory at once, unless its result alone is larger."""

DIRECT: dict[Any, Callable[..., Any]] = {
    f.less: lambda a, b: 1 * (np.real(a) < np.real(b)),
    f.less_equal: lambda a, b: 1 * (np.real(a) <= np.real(b)),
    f.equal: lambda a, b: 1 * (np.real(a) == np.real(b)),
    f.maximum: lambda a, b: np.where(np.real(a) > np.real(b), a, b),
    f.minimum: lambda a, b: np.where(np.real(a) < np.real(b), a, b),
    f.where: lambda condition, a, b: np.where(condition != 0, a, b),
}
"""What is quick to say of whole arrays; other functions are those of `elementary.py`, at each number."""


@dataclass(frozen=True, slots=True)
class _Recurrence:
    """Equations that read one another, in their order at each place of the axis along which they run."""

    equations: tuple[Equation, ...]
    axis: int
    reverse: bool


class ArrayInterpreter:
    """A program at given sizes, to be run on as many arrays as need be."""

    def __init__(self, program: Program, sizes: Mapping[sp.Expr, sp.Integer]) -> None:
        self.program = program
        self.sizes = sizes
        self.known: dict[str, Array] = {}  # the tensors, each with its lanes and its zeros
        self.lanes = 1

    def run(self, given: Mapping[str, Array]) -> dict[str, Array]:
        """The value of every tensor; those that are given are not computed.

        Raises ShapeError where an array does not fit, and EquationError where a tensor is missing or depends
        on itself.
        """
        found = self.run_lanes({name: np.asarray(array)[None] for name, array in given.items()})
        return {name: array[0] for name, array in found.items()}

    def run_lanes(self, given: Mapping[str, Array]) -> dict[str, Array]:
        """The same for many runs at once: each array has one more axis in front, of as many entries as there
        are runs, or of one where they agree.
        """
        self.known = {}
        self.lanes = max((len(array) for array in given.values()), default=1)
        numbers = {name: np.asarray([value], dtype=float) for name, value in self.program.values.items()}
        for name, array in {**numbers, **given}.items():
            if name in self.program.tensors:
                self.give(self.program.tensors[name], array)
        with np.errstate(all="ignore"):
            for part in self.parts:
                self.compute(part)
        return {name: _without_zeros(array) for name, array in self.known.items()}

    def give(self, tensor: Tensor, array: Array) -> None:
        """Set the value of a tensor, lane by lane."""
        if array.shape[1:] != self.shape(tensor):
            raise ShapeError(f"{tensor.name} has shape {array.shape[1:]}", expected=f"{self.shape(tensor)}")
        number = _whole(array) if tensor.integer else array * 1.0
        self.known[tensor.name] = _with_zeros(number)

    def shape(self, tensor: Tensor) -> tuple[int, ...]:
        return tuple(extent_of(extent, self.sizes) for extent in tensor.shape)

    @cached_property
    def parts(self) -> list[Equation | _Recurrence]:
        """All equations, each after what it depends on; those that depend on one another together."""
        return [
            circle[0]
            if circle[0].tensor.name not in reads(circle[0].rhs) and len(circle) == 1
            else _recurrence(circle)
            for circle in _circles(self.program.equations)
        ]

    def compute(self, part: Equation | _Recurrence) -> None:
        """The tensors that these equations define and that are not given."""
        if isinstance(part, Equation):
            if part.tensor.name not in self.known:
                self.known[part.tensor.name] = self.elements(part, self.ranges(part))
            return
        pending = [equation for equation in part.equations if equation.tensor.name not in self.known]
        kind = np.result_type(float, *self.known.values())
        for equation in pending:
            extents = (extent + 1 for extent in self.shape(equation.tensor))
            self.known[equation.tensor.name] = np.zeros((self.lanes, *extents), kind)
        longest = max((self.shape(equation.tensor)[part.axis] for equation in pending), default=0)
        for at in reversed(range(longest)) if part.reverse else range(longest):
            for equation in pending:
                ranges = self.ranges(equation)
                ranges[part.axis] = ranges[part.axis][at : at + 1]
                places = (slice(values.start, values.stop) for values in ranges)
                self.known[equation.tensor.name][(slice(None), *places)] = _without_zeros(
                    self.elements(equation, ranges)
                )

    def ranges(self, equation: Equation) -> list[range]:
        """The values of each free index of the equation."""
        return [range(extent) for extent in self.shape(equation.tensor)]

    def elements(self, equation: Equation, ranges: list[range]) -> Array:
        """The elements of a tensor where its indices have these values, with the zeros beyond."""
        value = self.value(equation.rhs, tuple(zip(equation.indices, ranges, strict=True)))
        number = _whole(value) if equation.tensor.integer else np.asarray(value) * 1.0
        lanes = number.shape[0] if number.ndim else 1
        return _with_zeros(np.broadcast_to(number, (lanes, *map(len, ranges))))

    def value(self, expr: sp.Basic, axes: Axes) -> Any:
        """The value of `expr` along the lanes and these axes: an array with an axis for each, of one entry
        where the value is the same all along; or a number.
        """
        if isinstance(expr, sp.Indexed | Scalar):
            return self.element(expr, axes)
        if isinstance(expr, Index):
            return _positions(expr, axes)
        if isinstance(expr, Size | sp.Integer):
            return extent_of(expr, self.sizes)
        if isinstance(expr, sp.Number | sp.NumberSymbol):
            return float(expr)
        if isinstance(expr, sp.Sum | ArgMax):
            return self.reduction(expr, axes)
        if isinstance(expr, sp.Mul):
            return self.product(expr, axes)
        parts = [self.value(argument, axes) for argument in expr.args]
        if isinstance(expr, sp.Add):
            return reduce(operator.add, parts)
        if expr.func in DIRECT:
            return DIRECT[expr.func](*parts)
        if isinstance(expr, sp.Pow):
            return parts[0] * parts[0] if expr.exp == 2 else _at_each(power, parts)
        if expr.func not in SCALAR_FUNCTIONS:
            raise EquationError(
                f"{expr.func.__name__} has no value", expected="a function with a rule in elementary.py"
            )
        return _at_each(SCALAR_FUNCTIONS[expr.func], parts)

    def element(self, expr: sp.Expr, axes: Axes) -> Any:
        """An element; zero where it is read outside its tensor's range."""
        name = name_of(expr)
        if name not in self.known:
            known = name in self.program.tensors
            raise EquationError(
                f"{name} is neither given nor defined" if known else f"there is no tensor {name}"
            )
        array, places = self.known[name], indices_of(expr)
        if len(places) != array.ndim - 1:
            raise ShapeError(f"{expr} does not fit", expected=f"{array.ndim - 1} indices")
        lanes = np.arange(len(array)).reshape(-1, *(1 for _ in axes))
        found = [lanes]
        for place, extent in zip(places, array.shape[1:], strict=True):
            at = _whole(self.value(place, axes))
            found.append(np.where((at >= 0) & (at < extent - 1), at, extent - 1))  # the last is the zero
        return array[tuple(found)]

    def product(self, expr: sp.Mul, axes: Axes) -> Any:
        """A product; 0 where a bracket is (Iverson's convention: what it multiplies need not even exist)."""
        brackets = [self.value(a, axes) for a in expr.args if isinstance(a, f.Bracket)]
        result = reduce(
            operator.mul, (self.value(a, axes) for a in expr.args if not isinstance(a, f.Bracket)), 1
        )
        return np.where(reduce(operator.mul, brackets), result, 0) if brackets else result

    def reduction(self, expr: ExprWithLimits, axes: Axes) -> Any:
        bound = tuple((index, range(extent_of(size, self.sizes))) for index, size in binders_of(expr))
        if isinstance(expr, ArgMax):
            values = np.real(_along(self.value(expr.function, axes + bound), bound))
            compared = np.where(np.isnan(values), -np.inf, values)
            outer = values.ndim - len(bound)
            place = compared.reshape(*values.shape[:outer], -1).argmax(axis=-1)
            return place // math.prod(values.shape[outer + 1 :])  # along the first index
        return self.total(expr.function, axes, bound)

    def total(self, body: sp.Expr, axes: Axes, bound: Axes) -> Any:
        """The sum of `body` over the `bound` axes, halved until what is added fits into a block."""
        free = body.free_symbols
        terms = self.lanes * math.prod(len(values) for index, values in axes + bound if index in free)
        longest = max(range(len(bound)), key=lambda k: len(bound[k][1]))
        index, values = bound[longest]
        if terms <= BLOCK or len(values) == 1:
            summands = _along(self.value(body, axes + bound), bound)
            return summands.sum(axis=tuple(range(-len(bound), 0)))
        halves = (values[: len(values) // 2], values[len(values) // 2 :])
        return sum(
            self.total(body, axes, (*bound[:longest], (index, half), *bound[longest + 1 :]))
            for half in halves
        )


def _positions(index: Index, axes: Axes) -> Array:
    """The values of an index, along its axis."""
    for axis in reversed(range(len(axes))):
        if axes[axis][0] == index:
            values = np.arange(axes[axis][1].start, axes[axis][1].stop)
            return values.reshape(*(1,) * (axis + 1), -1, *(1,) * (len(axes) - axis - 1))
    raise EquationError(f"the index {index} is not bound", expected=", ".join(str(i) for i, _ in axes))


def _along(value: Any, bound: Axes) -> Array:
    """The value with as many entries along the last axes as the bound indices have values."""
    array = np.asarray(value)
    extents = tuple(len(values) for _, values in bound)
    return np.broadcast_to(array, (*array.shape[: array.ndim - len(extents)], *extents))


def _at_each(function: Any, parts: Sequence[Any]) -> Array:
    """A function of numbers, at each of them; NaN where it has no value."""

    def defined(*numbers: Any) -> Any:
        try:
            return function(*numbers)
        except ValueError:
            return math.nan

    kind = complex if any(map(np.iscomplexobj, parts)) else float
    return np.asarray(np.frompyfunc(defined, len(parts), 1)(*parts)).astype(kind)


def _with_zeros(array: Array) -> Array:
    """The array with one more entry on each axis but that of the lanes."""
    return np.pad(array, [(0, 0)] + [(0, 1)] * (array.ndim - 1))


def _whole(value: Any) -> Array:
    return np.asarray(np.real(value)).astype(int)


def _without_zeros(array: Array) -> Array:
    return array[(slice(None), *(slice(0, -1) for _ in array.shape[1:]))]


def _circles(equations: Sequence[Equation]) -> Iterator[list[Equation]]:
    """The equations, each after what it depends on; those that depend on one another together."""
    defining = {equation.tensor.name: equation for equation in equations}
    needs = {
        name: [read for read in reads(equation.rhs) if read in defining]
        for name, equation in defining.items()
    }
    reached = {name: _reached(name, needs) for name in needs}
    circle = {
        name: tuple(other for other in needs if other in found and name in reached[other]) or (name,)
        for name, found in reached.items()
    }
    sorter: TopologicalSorter[tuple[str, ...]] = TopologicalSorter()
    for name, needed in needs.items():
        sorter.add(circle[name], *(circle[other] for other in needed if circle[other] != circle[name]))
    yield from ([defining[name] for name in names] for names in sorter.static_order())


def _reached(name: str, needs: Mapping[str, Sequence[str]]) -> set[str]:
    """Everything that `name` depends on."""
    found: set[str] = set()
    pending = list(needs[name])
    while pending:
        other = pending.pop()
        if other not in found:
            found.add(other)
            pending.extend(needs[other])
    return found


def _recurrence(circle: Sequence[Equation]) -> _Recurrence:
    """An axis along which all that the equations read of one another lies on one side, and their order at
    each place of it.
    """
    defining = {equation.tensor.name: equation for equation in circle}
    inner = [
        (equation, element)
        for equation in circle
        for element in sorted(elements(equation.rhs), key=str)
        if name_of(element) in defining
    ]
    for axis in range(min(equation.tensor.rank for equation in circle)):
        same: dict[str, list[str]] = {name: [] for name in defining}  # what each reads at the same place
        signs = set()
        for equation, element in inner:
            distance = indices_of(element)[axis] - equation.indices[axis]
            signs.add(np.sign(int(distance)) if distance.is_Integer else None)
            if distance == 0:
                same[equation.tensor.name].append(name_of(element))
        if signs <= {0, 1} or signs <= {0, -1}:
            with suppress(CycleError):
                order = tuple(defining[name] for name in TopologicalSorter(same).static_order())
                return _Recurrence(order, axis, 1 in signs)
    raise EquationError(
        f"{circle[0].tensor.name} depends on itself",
        expected="a recurrence: readings a fixed number of steps earlier on one axis, as in H[n,t-1,k]",
    )
