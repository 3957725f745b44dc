"""Networks that nobody has thought of: what the NumPy module, which is certified, computes, the one on JAX does."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from backends.modules import load, set_parameters, trainer_of
from hypothesis import HealthCheck, Phase, assume, given, note, settings
from networks import networks, toml
from oracle import random_arrays
from verify.drawn import derivation_of

from symnet.registry import solver

jax = pytest.importorskip("jax", reason="the backend needs JAX: pip install symnet[jax]")
jax.config.update("jax_disable_most_optimizations", True)  # what is compiled runs for microseconds


@settings(
    max_examples=8,
    phases=[Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
@given(networks())
def test_a_drawn_network_is_trained_as_by_numpy(document):
    note(toml(document))
    made = derivation_of(document)
    assume(not solver(made.network.training.optimizer))
    program = made.derived.computed
    sizes = {size.name: 4 for size in program.sizes} | dict(program.values)
    arrays = random_arrays(made.derived.stated, sizes)
    trainers = [trainer_of(load(made.generate(name)), sizes) for name in ("numpy", "jax")]
    for trainer in trainers:
        set_parameters(trainer, arrays)
    data = [arrays[name] for name in inspect.signature(trainers[0].loss).parameters]
    steps = [trainer.step(*data) for trainer in trainers if hasattr(trainer, "step")]
    gradients = [trainer.gradients(*data) for trainer in trainers]
    states = [trainer._state() for trainer in trainers]
    for one, other in [steps or [0.0, 0.0], [trainer.loss(*data) for trainer in trainers]]:
        np.testing.assert_allclose(other, one, rtol=1e-8, atol=1e-10)
    for one, other in (gradients, states):
        assert one.keys() == other.keys()
        for name, array in one.items():
            scale = 1e-10 * max(1.0, np.abs(array).max(initial=0.0))
            np.testing.assert_allclose(other[name], array, rtol=1e-8, atol=scale, err_msg=name)
