"""The plain-loop interpreter at its edges: long recurrences, ties, products that end early, runs one after
another, what is missing.
"""

from __future__ import annotations

import numpy as np
import pytest
from sympy import Integer

from symnet.equations.interpret import Interpreter, evaluate, evaluate_rhs
from symnet.equations.parse import parse_program
from symnet.equations.program import Equation, Program
from symnet.errors import EquationError, ShapeError
from symnet.index.functions import equal
from symnet.index.symbols import Index, Role, Scalar, Size, Tensor, base


def test_gathers_positions_and_the_first_of_equal_maxima():
    text = "X: input[N, D]\nk: input[N] integer\nZ[n] = X[n,k[n]]\nM[n] = argmax(X[n,i], i)"
    x = np.array([[1.0, 3.0, 3.0], [2.0, 2.0, 1.0]])
    values = evaluate(parse_program(text), {"X": x, "k": np.array([2, 0])})
    np.testing.assert_array_equal(values["Z"], [3.0, 2.0])
    np.testing.assert_array_equal(values["M"], [1, 0])
    assert values["M"].dtype.kind == "i"


def test_a_recurrence_however_long():
    text = "X: input[T]\nH[t] = tanh(H[t-1] + X[t])\nG[t] = X[t] + G[t+1]/2"
    x = np.random.default_rng(0).normal(size=2000)
    values = evaluate(parse_program(text), {"X": x})
    h, g = 0.0, 0.0
    for t in range(2000):
        h = np.tanh(h + x[t])
        g = x[1999 - t] + g / 2
        np.testing.assert_allclose([values["H"][t], values["G"][1999 - t]], [h, g], rtol=1e-12)


def test_a_bracket_that_is_zero_ends_a_product():
    i = Index("i")
    x, z = Tensor("X", (Size("D"),), Role.INPUT), Tensor("Z", (Size("D"),))
    program = Program({"X": x, "Z": z}, (Equation(z, (i,), equal(i, Integer(1)) / x[i]),))
    np.testing.assert_array_equal(evaluate(program, {"X": np.array([0.0, 4.0])})["Z"], [0.0, 0.25])


def test_a_tensor_that_is_given_is_not_computed_and_a_run_forgets_the_last():
    program = parse_program("X: input[D]\nZ[i] = 2*X[i]\nL = sum(Z[i], i)")
    interpreter = Interpreter(program, {Size("D"): Integer(2)})
    assert interpreter.run({"X": np.ones(2)})["L"] == 4
    assert interpreter.run({"X": np.ones(2), "Z": np.ones(2)})["L"] == 2
    assert interpreter.run({"X": np.zeros(2)})["L"] == 0


def test_any_right_hand_side_at_given_values():
    program = parse_program("X: input[N, D]\nL = sum(X[n,i], n, i)")
    n, i = Index("n"), Index("i")
    transposed = Equation(Tensor("", (Size("D"), Size("N"))), (i, n), base("X")[n, i])
    x = np.arange(12.0).reshape(4, 3)
    np.testing.assert_array_equal(evaluate_rhs(program, {"X": x}, transposed), x.T)


def test_what_cannot_be_evaluated_says_why():
    i = Index("i")
    x, z = Tensor("X", (Size("D"),), Role.INPUT), Tensor("Z", (Size("D"),))

    def attempt(rhs, **given):
        evaluate(Program({"X": x, "Z": z}, (Equation(z, (i,), rhs),)), given, {"D": 2})

    with pytest.raises(EquationError, match=r"Z\[0\] depends on itself"):
        attempt(z[i] + 1)
    with pytest.raises(EquationError, match=r"X\[0\] is neither given nor defined"):
        attempt(x[i])
    with pytest.raises(EquationError, match="there is no tensor Q"):
        attempt(base("Q")[i])
    with pytest.raises(EquationError, match="the index k is not bound"):
        attempt(x[Index("k")], X=np.zeros(2))
    with pytest.raises(ShapeError, match="does not fit"):
        attempt(Scalar("X"), X=np.zeros(2))
    with pytest.raises(ShapeError, match=r"X has shape \(3,\)"):
        Interpreter(Program({"X": x}, ()), {Size("D"): Integer(2)}).run({"X": np.zeros(3)})
