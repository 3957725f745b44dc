"""No member of the catalogue is computed in a loop over elements: every activation, loss, regularizer and optimizer.
The layers are asked in tests/layers/test_every_layer.py.
"""

from __future__ import annotations

from functools import partial

import pytest
from behind import network_behind
from lowering.loops import loops_over_elements

from symnet.derivation.derive import derive
from symnet.layers.dense import Dense
from symnet.lowering.schedule import schedule
from symnet.network import Network
from symnet.registry import members
from symnet.updates import updates

PLAIN = {"targets": {"Y": ("N", 4)}, "loss": "sse"}
NETWORKS = {
    **{
        f"activation {name}": {**PLAIN, "layers": [Dense(4, name), Dense(4)]}
        for name in members("activations")
        if name != "sign"
    },
    **{f"loss {name}": network_behind(name) for name in members("losses")},
    **{f"regularizer {name}": {**PLAIN, "layers": [Dense(4)], name: 0.1} for name in members("regularizers")},
    **{f"optimizer {name}": {**PLAIN, "layers": [Dense(4)]} for name in members("optimizers")},
}


@pytest.mark.parametrize("name", NETWORKS)
def test_nothing_is_computed_in_a_loop_over_elements(name):
    kind, _, member = name.partition(" ")
    program, prediction = Network(inputs={"X": ("N", 3)}, **NETWORKS[name]).stated()
    derived = derive(program, optimizer=partial(updates, member if kind == "optimizer" else "sgd", {}))
    assert not loops_over_elements(schedule(derived, prediction))
