"""What is printed is read back as the same program."""

from __future__ import annotations

import pytest
from derivation.programs import CASES
from hypothesis import given, reject, settings
from strategies import programs

from symnet.equations.parse import parse_program
from symnet.equations.text import equation_text, expression_text, program_text
from symnet.errors import EquationError


@pytest.mark.parametrize("name", CASES)
def test_every_network_is_read_back(name):
    program = parse_program(CASES[name].text)
    text = program_text(program)
    assert text.isascii()
    assert parse_program(text) == program


@settings(max_examples=80)
@given(programs())
def test_every_program_is_read_back(text):
    try:
        program = parse_program(text)
    # SymPy cancelled what said how far an index runs, or a number grew out of bounds
    except EquationError as error:
        if error.message.startswith(("nothing says", "this ")):
            reject()
        raise
    assert parse_program(program_text(program)) == program


def test_what_a_program_looks_like():
    text = (
        "D: size = 2\nX: input[N, D]\ntoken: input[N] integer\nW: parameter[D, 3]\nrate: hyperparameter = 0.5\nQ: tensor[N, D + 1]\n"
        "Z[n,j] = sum(X[n,i]*W[i,j], i)\nQ[n,i] = where(i < D, X[n,i], 1)\nM[n] = argmax(Z[n,j], j)\n"
        "J = argmax(where(0 < i, X[n,i], -inf), n, i)\n"
        "P[n] = abs(Z[n,M[n]]) + (n < 2)*Z[n,token[n]]\nS = rate*sum(k**2, k < 7) + exp(1)\n"
    )
    assert program_text(parse_program(text)) == text


def test_ranges_are_written_on_demand():
    equation = parse_program("X: input[N, D]\nL = sum(X[n,i]**2, n, i)").equations[0]
    assert equation_text(equation) == "L = sum(X[n,i]**2, n, i)"
    assert expression_text(equation.rhs, ranges=True) == "sum(X[n,i]**2, n < N, i < D)"


def test_places_have_no_blanks():
    equation = parse_program("X: input[N, D]\nW: parameter[K]\nC[n,i] = sum(X[n,2*i+k]*W[k], k)").equations[0]
    assert equation_text(equation) == "C[n,i] = sum(X[n,2*i+k]*W[k], k)"
