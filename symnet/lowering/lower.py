"""Lowering, one equation at a time: `Z[n,j] = Sum(X[n,i]*W[i,j], i) + b[j]` becomes add(Contract((X, W), over
i), b).

A product under a Sum is a `Contract`; a Sum of terms is the sum of their Sums; an index expression that is
not a plain index makes the read a `Gather`; a bracket `equal(place, p)` under a Sum over what `place` is made
of makes it a `Scatter`.

Invariant: the array has, at every index, the value that the interpreter gives the equation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sympy import Add, Expr, Function, Indexed, Integer, Mul, Pow, Rational, S, Sum, log

from symnet.equations.program import Equation, Program, elements, reads
from symnet.errors import LoweringError
from symnet.index.calculus import bound_apart, common_number, free_indices, is_negative, pull, substitute
from symnet.index.forms import names_in
from symnet.index.functions import COMPUTED, NAMED, constant, equal, log1p, where
from symnet.index.recall import up_to_names
from symnet.index.reductions import ArgMax, binders_of, total
from symnet.index.symbols import Index, Scalar, Size, Tensor, indices_of, name_of
from symnet.lowering.affine import affine_place, taps
from symnet.lowering.extents import Extents
from symnet.lowering.folding import Sums
from symnet.lowering.nodes import (
    Affine,
    ArrayExpr,
    Axis,
    Contract,
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
)

ONE = Number(S.One)
OWN = (*NAMED.values(), *COMPUTED.values())
LOGARITHMS = (log, log1p)


def lower_equation(equation: Equation, program: Program, loop: Index | None = None) -> ArrayExpr:
    """The right-hand side of `equation` as one array expression, over axes among `axes_of(equation)`.

    `loop` is an index that a loop runs through outside: at each turn it is a number. Raises LoweringError for
    a function that has no array form.
    """
    read = tuple(program.tensors[name] for name in reads(equation.rhs))
    tensors = (equation.tensor, *read)
    sizes = (extent for tensor in tensors for extent in tensor.shape)
    named = dict.fromkeys(name for expr in (equation.rhs, *sizes) for name in names_in(expr))
    values = tuple((Scalar(name), program.values[name]) for name in named if name in program.values)
    return _lowered(equation.said, read, values, loop)


@up_to_names
def _lowered(
    said: tuple[Any, ...],
    read: tuple[Tensor, ...],
    values: tuple[tuple[Scalar, float], ...],
    loop: Index | None,
) -> ArrayExpr:
    """The array expression of an equation that reads the tensors `read`, whose sizes have these values."""
    equation = Equation(*said)
    scope = {axis.index: axis for axis in axes_of(equation) if axis.index != loop}
    apart = bound_apart(equation.rhs, {index.name for index in equation.indices})
    tensors = {tensor.name: tensor for tensor in read}
    known = Extents({size.name: value for size, value in values})
    return Lowering(tensors, known, scope).expression(apart)


def axes_of(equation: Equation) -> tuple[Axis, ...]:
    """The axes of the tensor that `equation` defines, named by its indices."""
    return tuple(Axis(index, size) for index, size in equation.binders)


@dataclass(frozen=True)
class Lowering:
    """The lowering of one expression, in which the indices of `scope` run and every other index is a
    number.
    """

    tensors: Mapping[str, Tensor]
    extents: Extents
    scope: Mapping[Index, Axis]

    def expression(self, expr: Expr) -> ArrayExpr:
        if isinstance(expr, Indexed | Scalar):
            return self.element(expr)
        if isinstance(expr, Index) and expr in self.scope:
            return Iota(self.scope[expr])
        if expr.is_number and not expr.has(*OWN) and not expr.atoms(Size, Index):
            return Number(expr)
        if (
            not expr.has(Indexed, Scalar)
            and not expr.atoms(Index) & set(self.scope)
            and expr.is_integer
            and not expr.has(Sum)
        ):
            return SizeValue(expr)
        if isinstance(expr, Sum):
            return self.summed(pull(expr))
        if isinstance(expr, ArgMax):
            axes = tuple(Axis(index, size) for index, size in binders_of(expr))
            body = self.within(axes).expression(expr.function)
            for axis in reversed(axes[1:]):
                body = Extreme("max", body, axis)
            return Extreme("argmax", body, axes[0])
        if isinstance(expr, Add):
            return self.addition(expr)
        if isinstance(expr, Mul):
            return self.product(expr)
        if isinstance(expr, Pow):
            return self.power(expr.base, expr.exp)
        if not expr.args:
            raise LoweringError(f"{expr} has no whole-array form")
        return _applied(expr.func, tuple(self.expression(argument) for argument in expr.args))

    def within(self, axes: Iterable[Axis]) -> Lowering:
        """The lowering under a sum, whose indices run too."""
        return Lowering(self.tensors, self.extents, {**self.scope, **{axis.index: axis for axis in axes}})

    def element(self, expr: Expr) -> ArrayExpr:
        tensor = self.tensors[name_of(expr)]
        largest = self.own_maximum(expr, tensor)
        if largest is not None:
            return largest
        places: list[Axis | Expr] = []
        for place, extent in zip(indices_of(expr), tensor.shape, strict=True):
            axis = self.scope.get(place) if isinstance(place, Index) else None
            if axis is not None and axis not in places and self.extents.same(axis.size, extent):
                places.append(axis)
            elif not place.has(Indexed, Scalar, Sum, ArgMax) and not place.atoms(Index) & set(self.scope):
                places.append(place)
            else:
                return self.gather(expr, tensor)
        return Read(tensor, tuple(places))

    def gather(self, expr: Expr, tensor: Tensor) -> Window | Gather:
        even = tuple(map(self.even, indices_of(expr)))
        if None not in even:
            return Window(tensor, even)
        places = tuple(self.expression(place) for place in indices_of(expr))
        return Gather(tensor, places, tuple(dict.fromkeys(axis for place in places for axis in place.axes)))

    def even(self, place: Expr) -> Affine | Expr | None:
        """A place that moves evenly, or one position; None where it is neither."""
        if not place.atoms(Index) & set(self.scope):
            return None if elements(place) or place.has(Sum, ArgMax) else place
        return affine_place(place, self.scope, self.extents)

    def own_maximum(self, expr: Expr, tensor: Tensor) -> ArrayExpr | None:
        """X[n, argmax(X[n,k], k)] is the largest X[n,k] over k: no gather is needed."""
        for place, extent in zip(indices_of(expr), tensor.shape, strict=True):
            if isinstance(place, ArgMax) and len(place.limits) == 1:
                ((index, size),) = binders_of(place)
                if expr.xreplace({place: index}) == place.function and self.extents.same(size, extent):
                    axis = Axis(index, size)
                    return Extreme("max", self.within((axis,)).expression(place.function), axis)
        return None

    def addition(self, expr: Add) -> ArrayExpr:
        """A sum of terms: a number common to all comes out, and terms with a minus are subtracted.

        Logarithms come last: what is large in the others has cancelled by then.
        """
        number, rest = common_number(expr)
        terms = sorted(rest.args, key=_reading_order) if isinstance(rest, Add) else [rest]
        if all(is_negative(term) for term in terms):
            number, terms = -number, [-term for term in terms]
        late = [t for t in terms if isinstance(t, LOGARITHMS)] if any(map(is_negative, terms)) else []
        plus = [self.expression(term) for term in terms if not is_negative(term) and term not in late]
        minus = [-term for term in terms if is_negative(term)]
        minus.sort(key=lambda term: isinstance(term, LOGARITHMS))
        if not plus:
            plus, late = [self.expression(term) for term in late], []
        value = plus[0] if len(plus) == 1 else Elementwise("add", tuple(plus))
        for term in minus:
            value = Elementwise("subtract", (value, self.expression(term)))
        if late:
            value = Elementwise("add", (value, *map(self.expression, late)))
        return _scaled(number, value)

    def product(self, expr: Mul) -> ArrayExpr:
        """A product: its number, what is multiplied, what is divided by."""
        number, rest = expr.as_coeff_Mul()
        above: list[ArrayExpr] = []
        below: list[ArrayExpr] = []
        factors = Mul.make_args(rest)
        constants = [factor for factor in factors if factor.is_number and not factor.has(Function)]
        if len(constants) > 1 or any(isinstance(c, Pow) and c.exp.is_negative for c in constants):
            above.append(Number(number * Mul(*constants)))  # one number, rounded once
            number, factors = S.One, [factor for factor in factors if factor not in constants]
        for factor in factors:
            if isinstance(factor, Pow) and factor.exp.is_number and factor.exp.is_negative:
                below.append(self.power(factor.base, -factor.exp))
            else:
                above.append(self.expression(factor))
        return _scaled(number, _quotient(above, below))

    def power(self, base: Expr, exponent: Expr) -> ArrayExpr:
        value = self.expression(base)
        if exponent.is_number and exponent.is_negative:
            return Elementwise("divide", (ONE, self.power(base, -exponent)))
        if exponent == 1:
            return value
        if exponent == S.Half:
            return Elementwise("sqrt", (value,))
        return Elementwise("power", (value, self.expression(exponent)))

    def summed(self, expr: Expr) -> ArrayExpr:
        """A Sum from which `pull` has taken what it could."""
        if not isinstance(expr, Sum):
            return self.expression(expr)
        binders = binders_of(expr)
        if isinstance(expr.function, Add):
            return self.expression(Add(*(pull(total(term, binders)) for term in expr.function.args)))
        axes = tuple(Axis(index, size) for index, size in binders)
        inner = self.within(axes)
        deltas, factors = inner.deltas(Mul.make_args(expr.function), {axis.index for axis in axes})
        found = Sums(inner.scope, axes, self.extents).turned(factors, self.tensors)
        if found is not None:
            inner = self.within(found.axes)
            deltas, factors, axes = [*deltas, *found.deltas], list(found.factors), found.axes
        if deltas:
            return inner.added_up(deltas, factors, axes)
        operands: list[ArrayExpr] = []
        for factor in sorted(factors, key=_reading_order):
            if isinstance(factor, Pow) and factor.exp == 2:
                operands += [inner.expression(factor.base)] * 2
            else:
                operands.append(inner.expression(factor))
        missing = tuple(axis for axis in axes if not any(axis in operand.axes for operand in operands))
        assert not missing, "pull counts the range of an index that nothing depends on"
        return Contract(tuple(operands), axes)

    def added_up(
        self, deltas: list[tuple[Index, Expr]], factors: list[Expr], axes: tuple[Axis, ...]
    ) -> Fold | Scatter:
        """A product added up at places; what no place moves along is summed first."""
        moving = {index for _, place in deltas for index in free_indices(place)}
        over = tuple(axis for axis in axes if axis.index in moving)
        first = [(axis.index, axis.size) for axis in axes if axis.index not in moving]
        body = self.expression(pull(total(substitute(Mul(*factors), dict(deltas)), first)))
        targets = tuple(self.scope[target] for target, _ in deltas)
        even = [affine_place(place, self.scope, self.extents) for _, place in deltas]
        places = tuple(place for place in even if place is not None)
        if len(places) == len(even) and taps(places, over, self.extents) is not None:
            return Fold(body, targets, places, over)
        return Scatter(body, targets, tuple(self.expression(place) for _, place in deltas), over)

    def deltas(
        self, factors: Iterable[Expr], bound: set[Index]
    ) -> tuple[list[tuple[Index, Expr]], list[Expr]]:
        """The brackets [place = target] with a target outside the sum and a place made of its indices; and
        the other factors.
        """
        found: list[tuple[Index, Expr]] = []
        others: list[Expr] = []
        for factor in factors:
            if isinstance(factor, equal):
                place, target = factor.args
                if isinstance(place, Index) and place not in bound:
                    place, target = target, place
                fits = isinstance(target, Index) and target in self.scope and target not in bound
                if fits and free_indices(place) & bound and all(target != other for other, _ in found):
                    found.append((target, place))
                    continue
            others.append(factor)
        targets = {target for target, _ in found}
        if any(free_indices(place) & targets for _, place in found):
            return [], [*others, *(equal(place, target) for target, place in found)]
        return found, others


def _applied(function: Any, arguments: tuple[ArrayExpr, ...]) -> ArrayExpr:
    """A function of numbers, unless it is none: what is constant for derivatives only, a choice of one
    thing.
    """
    if function is constant:
        return arguments[0]
    if function is where and arguments[1] == arguments[2]:
        return arguments[1]
    return Elementwise(function.__name__, arguments)


def _reading_order(expr: Expr) -> tuple[bool, bool]:
    """Products first, then what else depends on data, then numbers, as in Z = X W + b and A + 1."""
    return not expr.has(Indexed, Scalar), not expr.has(Sum)


def _scaled(number: Expr, value: ArrayExpr) -> ArrayExpr:
    """`number * value`, without a multiplication where none is needed."""
    if number == 1:
        return value
    if number == -1:
        return Elementwise("negative", (value,))
    if value == ONE:
        return Number(number)
    if isinstance(number, Rational) and not isinstance(number, Integer) and number.p in (1, -1):
        quotient = Elementwise("divide", (value, Number(Integer(number.q))))
        return quotient if number.p == 1 else Elementwise("negative", (quotient,))
    if isinstance(value, Elementwise) and value.function == "multiply":
        return Elementwise("multiply", (Number(number), *value.args))
    return Elementwise("multiply", (Number(number), value))


def _quotient(above: list[ArrayExpr], below: list[ArrayExpr]) -> ArrayExpr:
    """What is multiplied by what it is divided by: numbers above and below are one number, so that arrays are
    gone through once.
    """
    numbers = [part for part in above if not part.axes]
    if numbers and below and len(numbers) < len(above) and not any(part.axes for part in below):
        return Elementwise("multiply", (_quotient(numbers, below), *(part for part in above if part.axes)))

    def product(parts: list[ArrayExpr]) -> ArrayExpr:
        if not parts:
            return ONE
        return parts[0] if len(parts) == 1 else Elementwise("multiply", tuple(parts))

    return product(above) if not below else Elementwise("divide", (product(above), product(below)))
