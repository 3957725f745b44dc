"""Gradients that go straight into their parameters: which do, and where."""

from __future__ import annotations

import numpy as np
import pytest
from backends.modules import derived_from
from backends.native import same, trainers
from derivation.programs import CASES

from symnet import Dense, Network
from symnet.lowering.instructions import Onto, reads_of
from symnet.lowering.schedule import schedule

TIED = """
X: input[N, D]
W: parameter[D, D]
b: parameter[D]
A[n,j] = tanh(sum(X[n,i]*W[i,j], i) + b[j])
L = sum(sum(A[n,i]*W[i,j], i)**2, n, j)
"""
DECAYED = """
X: input[N, D]
W: parameter[D, H]
b: parameter[H]
L = sum(tanh(sum(X[n,i]*W[i,j], i) + b[j])**2, n, j) + sum(W[i,j]**2, i, j)
"""


def straight(plan):
    return [
        line.instruction.target.buffer.name for line in plan.descent if isinstance(line.instruction, Onto)
    ]


@pytest.mark.parametrize(
    ("text", "wrt", "optimizer", "expected"),
    [
        (CASES["dense"].text, ("W1", "b1", "W2", "b2"), "sgd", {"W1", "b1", "W2", "b2"}),
        (TIED, ("W", "b"), "sgd", {"b"}),  # a sum of two products
        (DECAYED, ("W", "b"), "sgd", {"b"}),  # a product and a decay
        (CASES["dense"].text, ("W1", "b1", "W2", "b2"), "momentum", set()),
        (CASES["dense"].text, ("W1", "b1", "W2", "b2"), "adam", set()),
    ],
)
def test_a_gradient_that_is_one_product_does(text, wrt, optimizer, expected):
    plan = schedule(derived_from(text, wrt, optimizer), descends=True)
    assert set(straight(plan)) == expected
    assert bool(plan.descent) == bool(expected)


@pytest.mark.parametrize("name", CASES)
def test_no_parameter_is_read_after_it_has_moved(name):
    case = CASES[name]
    plan = schedule(derived_from(case.text, case.wrt, "sgd"), descends=True)
    moved: set[str] = set()
    for line in plan.descent:
        read = {view.buffer.name for view in reads_of(line.instruction)}
        assert not read & moved
        if isinstance(line.instruction, Onto):
            moved.add(line.instruction.target.buffer.name)


def test_it_is_one_stretch_only_where_it_is_asked_for():
    assert not schedule(derived_from(CASES["dense"].text, ("W1",), "sgd")).descent


@pytest.mark.parametrize("samples", [5, 1500])
@pytest.mark.parametrize(("inputs", "units"), [(3, 2), (20, 40), (40, 20)])
def test_many_steps_end_where_those_of_numpy_do(samples, inputs, units):
    """In loops that are written out and in calls; with more terms than are added to a parameter at once."""
    derivation = Network(
        inputs={"X": ("N", inputs)},
        targets={"Y": ("N", 3)},
        layers=[Dense(units, activation="tanh"), Dense(3)],
        loss="mse",
    ).derive()
    rng = np.random.default_rng(0)
    data = rng.normal(size=(samples, inputs)), rng.normal(size=(samples, 3))
    native, plain = trainers(derivation.derived, derivation.prediction)
    assert hasattr(native._library, "test_descend")
    native.fit(*data, epochs=30)
    plain.fit(*data, epochs=30)
    same(native._state(), plain._state())
