"""Lowering an equation and evaluating it index by index give the same array."""

from __future__ import annotations

import numpy as np
import pytest
from derivation.programs import CASES
from hypothesis import given, settings
from hypothesis import strategies as st
from lowering.reference import Reference
from oracle import random_arrays

from symnet.derivation.derive import derive
from symnet.equations.interpret import evaluate, infer_sizes
from symnet.equations.parse import parse_program
from symnet.lowering.lower import axes_of, lower_equation
from symnet.lowering.nodes import Contract, Elementwise, Extreme, Gather, Read, Scatter

SIZES = {"N": 3, "D": 4, "H": 2, "K": 3}
GIVEN = (
    "X: input[N, D]\nV: input[D, H]\nU: input[N, D, H]\nc: input[D]\ns: input\n"
    "token: input[N] integer\nW: parameter[H]\n"
)


def check(program, values, sizes):
    known = infer_sizes(program, values, sizes)
    reference = Reference(values, known)
    for equation in program.equations:
        expr = lower_equation(equation, program)
        found = reference.full(expr, axes_of(equation))
        np.testing.assert_allclose(found, values[equation.tensor.name], rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("name", CASES)
def test_derivations_of_every_kind(name):
    case = CASES[name]
    derived = derive(parse_program(case.text), wrt=case.wrt)
    values = evaluate(derived.computed, random_arrays(derived.stated, case.sizes), case.sizes)
    check(derived.computed, values, case.sizes)


INDICES = {"n": "N", "i": "D", "j": "H"}
ELEMENTS = [("X", "ni"), ("V", "ij"), ("U", "nij"), ("c", "i"), ("W", "j")]


@st.composite
def expressions(draw, scope=("nn", "ii", "jj"), depth=3):
    """The text of an expression over the indices in `scope`."""
    if depth == 0 or draw(st.integers(0, 4)) == 0:
        return draw(leaves(scope))
    inner = expressions(scope, depth - 1)
    kind = draw(st.integers(0, 8))
    if kind <= 2:
        return f"({draw(inner)} {draw(st.sampled_from('+-*'))} {draw(inner)})"
    if kind == 3:
        function = draw(st.sampled_from(["tanh", "sigmoid", "abs", "softplus"]))
        return f"{function}({draw(inner)})"
    if kind == 4:
        return f"{draw(inner)}/(2 + ({draw(inner)})**2)"
    if kind == 5:
        return f"where({draw(inner)} < {draw(inner)}, {draw(inner)}, exp(tanh({draw(inner)})))"
    if kind == 6:
        return f"maximum({draw(inner)}, {draw(inner)})"
    bound = draw(st.sampled_from(["n", "i", "j"]))
    fresh = next(letter for letter in "pqrtuvw" if letter not in {index[0] for index in scope})
    body = draw(expressions((*scope, fresh + bound), depth - 1))
    return f"sum({body}, {fresh} < {INDICES[bound]})"


@st.composite
def leaves(draw, scope):
    """A number, an index, or an element at indices of the right kind, shifted, gathered or fixed."""
    kind = draw(st.integers(0, 6))
    if kind == 0:
        return draw(st.sampled_from(["2", "0.5", "s", "N"]))
    if kind == 1:
        return draw(st.sampled_from(scope))[0]  # an index as a number
    name, axes = draw(st.sampled_from(ELEMENTS))
    places = []
    for axis in axes:
        letters = [index[0] for index in scope if index[-1] == axis]
        exact = draw(st.sampled_from(letters)) if letters else "0"
        other = draw(st.sampled_from(scope))[0]
        odd = ["0", "1", f"{other}+1", f"{other}-1", f"2*{other}", f"token[{exact}]" if axis == "n" else "1"]
        places.append(draw(st.sampled_from([exact] * 8 + odd)))
    return f"{name}[{','.join(places)}]"


@given(st.data())
@settings(max_examples=120)
def test_random_equations(data):
    text = data.draw(expressions())
    program = parse_program(f"{GIVEN}T: tensor[N, D, H]\nT[n,i,j] = {text}")
    given_arrays = random_arrays(program, SIZES, seed=data.draw(st.integers(0, 3)))
    check(program, evaluate(program, given_arrays, SIZES), SIZES)


def lowered(text, given=GIVEN):
    program = parse_program(given + text)
    return lower_equation(program.equations[-1], program)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("T[n,j] = sum(X[n,i]*V[i,j], i)", Contract),
        ("T[n,i] = X[n,i] + c[i]", Elementwise),
        ("T[n] = X[n,argmax(X[n,k],k)]", Extreme),
        ("T[n] = c[token[n]]", Gather),
        ("T[n,i] = X[n,i]", Read),
        ("T[n] = X[n,1]", Read),
    ],
)
def test_the_node_says_what_it_is(text, kind):
    assert isinstance(lowered(text), kind)


def test_a_position_over_several_indices_is_that_of_the_largest_over_the_others():
    expr = lowered("T = argmax(X[n,k], n, k)")
    assert (expr.kind, expr.body.kind) == ("argmax", "max")


def test_a_delta_that_cannot_be_solved_is_a_scatter():
    derived = derive(parse_program("token: input[N] integer\nE: parameter[V]\nL = sum(exp(E[token[n]]), n)"))
    equation = derived.gradients["E"].equation
    assert isinstance(lower_equation(equation, derived.computed), Scatter)


def test_a_common_number_comes_out_of_a_difference():
    """2*A - 2*Y is 2*(A - Y): one multiplication, and A - Y may be there already."""
    expr = lowered("T[n,i] = 2*X[n,i] - 2*c[i]")
    assert isinstance(expr, Elementwise)
    assert expr.function == "multiply"
    assert expr.args[1].function == "subtract"
