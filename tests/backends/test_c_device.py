"""For a device: the file alone, compiled strictly and run under sanitizers, and on an emulated ARM where one is to be
had, trains as the NumPy module does in float32.
"""

from __future__ import annotations

import re
import shutil
import subprocess

import numpy as np
import pytest
from backends.modules import load
from backends.native import run_compiled

from symnet import Network
from symnet.backends import Meta, backends
from symnet.backends.c.names import prefix
from symnet.layers.activation import Activation
from symnet.layers.conv import Conv
from symnet.layers.dense import Dense
from symnet.layers.dropout import Dropout
from symnet.layers.embedding import Embedding
from symnet.layers.flatten import Flatten
from symnet.layers.lstm import LSTM
from symnet.layers.pool import Pool
from symnet.network import Training

pytestmark = pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler")
SANITIZERS = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
ARM = "arm-linux-gnueabihf-gcc"
ADAM = Training(optimizer="adam", batch_size=8)
Y = {"Y": ("N", 3)}

NETWORKS = {
    "dense": {"inputs": {"X": ("N", 4)}, "layers": [Dense(6, activation="gelu"), Dense(3)]},
    "dropout": {"inputs": {"X": ("N", 4)}, "layers": [Dense(6, activation="relu"), Dropout(0.5), Dense(3)]},
    "convolution": {
        "inputs": {"X": ("N", 6, 6, 2)},
        "layers": [Conv(3, kernel=3, padding="same"), Activation("relu"), Pool(2), Flatten(), Dense(3)],
    },
    "recurrence": {
        "inputs": {"X": {"shape": ("N", 5), "integer": True}},
        "layers": [Embedding(7, 4), LSTM(units=3, sequence=False)],
    },
}


def text_and_module(name):
    derivation = Network(targets=Y, loss="cross_entropy", training=ADAM, name=name, **NETWORKS[name]).derive()
    meta = Meta(name, f"{name}.toml", prediction=derivation.prediction, batch_size=8)
    numpy = load(backends()["numpy"].generate(derivation.derived, meta))
    return derivation.generate("c", "embedded"), numpy


def data_for(name):
    """21 samples: two batches of 8 and what is left."""
    random = np.random.default_rng(4)
    shape = NETWORKS[name]["inputs"]["X"]
    if isinstance(shape, dict):
        X = random.integers(7, size=(21, 5))
    else:
        X = random.normal(size=(21, *shape[1:])).astype(np.float32)
    return X, np.eye(3, dtype=np.float32)[random.integers(3, size=21)]


def array(kind, name, values):
    numbers = ", ".join(f"{value!r}" for value in values.ravel().tolist())
    return f"static const {kind} {name}[] = {{{numbers}}};\n"


def program(name, X, Y):
    """A program of the device: it trains for three epochs in memory of its own, and tells losses and predictions."""
    kind = "place" if X.dtype.kind == "i" else "real"
    return (
        f'#include "network.c"\n#include <stdio.h>\n{array(kind, "X", X)}{array("real", "Y", Y)}'
        "static unsigned char memory[1 << 20] __attribute__((aligned(64)));\n"
        "int main(void)\n{\n"
        f"    {name}_trainer *t = {name}_device(1);\n    double history[3];\n"
        f"    if ({name}_device_workspace(1000) || {name}_fit_bytes(21, 8) > sizeof memory)\n        return 1;\n"
        f"    {name}_seed(t, 2);\n    if ({name}_fit(t, memory, X, Y, 21, 8, 3, history) != 3)\n        return 2;\n"
        '    for (int k = 0; k < 3; k++)\n        printf("%.9g\\n", history[k]);\n'
        f"    {name}_workspace *w = {name}_device_workspace(4);\n    if (!w)\n        return 3;\n"
        f'    printf("%.9g\\n", {name}_step(t, w, X, Y));\n    {name}_predict(t, w, X);\n'
        f'    for (int k = 0; k < 12; k++)\n        printf("%.9g\\n", (double)w->PREDICTION[k]);\n    return 0;\n}}\n'
    )


def expected(module, X, Y):
    trainer = module.Trainer(np.float32)
    trainer.initialize(1)
    history = trainer.fit(X, Y, epochs=3, batch_size=8, seed=2)
    loss = trainer.step(X[:4], Y[:4])
    return np.array([*history, loss, *trainer.predict(X[:4]).ravel()])


def trains_alike(folder, name, command, options, runner=()):
    text, module = text_and_module(name)
    X, Y = data_for(name)
    (where,) = re.findall(r"^// Leaves .* in w->(\w+)\.$", text, re.MULTILINE)
    main = program(name, X, Y).replace("PREDICTION", where)
    found = run_compiled(folder, text, main, command, options, runner)
    np.testing.assert_allclose(found, expected(module, X, Y), rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("name", NETWORKS)
def test_it_trains_on_a_device_as_numpy_does(name, tmp_path):
    trains_alike(tmp_path, name, "cc", SANITIZERS)


@pytest.mark.skipif(not (shutil.which("qemu-arm") and shutil.which(ARM)), reason="no ARM to emulate")
@pytest.mark.parametrize("name", NETWORKS)
def test_it_trains_on_an_emulated_arm(name, tmp_path):
    trains_alike(tmp_path, name, ARM, ["-O2", "-static"], ["qemu-arm"])


def test_it_calls_nothing_but_mathematics(tmp_path):
    """What the file leaves open for the linker: functions of math.h, and what compilers make of loops."""
    text, _ = text_and_module("convolution")
    (tmp_path / "network.c").write_text(text)
    strict = [
        "cc",
        "-std=c99",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-O2",
        "-fno-stack-protector",
        "-c",
        "network.c",
    ]
    subprocess.run(strict, cwd=tmp_path, check=True)
    listed = subprocess.run(
        ["nm", "-u", "network.o"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    open_ones = {line.split()[-1] for line in listed.stdout.splitlines()}
    mathematics = {"expf", "logf", "sqrtf", "powf", "sqrt", "pow", "exp", "log", "_GLOBAL_OFFSET_TABLE_"}
    assert open_ones <= mathematics | {"memcpy", "memset", "memmove"}


def test_its_memory_is_a_constant_that_holds():
    """What it says is what it takes: an inequality that the compiler checks, and not far from equal."""
    text, _ = text_and_module("dense")
    (said,) = re.findall(r"#define DENSE_STATIC_BYTES (\d+)", text)
    assert "dense_takes_no_more[" in text
    assert 500 < int(said) < 20_000


def test_the_declarations_are_a_header_for_c_and_for_cpp(tmp_path):
    text, _ = text_and_module("dense")
    (tmp_path / "network.c").write_text(text)
    use = '#define DENSE_DECLARATIONS\n#include "network.c"\nint main(void) { return DENSE_STATIC_BYTES < 0; }\n'
    for command, file in (("cc", "use.c"), ("c++", "use.cpp")):
        if shutil.which(command):
            (tmp_path / file).write_text(use)
            subprocess.run([command, "-Wall", "-Wextra", "-Werror", "-c", file], cwd=tmp_path, check=True)


def test_a_name_begins_what_is_public():
    assert prefix("xor") == "xor"
    assert prefix("9 lives!") == "network_9_lives"
    assert prefix("-") == "network"
