"""Several devices and several processes compute what one does; where one process is lost, the run ends and goes on later."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from symnet.errors import DataError, ProcessError
from symnet.layers.batch_norm import BatchNorm
from symnet.layers.dense import Dense
from symnet.layers.dropout import Dropout
from symnet.network import Training
from symnet.pipeline import Network
from symnet.processes import Processes
from symnet.training import new_trainer

pytest.importorskip("jax", reason="the backend needs JAX: pip install symnet[jax]")

RANDOM = np.random.default_rng(3)
DATA = {"X": RANDOM.normal(size=(22, 6)), "Y": RANDOM.normal(size=(22, 4))}
TRAINING = Training(
    optimizer="adam", epochs=6, batch_size=8, seed=4
)  # the last batch, of 6, is no multiple of 4


@pytest.fixture(scope="module")
def source():
    """Statistics over all samples of a step, and numbers drawn for each: both must be those of one process."""
    layers = [Dense(8, activation="tanh"), BatchNorm(), Dropout(0.25), Dense(4)]
    stated = {"inputs": {"X": ("N", 6)}, "targets": {"Y": ("N", 4)}, "layers": layers, "loss": "mse"}
    return Network(training=TRAINING, **stated).derive().generate("jax")


@pytest.fixture(scope="module")
def alone(source):
    trainer = new_trainer(source)
    trainer.initialize(TRAINING.seed)
    losses = trainer.fit(*DATA.values(), epochs=6, batch_size=8, seed=4)
    return losses, trainer._state()


def same(found, alone):
    losses, state = alone
    np.testing.assert_allclose(found["fit.history"], losses, rtol=0, atol=1e-12)
    for name, array in state.items():
        np.testing.assert_allclose(found[name], array, rtol=0, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("options", [[], ["--sharded"]], ids=["copied", "sharded"])
def test_four_devices_compute_what_one_does(source, alone, tmp_path, options):
    (tmp_path / "trainer.py").write_text(source)
    np.savez(tmp_path / "d.npz", **DATA)
    command = [
        sys.executable,
        "trainer.py",
        "--data",
        "d.npz",
        "--epochs",
        "6",
        "--batch-size",
        "8",
        "--seed",
        "4",
    ]
    flags = {"XLA_FLAGS": "--xla_force_host_platform_device_count=4", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(
        [*command, "--checkpoint", "c.npz", *options],
        cwd=tmp_path, env=os.environ | flags, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    same(np.load(tmp_path / "c.npz"), alone)


@pytest.mark.parametrize("sharded", [False, True], ids=["copied", "sharded"])
def test_two_processes_compute_what_one_does(source, alone, sharded):
    reached, losses, removed = Processes(2, sharded=sharded, timeout=30).fit(source, DATA, TRAINING)
    with removed:
        same(np.load(reached), alone)
    assert len(losses) == 6
    assert not reached.exists()


def test_a_lost_process_ends_the_run_and_it_goes_on_from_the_checkpoint(source, alone, tmp_path, monkeypatch):
    """It is killed in the middle of training: what is in the checkpoint by then is enough."""
    long, started = Training("adam", epochs=10**6, batch_size=8, seed=4), []
    real = subprocess.Popen

    def start(*args, **options):
        started.append(real(*args, **options))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", start)
    reached = tmp_path / "reached.npz"

    def lose(*_):
        if reached.exists() and started[1].poll() is None:
            os.kill(started[1].pid, signal.SIGKILL)

    together = Processes(2, reached, every=2, timeout=30)
    monkeypatch.setattr("symnet.processes.LINE", Always())
    begin = time.monotonic()
    with pytest.raises(ProcessError, match="process 1 of 2: it was ended by SIGKILL") as error:
        together.fit(source, DATA, long, lose)
    assert time.monotonic() - begin < 90
    assert "goes on from" in str(error.value)
    assert [process.poll() is not None for process in started] == [True, True]
    assert [path.name for path in tmp_path.iterdir()] == ["reached.npz"]
    kept = np.load(reached)["fit.history"]
    assert len(kept) >= 2
    trainer = new_trainer(source)  # by one process as by two
    trainer.initialize(4)
    losses = trainer.fit(*DATA.values(), epochs=len(kept) + 3, batch_size=8, seed=4, checkpoint=reached)
    whole = new_trainer(source)
    whole.initialize(4)
    np.testing.assert_allclose(
        whole.fit(*DATA.values(), epochs=len(losses), batch_size=8, seed=4), losses, atol=1e-12
    )


class Always:
    """Calls for progress at every look at the processes."""

    def finditer(self, _):
        return [{1: "1", 2: "0.5"}]


def test_what_is_wrong_with_the_data_is_said_once(source):
    with pytest.raises(DataError, match="training: X holds values that are not finite"):
        Processes(2, timeout=20).fit(source, DATA | {"X": DATA["X"] * np.nan}, TRAINING)
