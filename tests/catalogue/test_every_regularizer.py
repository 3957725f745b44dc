"""Every regularizer adds the value of its textbook formula to the loss, over the weights and not the biases."""

from __future__ import annotations

import numpy as np
import pytest

from symnet.equations.interpret import evaluate
from symnet.errors import SpecError
from symnet.layers.dense import Dense
from symnet.network import Network
from symnet.registry import members

EXPECTED = {"l1": lambda w: np.abs(w).sum(), "l2": lambda w: np.square(w).sum()}
RNG = np.random.default_rng(3)
GIVEN = {
    "X": RNG.normal(size=(6, 2)),
    "Y": RNG.normal(size=(6, 1)),
    "W1": RNG.normal(size=(2, 3)),
    "b1": RNG.normal(size=3),
    "W2": RNG.normal(size=(3, 1)),
    "b2": RNG.normal(size=1),
}


def loss(first=None, **options):
    network = Network(
        inputs={"X": ("N", 2)},
        targets={"Y": ("N", 1)},
        layers=[Dense(3, "tanh", **(first or {})), Dense(1)],
        loss="mse",
        **options,
    )
    return float(evaluate(network.stated()[0], GIVEN)["L"])


@pytest.mark.parametrize("name", members("regularizers"))
def test_for_every_layer(name):
    assert name in EXPECTED, f"write the formula of {name} into this test once more, independently"
    penalty = EXPECTED[name](GIVEN["W1"]) + EXPECTED[name](GIVEN["W2"])
    assert loss(**{name: 0.1}) - loss() == pytest.approx(0.1 * penalty, rel=1e-12)


@pytest.mark.parametrize("name", members("regularizers"))
def test_for_one_layer(name):
    penalty = EXPECTED[name](GIVEN["W1"])
    assert loss({name: 0.25}) - loss() == pytest.approx(0.25 * penalty, rel=1e-12)


def test_a_layer_says_more_than_the_network():
    penalty = 0.25 * EXPECTED["l2"](GIVEN["W1"]) + 0.1 * EXPECTED["l2"](GIVEN["W2"])
    assert loss({"l2": 0.25}, l2=0.1) - loss() == pytest.approx(penalty, rel=1e-12)


def test_both_at_once():
    more = sum(0.1 * EXPECTED["l1"](GIVEN[w]) + 0.2 * EXPECTED["l2"](GIVEN[w]) for w in ("W1", "W2"))
    assert loss(l1=0.1, l2=0.2) - loss() == pytest.approx(more, rel=1e-12)


@pytest.mark.parametrize("strength", [-1, "much", float("nan"), True])
def test_a_strength_is_a_number_that_is_not_negative(strength):
    with pytest.raises(SpecError):
        loss(l2=strength)
