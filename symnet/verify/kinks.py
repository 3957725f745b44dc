"""Kinks: the places where a function that is not smooth everywhere (relu, an absolute value, a maximum) is on
its corner.

Away from them the complex step and the adjoint have one right answer. On one, the derivative need not exist:
such a place is named, never averaged away, and random points that come near one are put aside. A value that
stays on a corner whatever is moved, such as a zero beyond the end of an axis, is no kink: nothing changes
there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from sympy import Expr, Indexed
from sympy.concrete.expr_with_limits import ExprWithLimits

from symnet.equations.interpret import STEP, Array
from symnet.equations.program import Equation, Program
from symnet.index import functions as f
from symnet.index.reductions import ArgMax, Binder, binders_of
from symnet.index.symbols import GIVEN_ROLES, Scalar, Tensor, name_of
from symnet.verify.findings import Kink
from symnet.verify.points import Point

NEAR = 1e-4
"""Nearer than this to a corner is on it: a hundred times the step of a central difference."""


@dataclass(frozen=True, slots=True)
class _Corner:
    """A function that is not smooth, and what is zero on its corner; for the position of a maximum, what is
    compared.
    """

    equation: Equation
    node: Expr
    zero: Expr
    binders: tuple[Binder, ...]


def kinks(program: Program, point: Point, number: int) -> tuple[Kink, ...]:
    """Every corner that `point`, the one of this `number`, comes near, in the order of the equations."""
    corners = [corner for equation in program.equations for corner in _corners(program, equation)]
    if not corners:
        return ()
    interpreter = point.interpreter(program)
    interpreter.load(interpreter.run(_moving(point, number)))
    found: list[Kink] = []
    for corner in corners:
        tensor = Tensor("", tuple(size for _, size in corner.binders))
        gaps = interpreter.array(Equation(tensor, tuple(index for index, _ in corner.binders), corner.zero))
        gaps = (
            _lead(gaps, len(binders_of(corner.node))) if isinstance(corner.node, ArgMax) else _distance(gaps)
        )
        for place in map(tuple, np.argwhere(~(gaps > NEAR))):
            at = tuple(int(k) for k in place)
            found.append(Kink(corner.equation.tensor.name, str(corner.node), at, float(gaps[place]), number))
    return tuple(found)


def _moving(point: Point, number: int) -> dict[str, Array]:
    """What is given at the point, on its way in a random direction: a complex step."""
    rng = np.random.default_rng(number + 1)
    return {
        name: array if array.dtype.kind in "iu" else array + STEP * 1j * rng.normal(size=array.shape)
        for name, array in point.given.items()
    }


def _distance(values: Array) -> Array:
    """How far from zero; infinitely far where a value is not on its way, since it will not cross."""
    return np.where(np.imag(values) == 0, np.inf, np.abs(np.real(values)))


def _lead(values: Array, count: int) -> Array:
    """By how much the largest value along the last `count` axes is ahead of the next that moves along
    otherwise: two zeros beyond the end of an axis, or of units that are silent, are no corner.
    """
    values = values.reshape(*values.shape[: values.ndim - count], -1)
    real, imag = np.real(values), np.imag(values)
    first = real.argmax(axis=-1)[..., None]
    still = imag == np.take_along_axis(imag, first, axis=-1)
    apart = np.isneginf(real) | still  # what takes no part, or moves as the largest does
    behind = np.take_along_axis(real, first, axis=-1) - np.where(apart, 0.0, real)
    return np.where(apart, np.inf, behind).min(axis=-1)


def _corners(program: Program, equation: Equation) -> Iterator[_Corner]:
    seen = set()
    for node, zero, binders in _walk(equation.rhs, equation.binders):
        if node not in seen and _varies(program, zero):
            seen.add(node)
            yield _Corner(equation, node, zero, binders)


def _walk(expr: Expr, binders: tuple[Binder, ...]) -> Iterator[tuple[Expr, Expr, tuple[Binder, ...]]]:
    """Every function in `expr` that has a corner, with what is zero there and the indices around it."""
    if isinstance(expr, ArgMax):
        yield expr, expr.function, (*binders, *binders_of(expr))
    elif isinstance(expr, f.maximum | f.minimum | f.Bracket):
        yield expr, expr.args[0] - expr.args[1], binders
    elif isinstance(expr, f.absolute | f.signum | f.sign):
        yield expr, expr.args[0], binders
    if isinstance(expr, ExprWithLimits):
        yield from _walk(expr.function, binders + binders_of(expr))
    elif not isinstance(expr, Indexed):
        for argument in expr.args:
            yield from _walk(argument, binders)


def _varies(program: Program, zero: Expr) -> bool:
    """Whether `zero` depends on a tensor of real numbers that comes from outside; comparisons of indices, and
    of what is computed from indices alone, have no corner.
    """
    names = {name_of(e) for e in zero.atoms(Indexed, Scalar) if not program.tensors[name_of(e)].integer}
    return any(program.tensors[name].role in GIVEN_ROLES for name in program.sources(*names))
