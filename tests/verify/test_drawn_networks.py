"""Networks that nobody has thought of, drawn from all layers, activations, losses, optimizers and schedules, are
derived rightly, and their modules compute what their derivations say. `make fuzz` draws many more.
"""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, assume, given, note, settings
from network_layers import LAYERS
from networks import networks, toml
from verify.drawn import affordable, derivation_of, judge

from symnet.registry import layer_kinds


def test_every_kind_of_layer_can_be_drawn():
    assert set(LAYERS) == set(layer_kinds())


@settings(
    max_examples=25,
    phases=[Phase.generate],  # a smaller network of the same fault is for `make fuzz` to find: minutes
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
@given(networks())
def test_a_drawn_network_is_certified(document):
    note(toml(document))
    derivation = derivation_of(document)
    assume(affordable(derivation.derived))
    judge(derivation)
