"""The passes over programs: what they name, what they make safe, and that every value stays what it was."""

from __future__ import annotations

import numpy as np
import pytest
from oracle import random_arrays

from symnet.equations.interpret import evaluate
from symnet.equations.parse import parse_program
from symnet.simplify.named_sums import name_sums
from symnet.simplify.stabilize import stabilize

SIZES = {"N": 3, "K": 4, "D": 2}
PROGRAMS = {
    "softmax": (
        "Z: input[N, K]\nP[n,j] = exp(Z[n,j])/sum(exp(Z[n,k]), k)\nL = sum(P[n,j]**2, n, j)",
        ["S", "P", "L"],
    ),
    "log-sum-exp": ("Z: input[N, K]\nL = sum(log(sum(exp(Z[n,k]), k)), n)", ["S", "P", "L"]),
    "a mean twice": (
        "Z: input[N, K]\nC[n,j] = (Z[n,j] - sum(Z[n,k], k)/K)/sqrt(sum((Z[n,k] - sum(Z[n,l], l)/K)**2, k)/K)\nL = sum(C[n,j]**3, n, j)",
        ["S", "S_2", "C", "L"],
    ),
    "an unnamed layer": (
        "X: input[N, D]\nW: parameter[D, K]\nA[n,j] = tanh(sum(X[n,i]*W[i,j], i) + 1)\nL = sum(A[n,j], n, j)",
        ["S", "A", "L"],
    ),
    "a pre-activation": (
        "X: input[N, D]\nW: parameter[D, K]\nb: parameter[K]\nA[n,j] = tanh(sum(X[n,i]*W[i,j], i) + b[j])\nL = sum(A[n,j], n, j)",
        ["Z", "A", "L"],
    ),
    "nothing to name": ("Z: input[N, K]\nL = sum(Z[n,j]**2, n, j)", ["L"]),
    "the user's own softmax": (
        "Z: input[N, K]\nQ[n,j] = exp(Z[n,j])/sum(exp(Z[n,k]), k)\nL = sum(log(sum(exp(Z[n,k]), k)), n)",
        ["S", "Q", "L"],
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_names_are_given_once_and_change_no_value(name):
    text, expected = PROGRAMS[name]
    stated = parse_program(text)
    named, rewrites = name_sums(stated)
    assert [equation.tensor.name for equation in named.equations] == expected
    assert bool(rewrites) == (named.equations != stated.equations)
    given = random_arrays(stated, SIZES)
    before, after = evaluate(stated, given, SIZES), evaluate(named, given, SIZES)
    for tensor in before:
        np.testing.assert_allclose(after[tensor], before[tensor], rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("name", PROGRAMS)
def test_safe_formulas_have_the_same_values(name):
    named, _ = name_sums(parse_program(PROGRAMS[name][0]))
    safe, _ = stabilize(named)
    given = random_arrays(named, SIZES)
    before, after = evaluate(named, given, SIZES), evaluate(safe, given, SIZES)
    for tensor in before.keys() & after.keys():
        np.testing.assert_allclose(after[tensor], before[tensor], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (
            "Z: input[N, K]\nL = sum(log(sum(exp(Z[n,k]), k)), n)",
            lambda z: np.logaddexp.reduce(z, axis=1).sum(),
        ),
        (
            "Z: input[N, K]\nA[n,j] = sigmoid(Z[n,j])\nL = sum(log(A[n,j]) + log(1 - A[n,j]), n, j)",
            lambda z: -(np.logaddexp(0, -z) + np.logaddexp(0, z)).sum(),
        ),
        (
            "Z: input[N, K]\nP[n,j] = exp(Z[n,j])/sum(exp(Z[n,k]), k)\nL = sum(log(P[n,j]), n, j)",
            lambda z: (z - np.logaddexp.reduce(z, axis=1, keepdims=True)).sum(),
        ),
    ],
)
def test_a_thousand_does_not_overflow(text, value):
    """At 1e3 the formulas as stated overflow; the safe ones give the value."""
    safe, rewrites = stabilize(name_sums(parse_program(text))[0])
    assert rewrites
    z = np.array([[1e3, -1e3, 0.0, 5.0], [-1e3, -1e3, -1e3, -999.0]])
    np.testing.assert_allclose(evaluate(safe, {"Z": z})["L"], value(z), rtol=1e-13)


def test_the_sign_of_a_loss_stands_in_front():
    program = parse_program(
        "Z: input[N, K]\nY: input[N, K]\nA[n,j] = sigmoid(Z[n,j])\n"
        "L = -sum(Y[n,j]*log(A[n,j]) + (1 - Y[n,j])*log(1 - A[n,j]), n, j)"
    )
    safe, _ = stabilize(program)
    assert str(safe.equations[-1].rhs) == (
        "Sum((1 - Y[n, j])*(log1p(decay(Z[n, j])) + maximum(Z[n, j], 0)) + "
        "(log1p(decay(Z[n, j])) + maximum(-Z[n, j], 0))*Y[n, j], (j, 0, K - 1), (n, 0, N - 1))"
    )
