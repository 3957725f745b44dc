"""What is written is what is meant: declarations, equations, formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import formulas

from symnet.equations.interpret import evaluate
from symnet.equations.parse import parse_formula, parse_program
from symnet.index import functions as f
from symnet.index.reductions import argmax, total
from symnet.index.symbols import Index, Role, Scalar, Size, Tensor

N, D, H, K = map(Size, ("N", "D", "H", "K"))
n, i, j, k = map(Index, "nijk")
DENSE = """
# a dense layer
X: input[N, D]
Y: target[N, H]     # one column for each unit
W: parameter[D, H]
b: parameter[H]

Z[n,j] = sum(X[n,i]*W[i,j], i) + b[j]
A[n,j] = sigmoid(Z[n,j])
L = sum((A[n,j]-Y[n,j])**2, n, j)/2
"""


def rhs(
    text: str, declarations: str = "X: input[N, D]\nW: parameter[D, H]\nb: parameter[H]\nh: state[N]\n"
) -> sp.Expr:
    """The right-hand side of the last equation of `text`."""
    return parse_program(declarations + text).equations[-1].rhs


def test_a_dense_layer():
    program = parse_program(DENSE)
    X, Y, W, b, Z, A, L = program.tensors.values()
    assert (Tensor("X", (N, D), Role.INPUT), Tensor("Y", (N, H), Role.TARGET)) == (X, Y)
    assert (W, b) == (Tensor("W", (D, H), Role.PARAMETER), Tensor("b", (H,), Role.PARAMETER))
    assert (Tensor("Z", (N, H)), Tensor("A", (N, H)), Tensor("L", ())) == (Z, A, L)
    first, second, last = program.equations
    assert first.indices == (n, j)
    assert first.rhs == total(X[n, i] * W[i, j], ((i, D),)) + b[j]
    assert second.rhs == f.sigmoid(Z[n, j])
    assert last.rhs == total((A[n, j] - Y[n, j]) ** 2, ((n, N), (j, H))) / 2
    assert program.values == {}


def test_every_kind_of_declaration():
    program = parse_program(
        "token: input[N, T] integer\nh0: state[H]\nrate: hyperparameter = 0.1\nmomentum: hyperparameter\n"
        "D: size = 2\nE: parameter[5, D + 1]\nQ: tensor[N, H]\nQ[n,j] = rate*h0[j]"
    )
    tensors = program.tensors
    assert tensors["token"].integer
    assert tensors["h0"].role == Role.STATE
    assert tensors["rate"] == Tensor("rate", (), Role.HYPERPARAMETER)
    assert tensors["E"].shape == (5, D + 1)
    assert program.values == {"D": 2, "rate": 0.1}


def test_numbers_are_exact():
    assert rhs("Q = 0.1") == sp.Rational(1, 10)
    assert rhs("Q = 1e-3 + 2.50") == sp.Rational(2501, 1000)
    assert rhs("Q = 2*pi") == 2 * sp.pi


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-2**2", -4),
        ("2**3**2", 512),
        ("7 - 2 - 1", 4),
        ("8/4/2", 1),
        ("2*-3", -6),
        ("-(1 - 3)", 2),
        ("1 - -1", 2),
    ],
)
def test_operators_bind_as_in_python(text, value):
    assert rhs(f"Q = {text}") == value


def test_a_minus_in_front_of_a_product_is_a_factor():
    a, b, c = (Scalar(name) for name in "abc")
    product = parse_formula("-(a + b)*c", {"a": a, "b": b, "c": c})
    assert product.args == sp.Mul(-1, a + b, c).args


def test_the_root_of_a_square_is_the_absolute_value():
    assert parse_formula("sqrt(4*z**2)", {"z": Scalar("z")}) == 2 * f.absolute(Scalar("z"))


def test_comparisons_are_brackets():
    a, b = Scalar("a"), Scalar("b")
    names = {"a": a, "b": b}
    assert parse_formula("a < b", names) == f.less(a, b)
    assert parse_formula("a > b", names) == f.less(b, a)
    assert parse_formula("a >= b", names) == f.less_equal(b, a)
    assert parse_formula("(a == b)*2", names) == 2 * f.equal(a, b)
    assert parse_formula("0 <= a < b", names) == f.less_equal(0, a) * f.less(a, b)
    assert parse_formula("a < 1 and b < 2", names) == f.less(a, 1) * f.less(b, 2)
    assert parse_formula("where(a <= 0, a, abs(b))", names) == f.where(f.less_equal(a, 0), a, f.absolute(b))


def test_reductions():
    X = Tensor("X", (N, D))
    assert rhs("Q[n] = mean(X[n,i], i)") == total(X[n, i], ((i, D),)) / D
    assert rhs("Q = mean(X[n,i], n, i)") == total(X[n, i], ((n, N), (i, D))) / (N * D)
    assert rhs("Q[n] = logsumexp(X[n,i], i)") == sp.log(total(sp.exp(X[n, i]), ((i, D),)))
    assert rhs("Q[n] = argmin(X[n,i], i)") == argmax(-X[n, i], (i, D))
    softmax = rhs("P[n,i] = softmax(X[n,i], i)")
    assert softmax == sp.exp(X[n, i]) / total(sp.exp(X[n, k]), ((k, D),))


def test_a_maximum_is_a_position_and_a_gather():
    program = parse_program("X: input[N, D]\nM[n] = max(X[n,i], i)")
    position, gather = program.equations
    assert position.tensor == Tensor("M_argmax", (N,), integer=True)
    assert position.rhs == argmax(program.tensors["X"][n, i], (i, D))
    assert gather.rhs == program.tensors["X"][n, position.lhs]


def test_a_maximum_over_several_indices_is_a_position_along_each():
    program = parse_program("X: input[N, D]\nM = max(X[n,i], n, i)")
    X = program.tensors["X"]
    first, second, gather = program.equations
    assert first.rhs == argmax(X[n, i], (n, N), (i, D))
    assert second.rhs == argmax(X[first.lhs, i], (i, D))
    assert gather.rhs == X[first.lhs, second.lhs]


def test_what_takes_no_part_in_a_maximum_is_infinite_in_it_and_not_read():
    program = parse_program("X: input[N, D]\nM[n] = max(where(i < 2, X[n,i], -inf), i)")
    X = program.tensors["X"]
    position, gather = program.equations
    assert position.rhs == argmax(f.where(f.less(i, 2), X[n, i], -sp.oo), (i, D))
    assert gather.rhs == X[n, position.lhs]


def test_the_body_of_a_maximum_is_named_unless_it_is_an_element():
    program = parse_program(
        "X: input[N, D]\nv: parameter[D]\nM[n] = 1 + max(X[n,i]*v[i], i) - min(X[n,i]*v[i], i)"
    )
    names = [equation.tensor.name for equation in program.equations]
    assert names == ["M_value", "M_argmax", "M_value2", "M_argmax2", "M"]
    arrays = {"X": np.array([[1.0, -4.0, 2.0], [0.0, 3.0, 1.0]]), "v": np.array([1.0, 1.0, -1.0])}
    product = arrays["X"] * arrays["v"]
    np.testing.assert_allclose(evaluate(program, arrays)["M"], 1 + product.max(axis=1) - product.min(axis=1))


def test_a_maximum_within_a_sum_depends_on_its_indices_only():
    program = parse_program("X: input[N, D]\nv: parameter[D]\nM = sum(h[n]*max(X[n,i], i), n)\nh: state[N]")
    assert program.tensors["M_argmax"].shape == (N,)


def test_an_argmax_is_whole_and_may_stand_in_an_index():
    program = parse_program(
        "X: input[N, D]\nM[n] = argmax(X[n,i], i)\nQ[n] = X[n,M[n]]\nR[n] = X[n,argmax(X[n,i], i)]"
    )
    assert program.tensors["M"].integer
    assert not program.tensors["Q"].integer
    assert program.equations[-1].rhs == program.tensors["X"][n, argmax(program.tensors["X"][n, i], (i, D))]


def test_an_equation_goes_on_while_a_bracket_is_open():
    assert rhs("Q[n] = sum(X[n,i]*  # each input\n   b[j]*W[i,j],\n\n i, j)") == rhs(
        "Q[n] = sum(X[n,i]*b[j]*W[i,j], i, j)"
    )


def test_a_size_and_an_index_are_numbers_in_an_equation():
    assert rhs("Q[n] = sum(X[n,i]*i, i)/N") == total(Tensor("X", (N, D))[n, i] * i, ((i, D),)) / N


def test_windows_line_ends_and_tabs():
    assert (
        parse_program("X: input[N, D]\r\n\tQ[n] =\tX[n,0]\r\n").equations
        == parse_program("X: input[N, D]\nQ[n] = X[n,0]").equations
    )


def test_the_same_tensors_whatever_the_order_of_declarations():
    lines = DENSE.strip().splitlines()
    assert parse_program("\n".join(lines[5:] + lines[:5])).equations == parse_program(DENSE).equations


def test_formulas_of_named_values():
    z = sp.Dummy("z", real=True)
    assert parse_formula("z*sigmoid(alpha*z)", {"z": z, "alpha": sp.Rational(3, 2)}) == z * f.sigmoid(
        3 * z / 2
    )
    assert parse_formula("where(z > 0, z, a*expm1(z))", {"z": z, "a": Scalar("a")}).diff(z).has(f.where)


PYTHON = {
    "tanh": math.tanh, "sin": math.sin, "cos": math.cos, "pi": math.pi, "maximum": max, "minimum": min, "abs": abs,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)) if x > -700 else 0.0, "where": lambda c, a, b: a if c else b,
    "exp": math.exp,
}  # fmt: skip


@settings(max_examples=150)
@given(
    formulas(("x", "y")),
    st.floats(-2, 2).map(lambda x: round(x, 3)),
    st.floats(-2, 2).map(lambda x: round(x, 3)),
)
def test_a_formula_is_worth_what_python_makes_of_it(text, x, y):
    try:
        expected = eval(text, {**PYTHON, "x": x, "y": y})
    except (OverflowError, ZeroDivisionError):
        return
    if not abs(expected) < 1e12:
        return
    program = parse_program(f"x: input\ny: input\nL = {text}")
    value = evaluate(program, {"x": np.asarray(x), "y": np.asarray(y)})["L"]
    np.testing.assert_allclose(value, expected, rtol=1e-6, atol=1e-6)
