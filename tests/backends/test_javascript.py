"""Every activation, loss, optimizer, layer sample and network of every kind: JavaScript computes what NumPy
computes.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from backends.javascript import NODE, agree, run
from backends.modules import derived_from, load, source_of, trainer_of
from backends.test_c_networks import ONE_ARGUMENT, POINTS, ROUNDED
from backends.test_numpy_networks import SIZES, SMOOTH, arrays_for, derived_network
from behind import network_behind
from derivation.programs import CASES
from layers import samples
from layers.samples import arrays_of, every_sample, network_of
from oracle import random_arrays

from symnet import Network
from symnet.derivation.derive import derive
from symnet.errors import SymnetError
from symnet.layers.dense import Dense
from symnet.registry import members
from symnet.updates import updates

needs_node = pytest.mark.skipif(NODE is None, reason="no Node.js")
SAMPLES = every_sample()


@needs_node
@pytest.mark.parametrize("activation", SMOOTH)
def test_every_activation(activation, tmp_path):
    layers = [Dense(4, activation=activation), Dense(2, activation=activation)]
    derived, prediction = derived_network(layers=layers)
    agree(tmp_path, derived, SIZES, arrays_for(derived), prediction, steps=1)


@needs_node
@pytest.mark.parametrize("loss", members("losses"))
def test_every_loss(loss, tmp_path):
    derived, prediction = derived_network(**network_behind(loss))
    agree(tmp_path, derived, SIZES, arrays_for(derived), prediction, steps=1)


@needs_node
@pytest.mark.parametrize("optimizer", members("optimizers"))
def test_every_optimizer(optimizer, tmp_path):
    case = CASES["dense"]
    derived = derived_from(case.text, case.wrt[:4], optimizer)
    agree(tmp_path, derived, case.sizes, random_arrays(derived.stated, case.sizes), steps=3)


@needs_node
@pytest.mark.parametrize("name", SAMPLES)
def test_every_layer(name, tmp_path):
    sample = SAMPLES[name]
    program, prediction = network_of(sample).stated()
    derived = derive(program, optimizer=partial(updates, "sgd", {}))
    sizes = {**{key: int(value) for key, value in derived.stated.values.items()}, **samples.SIZES}
    arrays = arrays_of(sample, derived.computed, sizes)
    agree(tmp_path, derived, samples.SIZES, arrays, prediction, steps=1)


@needs_node
@pytest.mark.parametrize("name", CASES)
def test_networks_of_every_kind(name, tmp_path):
    case = CASES[name]
    derived = derived_from(case.text, case.wrt)
    agree(tmp_path, derived, case.sizes, random_arrays(derived.stated, case.sizes))


@needs_node
@pytest.mark.parametrize("batch_size", [None, 4, 100])
def test_training_goes_the_same_way(batch_size, tmp_path):
    """The same order of the samples in every epoch, the same losses."""
    derived, prediction = derived_network(layers=[Dense(4, activation="tanh"), Dense(2)])
    arrays = arrays_for(derived)
    options = {"epochs": 5, "seed": 7, "batchSize": batch_size}
    agree(tmp_path, derived, SIZES, arrays, prediction, fit=options, settings={"learning_rate": 0.05})


VALUES = """
import { readFileSync } from "node:fs";
import { Trainer } from "./network.mjs";
const { points } = JSON.parse(readFileSync(0, "utf8")), trainer = new Trainer();
const told = (one) => [...one.data].map(String);
const gradients = Object.entries(trainer.gradients(points)).map(([name, one]) => [name, told(one)]);
process.stdout.write(JSON.stringify({ A: told(trainer.predict(points)), ...Object.fromEntries(gradients) }));
"""


@needs_node
@pytest.mark.parametrize("function", ONE_ARGUMENT)
def test_every_function_and_its_slope(function, tmp_path):
    """Near and far from zero: values are NumPy's to a few units in the last place."""
    positive = function in ("log", "sqrt", "log1p")
    of_x = f"where(X[n] > 0, {function}(X[n]), 0)" if positive else f"{function}(X[n])"
    text = f"X: input[N]\np: parameter\nA[n] = {of_x}\nL = sum((p + 1)*A[n], n)"
    derived = derived_from(text, ("p", *(("X",) if function not in ("sign", "signum") else ())))
    plain = trainer_of(load(source_of(derived, "A")))
    with np.errstate(all="ignore"):
        expected = {"A": plain.predict(POINTS)} | plain.gradients(POINTS)
    found = run(tmp_path, source_of(derived, "A", "javascript"), VALUES, points=POINTS.tolist())
    for name in expected.keys() - {"p"}:
        values = [float(text.replace("Infinity", "inf")) for text in found[name]]
        tolerance = 16 * np.finfo(float).eps * ROUNDED.get(function, 1.0)
        np.testing.assert_allclose(values, expected[name], rtol=tolerance, atol=4e-308, err_msg=name)


WRONG = """
import { Trainer } from "./network.mjs";
const trainer = new Trainer(), words = [];
for (const wrong of [() => trainer.loss([[1, 2]], [[1], [2]]), () => trainer.loss([[1]], [[1]]),
  () => trainer.loss([[1, NaN]], [[1]]), () => trainer.loss([[1, 2], [3]], [[1], [2]]),
  () => trainer.set({ W9: [[1]] }), () => trainer.set({ W1: [[1]] }),
  () => trainer.fit([[1e200, 1]], [[1]], { epochs: 3 })])
  try { wrong(); words.push(""); } catch (error) { words.push(error.message); }
process.stdout.write(JSON.stringify({ words }));
"""


@needs_node
def test_what_is_wrong_is_said(tmp_path):
    network = Network(inputs={"X": ("N", 2)}, targets={"Y": ("N", 1)}, layers=[Dense(1)], loss="sse")
    found = run(tmp_path, network.derive().generate("javascript"), WRONG)["words"]
    for words, part in zip(
        found,
        [
            "Y must have shape (N, 1), here (1, 1), not (2, 1)",
            "X must have shape (N, 2), here (1, 2), not (1, 1)",
            "X has entries that are not finite",
            "equally long",
            "no parameter W9",
            "W1 has shape (2, 1), not (1, 1)",
            "the loss is",
        ],
        strict=True,
    ):
        assert part in words


def test_what_it_cannot_do_is_said():
    derivation = Network(
        inputs={"X": ("N", 2)}, targets={"Y": ("N", 1)}, layers=[Dense(1)], loss="sse"
    ).derive()
    with pytest.raises(SymnetError, match="no JavaScript for second derivatives"):
        derivation.second("hvp").generate("javascript")
    with pytest.raises(SymnetError, match="runs no JavaScript"):
        derivation.module("javascript")


def test_names_that_javascript_has_for_itself(tmp_path):
    names = ("this", "let", "Math", "t", "w", "constructor", "arrays")
    text = "\n".join(f"{name}: parameter" for name in names)
    text = f"function: input[N]\n{text}\nL = sum(function[n]**2, n)*({' + '.join(names)})"
    derived = derived_from(text, names)
    source = source_of(derived, "", "javascript")
    assert "eval(" not in source
    assert "new Function" not in source
    if NODE:
        agree(tmp_path, derived, {"N": 3}, random_arrays(derived.stated, {"N": 3}))
