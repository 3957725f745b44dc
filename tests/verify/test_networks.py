"""Every member of the catalogue, and random networks of them, are derived rightly and compute what their
derivation says.
"""

from __future__ import annotations

import pytest
from behind import network_behind
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from symnet.backends import Meta, backends
from symnet.derivation.derive import derive
from symnet.layers.dense import Dense
from symnet.network import Network
from symnet.registry import members
from symnet.updates import updates
from symnet.verify import verify

ACTIVATIONS = [name for name in members("activations") if name != "sign"]  # nothing is derived through sign
OPTIMIZERS = list(members("optimizers"))


def certify(layers, loss, *, optimizer="sgd", outputs=3, points=1, module=True, **options):
    options = {"targets": {"Y": ("N", outputs)}} | options
    network = Network({"X": ("N", 4)}, layers=layers, loss=loss, **options)
    program, prediction = network.stated()
    derived = derive(program, optimizer=lambda pairs: updates(optimizer, {}, pairs))
    source = (
        backends()["numpy"].generate(derived, Meta("network", "a test", prediction=prediction))
        if module
        else None
    )
    certificate = verify(derived, points=points, module_source=source, prediction=prediction)
    assert certificate.passed, str(certificate)
    assert any(finding.check == "module" for finding in certificate.findings) == module
    return certificate


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation(activation):
    certify([Dense(5, activation=activation), Dense(3, activation=activation)], "sse")


@pytest.mark.parametrize("loss", members("losses"))
def test_every_loss(loss):
    behind = network_behind(loss, outputs=1 if loss in ("hinge", "perceptron") else 3)
    certify(behind.pop("layers"), behind.pop("loss"), **behind)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer(optimizer):
    certify([Dense(2, activation="tanh"), Dense(3)], "mse", optimizer=optimizer)


@pytest.mark.parametrize("penalty", members("regularizers"))
def test_every_regularizer(penalty):
    certify([Dense(2, activation="tanh"), Dense(3)], "mse", **{penalty: 0.1})


LAYER = st.builds(
    lambda units, activation, kind, l2: Dense(units, activation=activation, l2=l2, **kind),
    units=st.integers(1, 5),
    activation=st.sampled_from(ACTIVATIONS),
    kind=st.sampled_from([{}, {"bias": False}, {"augmented": True}]),
    l2=st.sampled_from([0.0, 0.01]),
)


@settings(max_examples=15)
@given(st.lists(LAYER, min_size=1, max_size=4), st.sampled_from(["sse", "mse", "huber", "cross_entropy"]))
def test_random_networks(layers, loss):
    assume(
        loss != "cross_entropy" or layers[-1].activation != "softmax"
    )  # refused: it would be applied twice
    certify(layers, loss, outputs=layers[-1].units, module=False)
