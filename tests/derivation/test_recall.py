"""Layers that are equal up to names are derived, made safe, lowered and printed once: what is recalled is what
would have been found, to the last step.
"""

from __future__ import annotations

import pytest

from symnet import Dense
from symnet.index.recall import Recall
from symnet.layers.lstm import LSTM
from symnet.layers.transformer_block import TransformerBlock
from symnet.pipeline import Network


def dense(activations, loss):
    layers = [Dense(3, activation=activation) for activation in activations]
    return Network(inputs={"X": ("N", 3)}, targets={"Y": ("N", 3)}, layers=layers, loss=loss)


def sequences(layers):
    return Network(inputs={"X": ("N", "T", 4)}, targets={"Y": ("N", "T", 4)}, layers=layers, loss="mse")


NETWORKS = {
    # from W9 to W10 the order of names turns
    "deep": lambda: dense(["tanh"] * 12, "mse"),
    "of several kinds": lambda: dense(
        ["gelu", "sigmoid", "gelu", "sigmoid", "tanh", "linear"], "cross_entropy"
    ),
    "transformer blocks": lambda: sequences([TransformerBlock(4, heads=2) for _ in range(3)]),
    "recurrent": lambda: sequences([LSTM(units=4) for _ in range(3)]),
}


def everything(network):
    """All that a derivation says, and the module."""
    derivation = network.derive()
    derived = derivation.derived
    adjoints = [(a.of, a.equation, tuple(a.contributions), tuple(a.steps)) for a in derived.adjoints]
    rest = (derived.primal, derived.naming, derived.computed, derived.stabilizing, derived.labels)
    return adjoints, rest, str(derived.computed), derivation.generate("numpy")


@pytest.mark.parametrize("name", NETWORKS)
def test_recalled_is_found(name, monkeypatch):
    recalled = everything(NETWORKS[name]())
    asked = []

    def found_anew(self, given, answer, function):
        asked.append(given)
        return Recall().record(given, answer, function), {}

    monkeypatch.setattr(Recall, "__call__", found_anew)
    for one, other in zip(recalled, everything(NETWORKS[name]()), strict=True):
        assert one == other
    assert asked


def test_equal_layers_are_derived_once(monkeypatch):
    """How many adjoints are found does not grow with depth."""
    from symnet.derivation.backward import Backward

    found = []
    honest = Backward.formula

    def counted(self, tensor, *rest):
        found.append(tensor)
        return honest(self, tensor, *rest)

    monkeypatch.setattr(Backward, "formula", counted)
    counts = []
    for depth in (20, 80):
        dense(["tanh"] * depth, "mse").derive()
        counts.append(len(found))
        found.clear()
    assert counts[0] == counts[1] < 30
