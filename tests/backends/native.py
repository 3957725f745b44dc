"""Modules whose work C does, beside those of NumPy: loaded, given the same arrays, and compared."""

from __future__ import annotations

import inspect
import subprocess
from types import SimpleNamespace

import numpy as np
import pytest
from backends.modules import load, set_parameters, trainer_of

from symnet.backends import Meta, backends, module_of

STRICT = ["-std=c99", "-O0", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared"]
"""Quick to compile, and no warning passes."""


@pytest.fixture(scope="module", autouse=True)
def _cache(tmp_path_factory):
    """What tests compile goes to a folder of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SYMNET_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


def native_module(derived, prediction="", flags=STRICT, **meta):
    module = load(
        module_of(backends()["c"], derived, Meta("test", "test.toml", prediction=prediction, **meta))
    )
    module.FLAGS = flags or module.FLAGS
    return module


def trainers(derived, prediction="", sizes=None, dtype=np.float64, flags=STRICT, **meta):
    """A Trainer whose work C does, and one of NumPy."""
    module = native_module(derived, prediction, flags, **meta)
    native = trainer_of(module, sizes, dtype)
    assert type(native) is module.Trainer, "there is a compiler, and it takes the text"
    return native, trainer_of(SimpleNamespace(Trainer=module.NumPyTrainer), sizes, dtype)


def agree(derived, sizes, arrays, prediction="", steps=2):
    """Prediction, loss, gradients and all that steps change: to 1e-12 of the largest number of their kind."""
    native, plain = trainers(derived, prediction, sizes)
    set_parameters(native, arrays)
    set_parameters(plain, arrays)
    data = [arrays[name] for name in inspect.signature(plain.loss).parameters]
    same({"loss": native.loss(*data)}, {"loss": plain.loss(*data)})
    same(native.gradients(*data), plain.gradients(*data))
    if prediction:
        inputs = [arrays[name] for name in inspect.signature(plain.predict).parameters]
        same({"prediction": native.predict(*inputs)}, {"prediction": plain.predict(*inputs)})
    if hasattr(plain, "step"):
        for _ in range(steps):
            same({"loss": native.step(*data)}, {"loss": plain.step(*data)})
        same(native._state(), plain._state())


def same(found, expected, tolerance=1e-12):
    assert found.keys() == expected.keys()
    scale = max((float(np.max(np.abs(value), initial=0)) for value in expected.values()), default=0) or 1.0
    for name, value in expected.items():
        assert np.shape(found[name]) == np.shape(value), name
        np.testing.assert_allclose(found[name], value, rtol=tolerance, atol=tolerance * scale, err_msg=name)


def run_compiled(folder, source, main, command, options, runner=()):
    """What a program prints that is compiled from `source` and `main`."""
    (folder / "network.c").write_text(source)
    (folder / "main.c").write_text(main)
    strict = ["-std=c99", "-Wall", "-Wextra", "-Werror"]
    made = [command, *strict, *options, "main.c", "-o", "program", "-lm"]
    done = subprocess.run(made, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    done = subprocess.run([*runner, "./program"], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [float(line) for line in done.stdout.split()]
