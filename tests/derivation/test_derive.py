"""The chain rule against the complex step, on networks of every kind; and what the adjoints must read
like.
"""

from __future__ import annotations

import numpy as np
import pytest
from derivation.programs import CASES
from oracle import random_arrays, worst_error

from symnet.derivation.derive import derive
from symnet.derivation.occurrences import _derivative
from symnet.equations.interpret import evaluate
from symnet.equations.parse import parse_program
from symnet.errors import DerivationError


@pytest.fixture(params=CASES, scope="module")
def case(request):
    found = CASES[request.param]
    return found, derive(parse_program(found.text), wrt=found.wrt)


def test_every_gradient_is_the_complex_step(case):
    found, derived = case
    for seed in range(2):
        assert worst_error(derived, found.sizes, seed) < 1e-12


def test_adjoints_read_like_a_textbook(case):
    found, derived = case
    for name, expected in found.adjoints.items():
        assert str(derived.adjoint(name).equation.rhs) == expected


def test_what_is_computed_has_the_values_of_the_derivation(case):
    found, derived = case
    given = random_arrays(derived.stated, found.sizes)
    stated = evaluate(derived.program, given, found.sizes)
    computed = evaluate(derived.computed, given, found.sizes)
    for name in stated.keys() & computed.keys():
        np.testing.assert_allclose(computed[name], stated[name], rtol=1e-12, atol=1e-14)


def test_the_journal_is_a_chain(case):
    _, derived = case
    for adjoint in derived.adjoints:
        for contribution in adjoint.contributions:
            value = contribution.definition
            for step in contribution.steps:
                assert step.before == value
                assert step.reason
                value = step.after
            assert value == contribution.result
        value = sum(contribution.result for contribution in adjoint.contributions)
        for step in adjoint.steps:
            assert step.before == value
            value = step.after
        assert value == adjoint.equation.rhs


DEEP = "X: input[N, H]\nA0[n,j] = X[n,j]\n"


def deep(layers: int) -> str:
    weights = "".join(f"W{k}: parameter[H, H]\n" for k in range(1, layers + 1))
    body = "".join(
        f"Z{k}[n,j] = sum(A{k - 1}[n,i]*W{k}[i,j], i)\nA{k}[n,j] = tanh(Z{k}[n,j])\n"
        for k in range(1, layers + 1)
    )
    return weights + DEEP + body + f"L = sum(A{layers}[n,j]**2, n, j)"


def test_equal_layers_are_differentiated_once():
    derive(parse_program(deep(3)))
    before = _derivative.cache_info().misses
    derive(parse_program(deep(12)))
    assert _derivative.cache_info().misses == before


@pytest.mark.parametrize(
    ("text", "wrt", "message"),
    [
        ("W: parameter[D]\nA[i] = sign(W[i])\nL = sum(A[i], i)", None, "sigmoid or tanh"),
        ("W: parameter[D]\nV: parameter[D]\nL = sum(W[i], i)", None, "does not depend on V"),
        ("W: parameter[D]\nL = sum(W[i], i)", ["w"], "W"),
    ],
)
def test_what_cannot_be_derived_is_said(text, wrt, message):
    with pytest.raises(DerivationError) as caught:
        derive(parse_program(text), wrt=wrt)
    assert message in str(caught.value)


def test_what_no_gradient_needs_is_not_differentiated():
    """A sign on a path that no parameter stands on has no slope to be missed."""
    text = "X: input[D]\nW: parameter[D]\nL = sum(W[i]*W[i] + sign(X[i]), i)"
    assert str(derive(parse_program(text)).gradients["W"].equation.rhs) == "2*W[i]"


def test_a_parameter_in_brackets_alone_has_no_slope():
    with pytest.raises(DerivationError, match="W"):
        derive(parse_program("W: parameter[D]\nL = sum(where(W[i] > 0, 1, 0), i)"))


def test_the_loss_must_exist():
    with pytest.raises(DerivationError, match="no loss"):
        derive(parse_program("W: parameter[D]\nQ = sum(W[i], i)"))


def test_a_tensor_in_flat_places_only_has_no_adjoint():
    text = "V: parameter[D]\nW: parameter[D]\nM[i] = 2*V[i]\nL = sum(where(M[i] > 0, W[i]**2, W[i]), i)"
    derived = derive(parse_program(text), wrt=["W"])
    assert [adjoint.of.name for adjoint in derived.adjoints] == ["W"]
    with pytest.raises(DerivationError, match="comparisons only"):
        derive(parse_program(text))
