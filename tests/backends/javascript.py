"""Modules in JavaScript, run by Node.js beside those of NumPy."""

from __future__ import annotations

import inspect
import json
import shutil
import subprocess

import numpy as np
from backends.modules import load, set_parameters, source_of, trainer_of
from backends.native import same

NODE = shutil.which("node")
DRIVER = """
import { readFileSync } from "node:fs";
import { Trainer } from "./network.mjs";
const { sizes, parameters, data, inputs, steps, settings, fit } = JSON.parse(readFileSync(0, "utf8"));
const plain = (one) => (one?.shape === undefined ? one : { shape: one.shape, data: [...one.data] });
const all = (many) => Object.fromEntries(Object.entries(many).map(([name, one]) => [name, plain(one)]));
const trainer = new Trainer(sizes);
const first = all(trainer.parameters);
Object.assign(trainer.settings, settings);
if (parameters !== null)
  trainer.set(parameters);
const found = { first };
if (fit !== null) {
  found.history = trainer.fit(...data, fit);
} else {
  found.loss = trainer.loss(...data);
  found.gradients = all(trainer.gradients(...data));
  if (inputs !== null)
    found.prediction = plain(trainer.predict(...inputs));
  found.losses = [];
  for (let k = 0; k < steps; k++)
    found.losses.push(trainer.step(...data));
}
found.parameters = all(trainer.parameters);
found.state = Object.values(trainer.state()).map((one) => (typeof one === "number" ? [one] : [...one]));
process.stdout.write(JSON.stringify(found));
"""


def given(array):
    """An array as the module takes it."""
    array = np.asarray(array)
    return {"shape": list(array.shape), "data": array.reshape(-1).tolist()}


def taken(one):
    """An array that the module gave."""
    return np.array(one["data"], dtype=float).reshape(one["shape"])


def run(folder, source, driver, **asked):
    """What `driver` prints of the module whose text is `source`, or the last words of its error."""
    (folder / "network.mjs").write_text(source)
    (folder / "driver.mjs").write_text(driver)
    done = subprocess.run(
        [NODE, "driver.mjs"], cwd=folder, input=json.dumps(asked), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def agree(folder, derived, sizes, arrays, prediction="", steps=2, fit=None, settings=None):
    """First parameters to the last bit; prediction, loss, gradients and all that steps change to 1e-12."""
    plain = trainer_of(load(source_of(derived, prediction)), sizes)
    plain.initialize(0)
    first = {name: np.array(array) for name, array in plain.parameters.items()}
    if arrays is not None and fit is None:
        set_parameters(plain, arrays)
    parameters = {name: given(array) for name, array in plain.parameters.items()}
    for name, value in (settings or {}).items():
        setattr(plain, name, value)
    drawn = {t.name for t in derived.computed.of_role("random")}
    data = [arrays[name] for name in inspect.signature(plain.loss).parameters if name not in drawn]
    inputs = [arrays[name] for name in inspect.signature(plain.predict).parameters] if prediction else None
    can_step = hasattr(plain, "step")
    found = run(
        folder,
        source_of(derived, prediction, "javascript"),
        DRIVER,
        sizes=sizes,
        parameters=parameters,
        data=[given(array) for array in data],
        inputs=None if inputs is None else [given(array) for array in inputs],
        steps=steps if can_step else 0,
        settings=settings or {},
        fit=fit,
    )
    for name, array in first.items():
        np.testing.assert_array_equal(taken(found["first"][name]), array, err_msg=name)
    if fit is not None:
        options = {"batch_size" if key == "batchSize" else key: value for key, value in fit.items()}
        same({"history": np.array(found["history"])}, {"history": np.array(plain.fit(*data, **options))})
    else:
        same({"loss": found["loss"]}, {"loss": plain.loss(*data)})
        gradients = plain.gradients(*data)
        same({name: taken(one) for name, one in found["gradients"].items()}, gradients)
        if prediction:
            same({"prediction": taken(found["prediction"])}, {"prediction": plain.predict(*inputs)})
        losses = [plain.step(*data) for _ in range(steps)] if can_step else []
        same({"losses": np.array(found["losses"])}, {"losses": np.array(losses)})
    same({name: taken(one) for name, one in found["parameters"].items()}, plain.parameters)
    if can_step:
        states = [np.ravel(array) for array in plain._state().values()]
        assert sorted(map(len, found["state"])) == sorted(map(len, states))
        numbers = [np.sort(np.concatenate([*map(np.ravel, many)])) for many in (found["state"], states)]
        same({"state": numbers[0]}, {"state": numbers[1]})
