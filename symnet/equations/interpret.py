"""The plain-loop interpreter: slow, obviously right, the oracle for everything else.

An element of a tensor is computed from its defining equation, index by index, and remembered. An equation that reads its own
tensor at another index (a recurrence, in either direction) needs no schedule: the element that is missing is computed first.
Values may be complex, for the complex step: comparisons look at real parts only.
"""

from __future__ import annotations

import cmath
import itertools
import math
from collections.abc import Callable, Mapping
from typing import Any

import mpmath
import numpy as np
import sympy as sp
from numpy.typing import NDArray

from symnet.equations.program import Equation, Program
from symnet.errors import EquationError, ShapeError
from symnet.index import functions as f
from symnet.index.reductions import ArgMax, binders_of
from symnet.index.symbols import Index, Scalar, Size, Tensor, name_of

Number = complex
"""A whole, real or complex number: Python's numeric tower, of which complex is the top."""
Array = NDArray[Any]
Scope = dict[sp.Symbol, int]
"""The values of the indices that are bound at a place."""
Code = Callable[[Scope], Number]


def _exp(x: Number) -> Number:
    try:
        return cmath.exp(x)
    except OverflowError:
        return math.inf


def _sigmoid(x: Number) -> Number:
    return 1 / (1 + _exp(-x)) if x.real >= 0 else _exp(x) / (1 + _exp(x))


def _log(x: Number) -> Number:
    return cmath.log(x) if x != 0 else -math.inf


def _absolute(x: Number) -> Number:
    return x if x.real >= 0 else -x


SCALAR_FUNCTIONS: dict[Any, Callable[..., Number]] = {
    sp.exp: _exp,
    sp.log: _log,
    sp.tanh: lambda x: cmath.tanh(x),
    sp.sin: lambda x: cmath.sin(x),
    sp.cos: lambda x: cmath.cos(x),
    sp.erf: lambda x: complex(mpmath.erf(x)),
    sp.floor: lambda x: math.floor(x.real),
    f.sigmoid: _sigmoid,
    f.softplus: lambda x: _absolute(x) * (x.real > 0) + _log(1 + _exp(-_absolute(x))),
    f.expm1: lambda x: complex(mpmath.expm1(x)),
    f.absolute: _absolute,
    f.signum: lambda x: (x.real > 0) - (x.real < 0),
    f.sign: lambda x: 1 if x.real >= 0 else -1,
    f.maximum: lambda a, b: a if a.real > b.real else b,
    f.minimum: lambda a, b: a if a.real < b.real else b,
    f.less: lambda a, b: int(a.real < b.real),
    f.less_equal: lambda a, b: int(a.real <= b.real),
    f.equal: lambda a, b: int(a.real == b.real),
}
"""The value of each scalar function, right on the real axis and analytic beside it where the function is."""


def evaluate(program: Program, given: Mapping[str, Array], sizes: Mapping[str, int] | None = None) -> dict[str, Array]:
    """The value of every tensor of `program`, from the arrays in `given` (name to array of the tensor's shape).

    Sizes are read off the arrays; `sizes` gives those that no array shows. Raises ShapeError where an array does not fit
    and EquationError where a tensor depends on itself without end.
    """
    return Interpreter(program, given, sizes).run()


def evaluate_rhs(
    program: Program, values: Mapping[str, Array], equation: Equation, sizes: Mapping[str, int] | None = None
) -> Array:
    """The array that the right-hand side of `equation` gives when every tensor of `program` has the value in `values`.

    The equation need not belong to the program: this is how a step is evaluated before and after its rewrite.
    """
    return Interpreter(program, values, sizes).array(equation)


class Interpreter:
    """One evaluation: the sizes, the values so far, and the compiled right-hand sides."""

    def __init__(self, program: Program, given: Mapping[str, Array], sizes: Mapping[str, int] | None) -> None:
        self.program = program
        self.sizes = infer_sizes(program, given, sizes)
        self.values = {name: np.asarray(array) for name, array in given.items()}
        self.known: dict[str, Array] = {}
        self.code: dict[str, Code] = {}
        self.dtype = complex if any(np.iscomplexobj(v) for v in self.values.values()) else float
        for name, value in program.values.items():
            if name in program.tensors and name not in self.values:
                self.values[name] = np.asarray(value, dtype=float)

    def run(self) -> dict[str, Array]:
        for equation in self.program.equations:
            if equation.tensor.name not in self.values:
                self.prepare(equation)
        for equation in self.program.equations:
            name = equation.tensor.name
            if name in self.known:
                for place in np.ndindex(self.values[name].shape):
                    self.element(name, place)
        return self.values

    def array(self, equation: Equation) -> Array:
        """The value of the right-hand side at every index."""
        code = self.compile(equation.rhs)
        result = np.zeros(self.shape(equation.tensor), dtype=self.dtype)
        for place in np.ndindex(result.shape):
            value = code(dict(zip(equation.indices, place, strict=True)))
            result[place] = value if self.dtype is complex else value.real
        return result

    def prepare(self, equation: Equation) -> None:
        shape = self.shape(equation.tensor)
        self.values[equation.tensor.name] = np.zeros(shape, dtype=int if equation.tensor.integer else self.dtype)
        self.known[equation.tensor.name] = np.zeros(shape, dtype=np.int8)  # 0 unknown, 1 being computed, 2 known
        self.code[equation.tensor.name] = self.compile(equation.rhs)

    def shape(self, tensor: Tensor) -> tuple[int, ...]:
        return tuple(self.extent(extent) for extent in tensor.shape)

    def extent(self, size: sp.Expr) -> int:
        value = size.xreplace(self.sizes)
        if not value.is_Integer:
            missing = ", ".join(sorted(map(str, value.atoms(Size))))
            raise ShapeError(f"the size {size} is not known", expected=f"an array or a value that fixes {missing}")
        return int(value)

    def element(self, name: str, place: tuple[int, ...]) -> Number:
        """The element at `place`, computed if need be; zero outside the tensor's range."""
        array = self.values[name]
        if any(not 0 <= p < extent for p, extent in zip(place, array.shape, strict=True)):
            return 0
        known = self.known.get(name)
        if known is not None and known[place] != 2:
            if known[place] == 1:
                raise EquationError(f"{name}[{', '.join(map(str, place))}] depends on itself")
            known[place] = 1
            equation = self.program.defining[name]
            value = self.code[name](dict(zip(equation.indices, place, strict=True)))
            array[place] = value if array.dtype == complex else value.real
            known[place] = 2
        return array[place]  # type: ignore[no-any-return]

    def compile(self, expr: sp.Expr) -> Code:
        """`expr` as a function of the indices that are bound around it."""
        if isinstance(expr, sp.Indexed | Scalar):
            return self.compile_element(expr)
        if isinstance(expr, Index):
            return lambda scope: scope[expr]
        if isinstance(expr, Size):
            value = self.extent(expr)
            return lambda scope: value
        if isinstance(expr, sp.Sum | ArgMax):
            return self.compile_reduction(expr)
        if isinstance(expr, f.where):
            condition, yes, no = map(self.compile, expr.args)
            return lambda scope: yes(scope) if condition(scope) else no(scope)
        if expr.is_number and not expr.has(sp.Function):
            number: Number = int(expr) if expr.is_Integer else float(expr)
            return lambda scope: number
        parts = [self.compile(argument) for argument in expr.args]
        if isinstance(expr, sp.Add):
            return lambda scope: sum(part(scope) for part in parts)
        if isinstance(expr, sp.Mul):
            return lambda scope: _product(parts, scope)
        if isinstance(expr, sp.Pow):
            return self.compile_power(expr, *parts)
        function = SCALAR_FUNCTIONS[expr.func]
        return lambda scope: function(*(part(scope) for part in parts))

    def compile_element(self, expr: sp.Expr) -> Code:
        name = name_of(expr)
        if isinstance(expr, Scalar):
            return lambda scope: self.element(name, ())
        places = [self.compile(index) for index in expr.indices]
        return lambda scope: self.element(name, tuple(int(place(scope).real) for place in places))

    def compile_power(self, expr: sp.Expr, base: Code, exponent: Code) -> Code:
        if expr.exp.is_Integer and expr.exp > 0:
            power = int(expr.exp)
            return lambda scope: base(scope) ** power
        if expr.exp == sp.S.Half:
            return lambda scope: cmath.sqrt(base(scope))
        return lambda scope: math.inf if base(scope) == 0 else base(scope) ** exponent(scope)

    def compile_reduction(self, expr: sp.Expr) -> Code:
        body = self.compile(expr.function)
        binders = binders_of(expr)
        indices = [index for index, _ in binders]
        ranges = [range(self.extent(size)) for _, size in binders]
        if isinstance(expr, ArgMax):
            return lambda scope: max(ranges[0], key=lambda k: body({**scope, indices[0]: k}).real)
        return lambda scope: sum(
            body({**scope, **dict(zip(indices, place, strict=True))}) for place in itertools.product(*ranges)
        )


def _product(parts: list[Code], scope: Scope) -> Number:
    result: Number = 1
    for part in parts:
        result = result * part(scope)
    return result


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
            raise ShapeError(f"{name} has {len(shape)} axes", expected=f"{tensor.rank}, for {shape_text(tensor)}")
        for axis, (extent, actual) in enumerate(zip(tensor.shape, shape, strict=True)):
            if isinstance(extent, Size) and extent not in known:
                known[extent] = sp.Integer(actual)
            expected = extent.xreplace(known)
            if expected.is_Integer and int(expected) != actual:
                raise ShapeError(
                    f"axis {axis} of {name} has {actual} entries", expected=f"{extent} = {expected}, for {shape_text(tensor)}"
                )
    return known


def shape_text(tensor: Tensor) -> str:
    """A tensor with its shape, such as X[N, D]."""
    return f"{tensor.name}[{', '.join(map(str, tensor.shape))}]"
