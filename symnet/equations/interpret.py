"""The plain-loop interpreter: slow, obviously right, the oracle for everything else.

An element of a tensor is computed from its defining equation, index by index, and remembered. An equation
that reads its own tensor at another index (a recurrence, in either direction) needs no schedule: the element
that is missing is computed first. Values may be complex, for the complex step: comparisons look at real parts
only.

Many complex steps are taken at once: a number may be an array of lanes, complex numbers that have one real
part and differ by what is beside it. Sums and products are those of arrays; whatever looks at real parts
looks at the first lane.

A right-hand side is compiled once into nested closures, one for each node of the expression, over the list of
index values that are bound at the place (the scope). Elements lie in plain lists, row by row.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from sympy.concrete.expr_with_limits import ExprWithLimits

from symnet.equations.elementary import SCALAR_FUNCTIONS, power, square_root
from symnet.equations.program import Equation, Program
from symnet.errors import EquationError, ShapeError
from symnet.index import functions as f
from symnet.index.reductions import ArgMax, binders_of
from symnet.index.symbols import Index, Scalar, Size, Tensor, indices_of, name_of

Array = NDArray[Any]
Scope = list[Any]
"""The values of the indices that are bound at a place, each in its slot."""
Slots = Mapping[sp.Symbol, int]
Code = Callable[[Scope], Any]
"""A compiled expression: from a scope to a number."""
STEP = 1e-30
"""The complex step: its square is lost beside any number."""
LANES = 256
"""So many complex steps are taken at once, at most."""


def evaluate(
    program: Program, given: Mapping[str, Array], sizes: Mapping[str, int] | None = None
) -> dict[str, Array]:
    """The value of every tensor of `program`, from the arrays in `given` (name to array of the tensor's
    shape).

    Sizes are read off the arrays; `sizes` gives those that no array shows. A tensor that is given is not
    computed. Raises ShapeError where an array does not fit and EquationError where a tensor depends on itself
    without end.
    """
    return Interpreter(program, infer_sizes(program, given, sizes)).run(given)


def evaluate_rhs(
    program: Program, values: Mapping[str, Array], equation: Equation, sizes: Mapping[str, int] | None = None
) -> Array:
    """The array that the right-hand side of `equation` gives when every tensor of `program` has the value in
    `values`.

    The equation need not belong to the program: this is how a step is evaluated before and after its rewrite.
    """
    interpreter = Interpreter(program, infer_sizes(program, values, sizes))
    interpreter.load(values)
    return interpreter.array(equation)


@dataclass(slots=True)
class _Cells:
    """The elements of one tensor, row by row; None where an element is not known yet."""

    name: str
    shape: tuple[int, ...]
    integer: bool
    elements: list[Any] = field(default_factory=list)
    order: Sequence[int] = ()
    code: Code | None = None

    @property
    def count(self) -> int:
        return math.prod(self.shape)


class Interpreter:
    """A program at given sizes, compiled once, to be run on as many arrays as need be."""

    def __init__(self, program: Program, sizes: Mapping[sp.Expr, sp.Integer]) -> None:
        self.program = program
        self.sizes = sizes
        self.cells: dict[str, _Cells] = {}
        self.compiled: dict[tuple[tuple[Index, ...], sp.Expr], Code] = {}
        self.busy: set[tuple[str, int]] = set()
        self.width = 1  # of a scope: the deepest nesting of indices so far

    def run(self, given: Mapping[str, Array]) -> dict[str, Array]:
        """The value of every tensor; those that are not given are computed."""
        arrays = self.load(given)
        pending = [equation for equation in self.program.equations if equation.tensor.name not in arrays]
        for equation in pending:
            cells = self.of(equation.tensor.name)
            if cells.code is None:
                cells.order, cells.code = _order(equation, cells.count), self.code(equation)
        for equation in pending:
            cells = self.of(equation.tensor.name)
            for place in cells.order:
                if cells.elements[place] is None:
                    self.compute(cells, place)
        computed = {e.tensor.name: self.of(e.tensor.name) for e in pending}
        return arrays | {name: _array(c.elements, c.shape, c.integer) for name, c in computed.items()}

    def slopes(self, given: Mapping[str, Array], moved: str, directions: Array, wanted: str) -> Array:
        """The slope of the number `wanted` when the tensor `moved`, which is given, moves along each of the
        `directions` (one a row, its elements row by row), by complex steps in as many lanes.
        """
        self.load(given)
        cells = self.of(moved)
        for place in np.flatnonzero(directions.any(axis=0)).tolist():
            cells.elements[place] = cells.elements[place] + 1j * STEP * directions[:, place]
        for equation in self.program.equations:
            cells = self.of(equation.tensor.name)
            if cells.code is None and equation.tensor.name not in given:
                cells.order, cells.code = _order(equation, cells.count), self.code(equation)
        for equation in self.program.equations:
            cells = self.of(equation.tensor.name)
            for place in cells.order:
                if cells.elements[place] is None:
                    self.compute(cells, place)
        return np.broadcast_to(np.imag(self.of(wanted).elements[0]) / STEP, len(directions))

    def pulled_back(self, equation: Equation, moved: Tensor, value: Array, weights: Array) -> Array:
        """The slope of the right-hand side of `equation`, weighted with `weights` and added up, along every
        element of the tensor `moved`, which has the `value`: by complex steps, many of them at once.
        """
        code, found = self.code(equation), np.zeros(value.size)
        numbers = weights.ravel().tolist()
        for start in range(0, value.size, LANES):
            self.give(moved, value)
            elements = self.of(moved.name).elements
            lanes = range(start, min(start + LANES, value.size))
            for lane, place in enumerate(lanes):
                step = np.zeros(len(lanes), complex)
                step[lane] = STEP * 1j
                elements[place] = elements[place] + step
            for scope, weight in zip(self.scopes(self.shape(equation.tensor)), numbers, strict=True):
                found[lanes.start : lanes.stop] += np.imag(code(scope)) / STEP * weight
        self.give(moved, value)
        return found.reshape(value.shape)

    def scopes(self, shape: tuple[int, ...]) -> Iterator[Scope]:
        """The scope at every place of a tensor, row by row."""
        return (list(place) + [0] * (self.width - len(place)) for place in np.ndindex(shape))

    def load(self, given: Mapping[str, Array]) -> dict[str, Array]:
        """Take over the arrays, and the numbers that belong to the program; forget everything else."""
        for cells in self.cells.values():
            cells.elements = [None] * cells.count
        known = {name: np.asarray(value, dtype=float) for name, value in self.program.values.items()}
        arrays = {name: known[name] for name in known if name in self.program.tensors and name not in given}
        arrays |= {name: np.asarray(array) for name, array in given.items()}
        for name, array in arrays.items():
            if name in self.program.tensors:
                self.give(self.program.tensors[name], array)
        return arrays

    def give(self, tensor: Tensor, array: Array) -> None:
        """Set the value of one tensor, which need not belong to the program."""
        cells = self.cells.setdefault(tensor.name, _Cells(tensor.name, self.shape(tensor), tensor.integer))
        if array.shape != cells.shape:
            raise ShapeError(f"{tensor.name} has shape {array.shape}", expected=f"{cells.shape}")
        cells.elements = (array.real.astype(int) if cells.integer else array).ravel().tolist()

    def array(self, equation: Equation) -> Array:
        """The right-hand side of `equation` at every index, the tensors being as they were last loaded."""
        code = self.code(equation)
        shape = self.shape(equation.tensor)
        return _array([code(scope) for scope in self.scopes(shape)], shape, equation.tensor.integer)

    def of(self, name: str) -> _Cells:
        if name not in self.cells:
            tensor = self.program.tensors.get(name)
            if tensor is None:
                raise EquationError(f"there is no tensor {name}")
            self.cells[name] = _Cells(name, self.shape(tensor), tensor.integer)
            self.cells[name].elements = [None] * self.cells[name].count
        return self.cells[name]

    def shape(self, tensor: Tensor) -> tuple[int, ...]:
        return tuple(extent_of(extent, self.sizes) for extent in tensor.shape)

    def compute(self, cells: _Cells, place: int) -> Any:
        """The element at `place`, from the tensor's equation."""
        if (cells.name, place) in self.busy or cells.code is None:
            at = ", ".join(map(str, np.unravel_index(place, cells.shape)))
            reason = "depends on itself" if cells.code is not None else "is neither given nor defined"
            raise EquationError(f"{cells.name}[{at}] {reason}")
        self.busy.add((cells.name, place))
        scope = [0] * self.width
        rest = place
        for axis in range(len(cells.shape) - 1, -1, -1):
            rest, scope[axis] = divmod(rest, cells.shape[axis])
        value = cells.code(scope)
        cells.elements[place] = value
        self.busy.discard((cells.name, place))
        return value

    def code(self, equation: Equation) -> Code:
        key = (equation.indices, equation.rhs)
        if key not in self.compiled:
            slots = {index: slot for slot, index in enumerate(equation.indices)}
            self.width = max(self.width, len(slots))  # of which the right-hand side may use none
            self.compiled[key] = self.compile(equation.rhs, slots)
        return self.compiled[key]

    def compile(self, expr: sp.Basic, slots: Slots) -> Code:
        """`expr` as a function of the indices that are bound around it."""
        if isinstance(expr, sp.Indexed | Scalar):
            return self.compile_element(expr, slots)
        if isinstance(expr, Index):
            return self.compile_index(expr, slots)
        if isinstance(expr, Size | sp.Number | sp.NumberSymbol):
            return _constant(
                extent_of(expr, self.sizes) if isinstance(expr, Size | sp.Integer) else float(expr)
            )
        if isinstance(expr, sp.Sum | ArgMax):
            return self.compile_reduction(expr, slots)
        if isinstance(expr, sp.Mul):
            return self.compile_product(expr, slots)
        parts = [self.compile(argument, slots) for argument in expr.args]
        if isinstance(expr, f.where):
            return _choice(*parts)
        if isinstance(expr, sp.Add):
            return _sum(parts)
        if isinstance(expr, sp.Pow):
            return _power(expr, *parts)
        if expr.func not in SCALAR_FUNCTIONS:
            raise EquationError(
                f"{expr.func.__name__} has no value", expected="a function with a rule in elementary.py"
            )
        return _applied(expr.func, parts)

    def compile_index(self, index: Index, slots: Slots) -> Code:
        if index not in slots:
            raise EquationError(
                f"the index {index} is not bound", expected=f"one of {', '.join(map(str, slots))}"
            )
        slot = slots[index]
        self.width = max(self.width, slot + 1)
        return lambda scope: scope[slot]

    def compile_element(self, expr: sp.Expr, slots: Slots) -> Code:
        """An element; zero where it is read outside its tensor's range."""
        cells = self.of(name_of(expr))
        if len(indices_of(expr)) != len(cells.shape):
            raise ShapeError(f"{expr} does not fit", expected=f"{len(cells.shape)} indices")
        places = (
            self.compile(at, slots) if isinstance(at, Index) else _whole(self.compile(at, slots))
            for at in indices_of(expr)
        )
        axes = list(zip(places, cells.shape, strict=True))
        compute = self.compute

        def read(scope: Scope) -> Any:
            place = 0
            for at, extent in axes:
                k = at(scope)
                if not 0 <= k < extent:
                    return 0
                place = place * extent + k
            value = cells.elements[place]
            return compute(cells, place) if value is None else value

        return read

    def compile_product(self, expr: sp.Mul, slots: Slots) -> Code:
        """A product; a bracket that is 0 ends it (Iverson's convention: what it multiplies need not even
        exist).
        """
        brackets = [self.compile(a, slots) for a in expr.args if isinstance(a, f.Bracket)]
        factors = [self.compile(a, slots) for a in expr.args if not isinstance(a, f.Bracket)]

        def product(scope: Scope) -> Any:
            for bracket in brackets:
                if not bracket(scope):
                    return 0
            result = 1
            for factor in factors:
                result *= factor(scope)
            return result

        return product

    def compile_reduction(self, expr: ExprWithLimits, slots: Slots) -> Code:
        binders = binders_of(expr)
        first = max(slots.values(), default=-1) + 1
        inner: dict[sp.Symbol, int] = {**slots}
        inner.update({index: first + k for k, (index, _) in enumerate(binders)})
        self.width = max(self.width, first + len(binders))
        ranges = [range(extent_of(size, self.sizes)) for _, size in binders]
        if isinstance(expr, ArgMax):
            return _position_of_largest(self.compile(expr.function, inner), first, ranges)
        factors = sp.Mul.make_args(expr.function)
        code = self.compile(sp.Mul(*(a for a in factors if not isinstance(a, f.Bracket))), inner)
        brackets = [a for a in factors if isinstance(a, f.Bracket)]
        for k in reversed(range(len(binders))):
            # A bracket is asked as soon as its indices are known: where it is 0, nothing is added.
            asked = [a for a in brackets if a.has(binders[k][0])]
            brackets = [a for a in brackets if a not in asked]
            code = self.total(code, binders[k][0], first + k, ranges[k], asked, inner)
        return _guarded(code, [self.compile(bracket, slots) for bracket in brackets])

    def total(
        self, body: Code, index: Index, slot: int, values: range, brackets: list[sp.Expr], slots: Slots
    ) -> Code:
        """The sum of `body` over one index, where all `brackets` are 1; a bracket [i = e] leaves one i."""
        for bracket in brackets:
            sides = (bracket.args, bracket.args[::-1]) if isinstance(bracket, f.equal) else ()
            for side, other in sides:
                if side == index and not other.has(index, sp.Sum):
                    rest = [self.compile(a, slots) for a in brackets if a is not bracket]
                    return _one_term(_guarded(body, rest), slot, values, self.compile(other, slots))
        return _total(_guarded(body, [self.compile(a, slots) for a in brackets]), slot, values)


def _order(equation: Equation, count: int) -> Sequence[int]:
    """The places of a tensor in the order in which they are computed: from the end where it reads anything at
    later ones.

    Any order gives the same values; this one keeps short the chain of elements that wait for one another in a
    recurrence.
    """
    reads = [
        (at, i)
        for e in equation.rhs.atoms(sp.Indexed)
        for at in e.indices
        for i in equation.indices
        if at.has(i)
    ]
    return range(count - 1, -1, -1) if any((at - i).is_positive for at, i in reads) else range(count)


def _constant(value: float) -> Code:
    return lambda scope: value


def _whole(code: Code) -> Code:
    return lambda scope: int(code(scope).real)


def _choice(condition: Code, yes: Code, no: Code) -> Code:
    return lambda scope: yes(scope) if _first(condition(scope)) else no(scope)


def _first(value: Any) -> Any:
    """The first lane of a number; a number that has no lanes as it is."""
    return value[0] if isinstance(value, np.ndarray) else value


def _applied(kind: Any, parts: list[Code]) -> Code:
    """A function of numbers, in all lanes."""
    function = SCALAR_FUNCTIONS[kind]
    if len(parts) == 1:
        only = parts[0]

        def one(scope: Scope) -> Any:
            value = only(scope)
            return _along(function, value) if isinstance(value, np.ndarray) else function(value)

        return one
    if issubclass(kind, f.Bracket):
        return lambda scope: function(*(_first(part(scope)) for part in parts))

    def larger_or_smaller(scope: Scope) -> Any:
        values = [part(scope) for part in parts]
        firsts = [_first(value) for value in values]
        return values[firsts.index(function(*firsts))]

    return larger_or_smaller


def _along(function: Callable[[Any], Any], lanes: Array) -> Array:
    """A function of one number in all lanes: its slope there, by a complex step, times that of each lane."""
    value = complex(function(complex(lanes[0].real, STEP)))
    return value.real + 1j * (value.imag / STEP) * lanes.imag


def _sum(parts: list[Code]) -> Code:
    def add(scope: Scope) -> Any:
        result = 0
        for part in parts:
            result += part(scope)
        return result

    return add


def _power(expr: sp.Pow, base: Code, exponent: Code) -> Code:
    if expr.exp == 2:
        return lambda scope: (value := base(scope)) * value
    if expr.exp == sp.S.Half:

        def root(scope: Scope) -> Any:
            value = base(scope)
            return _along(square_root, value) if isinstance(value, np.ndarray) else square_root(value)

        return root

    def raised(scope: Scope) -> Any:
        value, by = base(scope), exponent(scope)
        if not isinstance(value, np.ndarray) and not isinstance(by, np.ndarray):
            return power(value, by)
        x, y = _first(value).real, _first(by).real
        moved = _along(lambda z: power(z, y), np.atleast_1d(value))
        return moved + 1j * _along(lambda z: power(x, z), np.atleast_1d(by)).imag

    return raised


def _total(body: Code, slot: int, values: range) -> Code:
    def add(scope: Scope) -> Any:
        result = 0
        for scope[slot] in values:
            result += body(scope)
        return result

    return add


def _guarded(body: Code, brackets: list[Code]) -> Code:
    """`body` where all brackets are 1, and 0 elsewhere."""
    if not brackets:
        return body
    return lambda scope: body(scope) if all(bracket(scope) for bracket in brackets) else 0


def _one_term(body: Code, slot: int, values: range, at: Code) -> Code:
    """The term of a sum at one value of its index; nothing where that is not in its range."""

    def term(scope: Scope) -> Any:
        place = at(scope).real
        if place not in values:  # nor is a number that is not whole
            return 0
        scope[slot] = int(place)
        return body(scope)

    return term


def _position_of_largest(body: Code, slot: int, ranges: list[range]) -> Code:
    """The first index of the first place at which the body is largest."""

    def position(scope: Scope) -> int:
        found, largest = 0, -math.inf
        for place in itertools.product(*ranges):
            scope[slot : slot + len(place)] = place
            value = _first(body(scope)).real
            if value > largest:
                found, largest = place[0], value
        return found

    return position


def _array(elements: list[Any], shape: tuple[int, ...], integer: bool) -> Array:
    """The elements as an array: of whole numbers where it must be, of complex numbers where there are any."""
    if integer:
        return np.array([int(value.real) for value in elements], dtype=int).reshape(shape)
    dtype = complex if any(isinstance(value, complex) for value in elements) else float
    return np.array(elements, dtype=dtype).reshape(shape)


def extent_of(size: sp.Expr, sizes: Mapping[sp.Expr, sp.Integer]) -> int:
    """The number that `size` is where sizes have these values. Raises ShapeError where one is missing."""
    value = size.xreplace(sizes)
    if not value.is_Integer:
        missing = ", ".join(sorted(map(str, value.atoms(Size))))
        raise ShapeError(
            f"the size {size} is not known", expected=f"an array or a value that fixes {missing}"
        )
    return int(value)


def infer_sizes(
    program: Program, given: Mapping[str, Array], sizes: Mapping[str, int] | None = None
) -> dict[sp.Expr, sp.Integer]:
    """What each symbolic size is, from the program's values, from `sizes` and from the shapes of the arrays.

    Raises ShapeError where two arrays disagree or an array has the wrong number of axes.
    """
    known: dict[sp.Expr, sp.Integer] = {}
    for name, value in {**program.values, **(sizes or {})}.items():
        if Size(name) in program.sizes:
            known[Size(name)] = sp.Integer(value)
    for name, array in given.items():
        tensor = program.tensors.get(name)
        if tensor is None:
            continue
        shape = np.shape(array)
        if len(shape) != tensor.rank:
            raise ShapeError(
                f"{name} has {len(shape)} axes", expected=f"{tensor.rank}, for {shape_text(tensor)}"
            )
        for axis, (extent, actual) in enumerate(zip(tensor.shape, shape, strict=True)):
            if isinstance(extent, Size) and extent not in known:
                known[extent] = sp.Integer(actual)
            expected = extent.xreplace(known)
            if expected.is_Integer and int(expected) != actual:
                raise ShapeError(
                    f"axis {axis} of {name} has {actual} entries",
                    expected=f"{extent} = {expected}, for {shape_text(tensor)}",
                )
    return known


def shape_text(tensor: Tensor) -> str:
    """A tensor with its shape, such as X[N, D]."""
    return f"{tensor.name}[{', '.join(map(str, tensor.shape))}]"
