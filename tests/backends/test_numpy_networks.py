"""Every activation, loss and way to state a layer, through the generated module: the interpreter's values,
and calm far from zero.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from backends.modules import agree, load, source_of, trainer_of
from behind import network_behind
from oracle import random_arrays

from symnet.derivation.derive import derive
from symnet.index.symbols import Role
from symnet.layers.dense import Dense
from symnet.network import Network
from symnet.registry import members
from symnet.updates import updates

pytestmark = pytest.mark.filterwarnings("error")
SIZES = {"N": 5}
SMOOTH = [name for name in members("activations") if name != "sign"]


def derived_network(**changes):
    options = {
        "inputs": {"X": ("N", 3)},
        "targets": {"Y": ("N", 2)},
        "layers": [Dense(4, activation="tanh"), Dense(2, activation="sigmoid")],
        "loss": "sse",
        **changes,
    }
    program, prediction = Network(**options).stated()
    return derive(program, optimizer=partial(updates, "sgd", {})), prediction


def arrays_for(derived, seed=0):
    values = {**{name: int(v) for name, v in derived.stated.values.items()}, **SIZES}
    arrays = random_arrays(derived.stated, values, seed)
    for target in derived.stated.of_role(Role.TARGET):
        if not target.integer:
            arrays[target.name] = (arrays[target.name] > 0).astype(float)
    return arrays


@pytest.mark.parametrize("activation", SMOOTH)
def test_every_activation(activation):
    derived, prediction = derived_network(
        layers=[Dense(4, activation=activation), Dense(2, activation=activation)]
    )
    agree(derived, SIZES, arrays_for(derived), prediction)


@pytest.mark.parametrize("loss", members("losses"))
def test_every_loss(loss):
    derived, prediction = derived_network(**network_behind(loss))
    agree(derived, SIZES, arrays_for(derived), prediction)


@pytest.mark.parametrize("layer", [{"bias": False}, {"augmented": True}])
def test_every_way_to_state_a_layer(layer):
    layers = [Dense(4, activation="relu", **layer), Dense(2, activation="sigmoid", **layer)]
    derived, prediction = derived_network(layers=layers, l1=0.01, l2=0.1)
    agree(derived, SIZES, arrays_for(derived), prediction)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", SMOOTH)
def test_every_activation_far_from_zero(activation, dtype):
    """Values around a thousand before the activation: finite numbers, and not one warning."""
    layers = [Dense(4, activation=activation), Dense(2, activation="linear")]
    derived, prediction = derived_network(layers=layers, loss="cross_entropy")
    trainer = trainer_of(load(source_of(derived, prediction)), dtype=dtype)
    arrays = arrays_for(derived)
    for name, array in trainer.parameters.items():
        array[...] = arrays[name]
    X = arrays["X"] * 1e3
    assert np.isfinite(trainer.predict(X)).all()
    assert np.isfinite(trainer.loss(X, arrays["Y"]))
    assert all(np.isfinite(gradient).all() for gradient in trainer.gradients(X, arrays["Y"]).values())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("loss", "last"),
    [
        ("bce", "sigmoid"),
        ("bce_with_logits", "linear"),
        ("cross_entropy", "linear"),
        ("mae", "linear"),
        ("huber", "linear"),
        ("hinge", "linear"),
    ],
)
def test_every_loss_far_from_zero(loss, last, dtype):
    derived, prediction = derived_network(layers=[Dense(2, activation=last)], loss=loss)
    trainer = trainer_of(load(source_of(derived, prediction)), dtype=dtype)
    trainer.parameters["W1"][...] = 1.0
    X = np.array([[1e3, 0, 0], [-1e3, 0, 0], [0, 0, 0], [0, 700.0, 0], [0, 0, -90.0]])
    Y = np.array([[1.0, 0.0]] * 5)
    assert np.isfinite(trainer.loss(X, Y))
    assert all(np.isfinite(gradient).all() for gradient in trainer.gradients(X, Y).values())


def test_a_network_of_signs_predicts():
    """Forward only: what has no derivative can still be run, as far as nothing is derived through it."""
    text = "X: input[N, 2]\nq: parameter\nA[n] = sign(X[n,0] + X[n,1])\nL = q*sum(A[n], n)"
    network = Network(equations=text)
    program, _ = network.stated()
    trainer = trainer_of(load(source_of(derive(program), "A")))
    np.testing.assert_array_equal(trainer.predict([[1.0, -1.0], [0.5, 1.0], [-3.0, 1.0]]), [1.0, 1.0, -1.0])


def test_writing_a_module_grows_linearly_with_depth():
    """Counted, not timed: the lines of a network of 40 layers beside those of 20."""

    def lines(depth):
        derived, prediction = derived_network(layers=[Dense(3, activation="tanh")] * depth + [Dense(2)])
        return len(source_of(derived, prediction, form="arrays").splitlines())

    few, more = lines(10), lines(20)
    assert lines(40) - more <= 2.1 * (more - few)
