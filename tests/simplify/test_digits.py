"""Formulas that keep their digits: what each rewrite makes of a program, and that its values stay what they were."""

from __future__ import annotations

import numpy as np
import pytest
from oracle import random_arrays

from symnet.derivation.derive import derive
from symnet.equations.interpret import evaluate
from symnet.equations.parse import parse_program
from symnet.simplify.complements import COMPLEMENTS
from symnet.simplify.stabilize import stabilize

Z = "Z: input[N, K]\n"
SIZES = {"N": 3, "K": 4}

COMPLEMENT = {
    "1 - sigmoid(Z[n,j])": "rise(-Z[n, j])/(decay(Z[n, j]) + 1)",
    "3 - 3*sigmoid(2*Z[n,j])": "3*rise(-2*Z[n, j])/(decay(2*Z[n, j]) + 1)",
    "1 - tanh(Z[n,j])**2": "sech(Z[n, j])**2",
    "1 + tanh(Z[n,j])": "2*rise(2*Z[n, j])/(decay(2*Z[n, j]) + 1)",
    "1 - tanh(Z[n,j])": "2*rise(-2*Z[n, j])/(decay(2*Z[n, j]) + 1)",
    "1 + erf(Z[n,j])": "erfc(-Z[n, j])",
    "1 - erf(Z[n,j])": "erfc(Z[n, j])",
    "(1 + erf(Z[n,j]/sqrt(2)))/2": "normal_cdf(Z[n, j])",
    "1 - normal_cdf(Z[n,j])": "normal_cdf(-Z[n, j])",
    "1 - erfc(Z[n,j])": "erf(Z[n, j])",
    "exp(Z[n,j]) - 1": "expm1(Z[n, j])",
    "2*expm1(Z[n,j]) + 2": "2*exp(Z[n, j])",
    "log(1 + Z[n,j]**2)": "log1p(Z[n, j]**2)",
    "exp(-Z[n,j]**2)": "bell(Z[n, j])",
    "exp(-Z[n,j]**2/2)": "sqrt(2)*sqrt(pi)*normal_pdf(Z[n, j])",
    "sigmoid(Z[n,j])*sigmoid(-Z[n,j])": "decay(Z[n, j])/(decay(Z[n, j]) + 1)**2",
    "Z[n,j]*sigmoid(Z[n,j])": "maximum(Z[n, j], -2048)*rise(Z[n, j])/(decay(Z[n, j]) + 1)",
    "Z[n,j]*sigmoid(Z[n,j]/1024)": "maximum(Z[n, j], -2097152)*rise(Z[n, j]/1024)/(decay(Z[n, j]/1024) + 1)",
    "Z[n,j]/(1 + abs(Z[n,j]))": None,
    "where(Z[n,j] > 0, Z[n,j], exp(Z[n,j]/2))": "where(less(0, Z[n, j]), Z[n, j], rise(Z[n, j]/2))",
    "Z[n,j]*exp(Z[n,j])": "exp(Z[n, j])*maximum(Z[n, j], -2048)",
    "2 - sigmoid(Z[n,j])": "2 - rise(Z[n, j])/(decay(Z[n, j]) + 1)",
}
"""Formulas, and what a machine evaluates in their place."""


@pytest.mark.parametrize("text", COMPLEMENT)
def test_a_formula_keeps_its_digits_and_its_value(text):
    program = parse_program(f"{Z}A[n,j] = {text}")
    safe, rewrites = stabilize(program)
    assert rewrites
    if COMPLEMENT[text] is not None:
        assert str(safe.equations[-1].rhs) == COMPLEMENT[text]
    given = random_arrays(program, SIZES)
    np.testing.assert_allclose(
        evaluate(safe, given, SIZES)["A"], evaluate(program, given, SIZES)["A"], rtol=1e-13, atol=1e-15
    )


def test_every_complement_is_met():
    """A rule that is added stands in the table above."""
    kinds = {kind.__name__ for kind, _, _ in COMPLEMENTS}
    assert all(any(f"{name}(" in text for text in COMPLEMENT) for name in kinds)


@pytest.mark.parametrize(
    "text",
    ["Z[n,j] + 1", "Z[n,j]*tanh(Z[n,j])", "1/(1 + Z[n,j]**2)", "Z[n,j]*sin(Z[n,j])", "1 + sin(Z[n,j])"],
)
def test_what_loses_nothing_stays(text):
    program = parse_program(f"{Z}A[n,j] = {text}")
    assert stabilize(program)[1] == ()


def test_a_value_is_opened_where_its_complement_stands():
    derived = derive(
        parse_program(f"{Z}W: parameter[K]\nA[n,j] = sigmoid(Z[n,j]*W[j])\nL = sum(A[n,j], n, j)")
    )
    assert "(1 - A[n, j])*A[n, j]*Z[n, j]" in str(derived.program)
    assert "decay(W[j]*Z[n, j])*Z[n, j]/(decay(W[j]*Z[n, j]) + 1)**2" in str(derived.computed)


def test_a_factor_that_no_turn_changes_is_computed_for_all_of_them():
    derived = derive(
        parse_program(
            "X: input[N, T]\nu: parameter\nZ[n,t] = X[n,t] + u*H[n,t-1]\nH[n,t] = tanh(Z[n,t])\nL = sum(H[n,t]**2, n, t)"
        )
    )
    assert str(derived.computed.defining["D"].rhs) == "sech(Z[n, t])**2"
    assert str(derived.computed.defining["dZ"].rhs) == "D[n, t]*dH[n, t]"
