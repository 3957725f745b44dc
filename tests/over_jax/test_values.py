"""The module on JAX computes what the equations say, for all that the registries hold."""

from __future__ import annotations

import pytest
from backends.modules import agree, derived_from
from derivation.programs import CASES
from layers.samples import SIZES, arrays_of, every_sample, network_of, smooth_inputs
from oracle import random_arrays

from symnet.derivation.derive import derive
from symnet.index.symbols import Role

jax = pytest.importorskip("jax", reason="the backend needs JAX: pip install symnet[jax]")
jax.config.update("jax_disable_most_optimizations", True)  # what is compiled runs for microseconds

SAMPLES = every_sample()


@pytest.mark.parametrize("name", SAMPLES)
def test_every_layer(name):
    network = network_of(SAMPLES[name])
    program, prediction = network.stated()
    names = [t.name for t in program.of_role(Role.PARAMETER)] + smooth_inputs(SAMPLES[name])
    derived = derive(program, "L", names)
    sizes = {**SIZES, **derived.stated.values}
    agree(derived, sizes, arrays_of(SAMPLES[name], derived.stated, sizes), prediction, backend="jax")


@pytest.mark.parametrize("name", CASES)
def test_every_kind_of_network(name):
    case = CASES[name]
    derived = derived_from(case.text, case.wrt, "momentum")
    agree(derived, case.sizes, random_arrays(derived.stated, case.sizes), backend="jax")
