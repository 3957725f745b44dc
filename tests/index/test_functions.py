"""Every scalar function against numerical differentiation, and what each is at numbers."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

from symnet.equations.interpret import evaluate
from symnet.equations.program import Equation, Program
from symnet.errors import DerivationError
from symnet.index.functions import (
    COMPUTED,
    NAMED,
    absolute,
    constant,
    equal,
    less,
    less_equal,
    log1p,
    maximum,
    own,
    sign,
    signum,
    where,
)
from symnet.index.symbols import Role, Tensor

POINTS = (-2.3, -0.7, 0.4, 1.9)
ONE = [f for f in {**NAMED, **COMPUTED}.values() if f.nargs == {1} and f not in (sign, constant, log1p)]
TWO = [f for f in NAMED.values() if f.nargs == {2}]


def value(expr: sp.Expr, **given: float) -> float:
    """The number that `expr` is, by the interpreter, for given values of its scalars."""
    tensors = {name: Tensor(name, (), Role.INPUT) for name in given} | {"out": Tensor("out", ())}
    program = Program(tensors, (Equation(tensors["out"], (), expr),))
    return float(evaluate(program, {name: np.asarray(number) for name, number in given.items()})["out"])


def slope(expr: sp.Expr, name: str, **given: float) -> float:
    step = 1e-5
    ahead, behind = ({**given, name: given[name] + way} for way in (step, -step))
    return (value(expr, **ahead) - value(expr, **behind)) / (2 * step)


def scalar(name: str) -> sp.Expr:
    return Tensor(name, ())[()]


def test_every_function_is_met():
    assert {*ONE, *TWO, sign, constant, log1p, where} == {*NAMED.values(), *COMPUTED.values()}


def test_what_is_constant_has_no_slope_and_keeps_its_value():
    x = scalar("x")
    assert (constant(x**2) * x).diff(x) == constant(x**2)
    assert value(constant(x**2) * x, x=3.0) == 27.0


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("function", ONE, ids=lambda f: f.__name__)
def test_derivative_of_one_argument(function, point):
    x = scalar("x")
    assert value(function(x).diff(x), x=point) == pytest.approx(slope(function(x), "x", x=point), abs=1e-8)


@pytest.mark.parametrize("point", [-0.7, 0.0, 1e-9, 1.9])
def test_derivative_of_the_logarithm_beside_one(point):
    x = scalar("x")
    assert value(log1p(x).diff(x), x=point) == pytest.approx(slope(log1p(x), "x", x=point), abs=1e-8)


@pytest.mark.parametrize("name", ["x", "y"])
@pytest.mark.parametrize("points", [(-1.2, 0.5), (0.8, -0.3)])
@pytest.mark.parametrize("function", TWO, ids=lambda f: f.__name__)
def test_derivative_of_two_arguments(function, points, name):
    x, y = scalar("x"), scalar("y")
    expr = function(x * y, y + x**2)
    given = {"x": points[0], "y": points[1]}
    assert value(expr.diff(scalar(name)), **given) == pytest.approx(slope(expr, name, **given), abs=1e-7)


@pytest.mark.parametrize("point", POINTS)
def test_derivative_of_a_choice_is_that_of_the_branch(point):
    x = scalar("x")
    expr = where(less(x, 0), sp.exp(x), x**3 + 1)
    assert value(expr.diff(x), x=point) == pytest.approx(slope(expr, "x", x=point), abs=1e-8)


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("function", ONE, ids=lambda f: f.__name__)
def test_chain_rule_through_a_function(function, point):
    x = scalar("x")
    expr = function(sp.sin(x) * x) ** 2
    assert value(expr.diff(x), x=point) == pytest.approx(slope(expr, "x", x=point), rel=1e-7, abs=1e-7)


def test_sign_says_why_it_has_no_derivative():
    x = scalar("x")
    with pytest.raises(DerivationError, match="flat on both sides"):
        sign(x).diff(x)


def test_at_a_tie_the_second_argument_has_the_blame():
    x, y = scalar("x"), scalar("y")
    assert value(maximum(x, y).diff(x), x=1.0, y=1.0) == 0
    assert value(maximum(x, y).diff(y), x=1.0, y=1.0) == 1
    assert value(maximum(x, 0).diff(x), x=0.0) == 0


@pytest.mark.parametrize(
    ("bracket", "below", "same", "above"), [(less, 1, 0, 0), (less_equal, 1, 1, 0), (equal, 0, 1, 0)]
)
def test_brackets_of_numbers_are_numbers(bracket, below, same, above):
    numbers = [
        bracket(sp.Rational(1, 3), other) for other in (sp.Rational(1, 2), sp.Rational(1, 3), sp.Integer(-1))
    ]
    assert numbers == [below, same, above]
    x, y = scalar("x"), scalar("y")
    assert [value(bracket(x, y), x=0.5, y=other) for other in (1.5, 0.5, -1.0)] == [below, same, above]


def test_a_choice_that_is_settled_is_its_branch():
    x, y = scalar("x"), scalar("y")
    assert where(sp.Integer(1), x, y) == x
    assert where(sp.Integer(0), x, y) == y
    assert where(less(x, y), x, x) == x
    assert where(less(x, y), 1, 0) == less(x, y)


def test_the_branch_not_chosen_does_not_count():
    x = scalar("x")
    assert value(where(less(x, 0), sp.log(x), 2), x=0.0) == 2


def test_what_sympy_makes_of_a_root_has_a_name_of_ours():
    x = scalar("x")
    assert own(sp.sqrt(x**2) * 2) == 2 * absolute(x)
    assert own(sp.Abs(x).diff(x)) == signum(x)
    assert own(sp.tanh(x)) == sp.tanh(x)


def test_values_at_kinks():
    assert [value(signum(scalar("x")), x=number) for number in (-3.0, 0.0, 2.0)] == [-1, 0, 1]
    assert [value(sign(scalar("x")), x=number) for number in (-3.0, 0.0, 2.0)] == [-1, 1, 1]
