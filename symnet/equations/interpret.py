"""The plain-loop interpreter: slow, obviously right, the oracle for everything else.

An element of a tensor is computed from its defining equation, index by index, and remembered. An equation
that reads its own tensor at another index (a recurrence, in either direction) needs no schedule: the element
that is missing is computed first. Values may be complex, for the complex step: comparisons look at real parts
only.

A right-hand side is compiled once into nested closures, one for each node of the expression, over the list of
index values that are bound at the place (the scope). Elements lie in plain lists, row by row.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
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
"""A compiled expression: from a scope to a Number."""


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
        scopes = (list(place) + [0] * (self.width - len(place)) for place in np.ndindex(shape))
        return _array([code(scope) for scope in scopes], shape, equation.tensor.integer)

    def of(self, name: str) -> _Cells:
        if name not in self.cells:
            tensor = self.program.tensors.get(name)
            if tensor is None:
                raise EquationError(f"there is no tensor {name}")
            self.cells[name] = _Cells(name, self.shape(tensor), tensor.integer)
            self.cells[name].elements = [None] * self.cells[name].count
        return self.cells[name]

    def shape(self, tensor: Tensor) -> tuple[int, ...]:
        return tuple(self.extent(extent) for extent in tensor.shape)

    def extent(self, size: sp.Expr) -> int:
        value = size.xreplace(self.sizes)
        if not value.is_Integer:
            missing = ", ".join(sorted(map(str, value.atoms(Size))))
            raise ShapeError(
                f"the size {size} is not known", expected=f"an array or a value that fixes {missing}"
            )
        return int(value)

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
            return _constant(self.extent(expr) if isinstance(expr, Size | sp.Integer) else float(expr))
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
        function = SCALAR_FUNCTIONS[expr.func]
        if len(parts) == 1:
            only = parts[0]
            return lambda scope: function(only(scope))
        return lambda scope: function(*(part(scope) for part in parts))

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
        code = self.compile(expr.function, inner)
        reduce = _position_of_largest if isinstance(expr, ArgMax) else _total
        for k, (_, size) in reversed(list(enumerate(binders))):
            code = reduce(code, first + k, range(self.extent(size)))
        return code


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
    return lambda scope: yes(scope) if condition(scope) else no(scope)


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
        return lambda scope: square_root(base(scope))
    return lambda scope: power(base(scope), exponent(scope))


def _total(body: Code, slot: int, values: range) -> Code:
    def add(scope: Scope) -> Any:
        result = 0
        for scope[slot] in values:
            result += body(scope)
        return result

    return add


def _position_of_largest(body: Code, slot: int, values: range) -> Code:
    def position(scope: Scope) -> int:
        found, largest = 0, -math.inf
        for k in values:
            scope[slot] = k
            value = body(scope).real
            if value > largest:
                found, largest = k, value
        return found

    return position


def _array(elements: list[Any], shape: tuple[int, ...], integer: bool) -> Array:
    """The elements as an array: of whole numbers where it must be, of complex numbers where there are any."""
    if integer:
        return np.array([int(value.real) for value in elements], dtype=int).reshape(shape)
    dtype = complex if any(isinstance(value, complex) for value in elements) else float
    return np.array(elements, dtype=dtype).reshape(shape)


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
