"""Every activation, loss, optimizer, layer sample and network of every kind: C computes what NumPy computes."""

from __future__ import annotations

import inspect
import shutil
from functools import partial

import numpy as np
import pytest
from backends.modules import derived_from, set_parameters
from backends.native import _cache, agree, same, trainers  # noqa: F401 - a fixture
from backends.test_numpy_networks import SIZES, SMOOTH, arrays_for, derived_network
from behind import network_behind
from derivation.programs import CASES
from layers import samples
from layers.samples import arrays_of, every_sample, network_of
from oracle import random_arrays

from symnet import Network
from symnet.derivation.derive import derive
from symnet.equations.formula import ARITY, FUNCTIONS
from symnet.layers.dense import Dense
from symnet.registry import members
from symnet.updates import updates

pytestmark = pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler")
SAMPLES = every_sample()


@pytest.mark.parametrize("activation", SMOOTH)
def test_every_activation(activation):
    layers = [Dense(4, activation=activation), Dense(2, activation=activation)]
    derived, prediction = derived_network(layers=layers)
    agree(derived, SIZES, arrays_for(derived), prediction, steps=1)


@pytest.mark.parametrize("loss", members("losses"))
def test_every_loss(loss):
    derived, prediction = derived_network(**network_behind(loss))
    agree(derived, SIZES, arrays_for(derived), prediction, steps=1)


@pytest.mark.parametrize("optimizer", members("optimizers"))
def test_every_optimizer(optimizer):
    case = CASES["dense"]
    derived = derived_from(case.text, case.wrt[:4], optimizer)
    agree(derived, case.sizes, random_arrays(derived.stated, case.sizes), steps=3)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_layer(name):
    sample = SAMPLES[name]
    program, prediction = network_of(sample).stated()
    derived = derive(program, optimizer=partial(updates, "sgd", {}))
    sizes = {**{key: int(value) for key, value in derived.stated.values.items()}, **samples.SIZES}
    agree(derived, samples.SIZES, arrays_of(sample, derived.computed, sizes), prediction, steps=1)


@pytest.mark.parametrize("name", CASES)
def test_networks_of_every_kind(name):
    case = CASES[name]
    derived = derived_from(case.text, case.wrt)
    agree(derived, case.sizes, random_arrays(derived.stated, case.sizes))


MIDDLES = {
    "rows": "A: tensor[3, 4]\nA[i,j] = tanh(W[i+2,j])\nL = sum(A[i,j]**2*V[i,j], i, j)",
    "rows of zeros around": "A: tensor[9, 4]\nA[i,j] = W[i-1,j]\nL = sum(tanh(A[i,j]), i, j) + sum(V[i,j], i, j)",
    "columns": "A: tensor[7, 2]\nA[i,j] = tanh(W[i,j+1])\nL = sum(A[i,j]**2, i, j) + sum(V[i,j]**2, i, j)",
}


@pytest.mark.parametrize("name", MIDDLES)
def test_what_lies_in_the_middle_of_an_array(name):
    """Entries one after another, though not from the first one on."""
    derived = derived_from(f"W: parameter[7, 4]\nV: parameter[3, 4]\n{MIDDLES[name]}")
    agree(derived, {}, random_arrays(derived.stated, {}))


@pytest.mark.parametrize("name", ["conv_transposed-0", "conv-1", "lstm-0", "dense-2"])
def test_a_product_with_second_derivatives(name):
    """Layers whose second derivatives read what no gradient does."""
    sample = SAMPLES[name]
    derivation = Network.of(network_of(sample)).derive().second("hvp")
    derived = derivation.derived
    native, plain = trainers(derived, derivation.prediction, samples.SIZES)
    sizes = {**{key: int(value) for key, value in derived.stated.values.items()}, **samples.SIZES}
    arrays = arrays_of(sample, derived.computed, sizes)
    directions = {name: np.cos(np.arange(a.size)).reshape(a.shape) for name, a in plain.parameters.items()}
    (method,) = (further.name for further in derived.further)
    for trainer in (native, plain):
        set_parameters(trainer, arrays)
    data = [arrays[n] for n in inspect.signature(getattr(plain, method)).parameters if n in arrays]
    same(*(getattr(trainer, method)(directions, *data) for trainer in (native, plain)))


POINTS = np.array(
    [
        -1e3,
        -750.0,
        -100.0,
        -30.0,
        -3.0,
        -1.0,
        -0.25,
        -1e-9,
        0.0,
        1e-9,
        0.5,
        1.0,
        2.5,
        4.0,
        30.0,
        100.0,
        750.0,
        1e3,
    ]
)
ONE_ARGUMENT = [name for name in FUNCTIONS if ARITY.get(name, 1) == 1 and name not in ("constant", "floor")]
ROUNDED = {"sin": 1e3, "cos": 1e3}  # the argument is as exact as it is large


@pytest.mark.parametrize("function", ONE_ARGUMENT)
def test_every_function_and_its_slope(function):
    """Near and far from zero, in both types: C's values are NumPy's to a few units in the last place."""
    of_x = (
        f"{function}(X[n])"
        if function not in ("log", "sqrt", "log1p")
        else f"where(X[n] > 0, {function}(X[n]), 0)"
    )
    text = f"X: input[N]\np: parameter\nA[n] = {of_x}\nL = sum((p + 1)*A[n], n)"
    derived = derived_from(text, ("p", *(("X",) if function not in ("sign", "signum") else ())))
    for dtype in (np.float64, np.float32):
        native, plain = trainers(derived, "A", dtype=dtype)
        points, limits = POINTS.astype(dtype), np.finfo(dtype)
        with np.errstate(all="ignore"):
            found = {"A": native.predict(points)} | native.gradients(points)
            expected = {"A": plain.predict(points)} | plain.gradients(points)
        for name in found.keys() - {"p"}:
            tolerance = 8 * limits.eps * ROUNDED.get(function, 1.0)
            np.testing.assert_allclose(found[name], expected[name], rtol=tolerance, atol=4 * limits.tiny)
