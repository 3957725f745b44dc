"""What training on many devices costs: measured in one process and in two, predicted for 1 to 1,024.

    python benchmarks/scale.py [--latency SECONDS --bandwidth BYTES_PER_SECOND]

Measured, on this machine, with one thread a process, the least of many rounds (what is above it is the
neighbours'): in one process its CPU time, in two the clock, since they wait for one another:

- a step of the generated JAX module in one process, for several numbers of samples;
- the same step in two processes, which exchange their gradients through 127.0.0.1;
- the exchange alone (an all-reduce of as many arrays as there are gradients), for several numbers of bytes.

From these follow two straight lines: a step computes for `fixed + each * samples` seconds, and an exchange
between two takes `2 * latency + bytes / bandwidth`. Predicted, for p devices with n samples each:

    fixed + each * n + 2 (p - 1) latency + 2 (p - 1)/p * bytes/bandwidth

The last two terms are those of an all-reduce along a ring (Patarasuk and Yuan, 2009, Bandwidth optimal
all-reduce algorithms for clusters of workstations). Nothing is taken off for an exchange that goes on while
the step still computes, so the prediction errs on the side of slow. The latency and the bandwidth of another
network than the loopback may be given: then that part of the prediction rests on them, and not on a
measurement.

Run with two arguments more (`worker` and a number), it is one of the processes that are measured.
"""

import argparse
import itertools
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from measure import CANNOT_MEASURE, ONE_THREAD

LAYERS = (784, 256, 128, 10)
SAMPLES = (16, 64, 256, 1024)
"""Of a step, for each device."""
SIZES = [size for a, b in itertools.pairwise(LAYERS) for size in (a * b, b)]
"""How many numbers each gradient has."""
SCALES = (1 / 64, 1 / 8, 1, 4)
"""How many times as large the gradients are whose exchange alone is measured."""
DEVICES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
ROUNDS, TIMES = 60, 3
"""How often each thing is measured, and how many repetitions a round has."""


@dataclass(frozen=True, slots=True)
class Line:
    """`start + slope * x`, fitted such that the relative errors are least."""

    start: float
    slope: float

    @classmethod
    def through(cls, x: Sequence[float], y: Sequence[float]) -> "Line":
        """The line through the points (x, y); neither of its numbers is negative."""
        places, values = np.array(x, float), np.array(y, float)
        columns = np.stack([np.ones_like(places), places], axis=1) / values[:, None]
        start, slope = np.linalg.lstsq(columns, np.ones_like(values))[0]
        if start < 0:
            return cls(0.0, float((values / places).mean()))
        return cls(float(start), float(max(slope, 0.0)))

    def at(self, x: float) -> float:
        return self.start + self.slope * x


@dataclass(frozen=True, slots=True)
class Model:
    """What a step costs on any number of devices."""

    compute: Line  # seconds by samples on each device
    latency: float  # seconds
    bandwidth: float  # bytes a second
    size: float  # bytes of the gradients

    def exchange(self, devices: int) -> float:
        """The seconds of an all-reduce along a ring."""
        steps = 2 * (devices - 1)
        return steps * self.latency + steps / devices * self.size / self.bandwidth

    def step(self, devices: int, samples: float) -> float:
        """The seconds of a step with so many samples on each device."""
        return self.compute.at(samples) + self.exchange(devices)


# --- what a process measures


def least(work: Callable[[], object], now: Callable[[], float]) -> float:
    """The seconds of one repetition, in the quickest round. All processes do the same number of them."""
    work()
    found = []
    for _ in range(ROUNDS):
        begin = now()
        for _ in range(TIMES):
            work()
        found.append((now() - begin) / TIMES)
    return min(found)


def worker(number: int, count: int, port: str) -> None:
    """One of the processes: it measures, and the first one prints."""
    import jax
    import jax.numpy as jnp
    import trainer as module
    from jax.sharding import NamedSharding, PartitionSpec

    if count > 1:
        module.join(f"127.0.0.1:{port}", count, number, 60)
    trainer = module.Trainer(np.float32)
    random = np.random.default_rng(0)
    now = time.process_time if count == 1 else time.perf_counter
    found: dict[str, list[float]] = {"step": [], "exchange": []}
    for samples in SAMPLES:
        total = samples * count
        x = random.normal(size=(total, LAYERS[0])).astype(np.float32)
        y = np.eye(LAYERS[-1], dtype=np.float32)[random.integers(0, LAYERS[-1], total)]
        data = {"X": trainer._place("X", x), "Y": trainer._place("Y", y)}
        found["step"].append(least(lambda data=data: trainer._step(data).block_until_ready(), now))
    if count > 1:
        apart, whole = (NamedSharding(trainer.mesh, PartitionSpec(*axes)) for axes in (["devices"], []))
        add = jax.jit(lambda parts: [jnp.sum(part, axis=0) for part in parts], out_shardings=whole)
        for scale in SCALES:
            arrays = [np.ones((count, max(1, int(size * scale))), np.float32) for size in SIZES]
            parts = [jax.make_array_from_callback(a.shape, apart, lambda i, a=a: a[i]) for a in arrays]
            found["exchange"].append(least(lambda parts=parts: jax.block_until_ready(add(parts)), now))
    if number == 0:
        print(json.dumps(found))


# --- what is made of it


def measured(folder: Path, count: int) -> dict[str, list[float]]:
    """The figures of so many processes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    paths = os.pathsep.join([str(folder), str(Path(__file__).parent)])
    around = os.environ | ONE_THREAD | {"PYTHONPATH": paths, "JAX_PLATFORMS": "cpu"}
    commands = [
        [sys.executable, __file__, "worker", str(number), str(count), port] for number in range(count)
    ]
    running = [subprocess.Popen(c, env=around, stdout=subprocess.PIPE, text=True) for c in commands]
    try:
        texts = [process.communicate(timeout=500)[0] for process in running]
    finally:
        for process in running:
            process.kill()
    if any(process.returncode for process in running):
        raise SystemExit("scale: a process that measures has failed")
    found: dict[str, list[float]] = json.loads(texts[0].splitlines()[-1])
    return found


def module_text() -> str:
    """The network whose training is measured."""
    from symnet import Network
    from symnet.layers.dense import Dense

    hidden = [Dense(units, activation="relu") for units in LAYERS[1:-1]]
    network = Network(
        inputs={"X": ("N", LAYERS[0])},
        targets={"Y": ("N", LAYERS[-1])},
        layers=[*hidden, Dense(LAYERS[-1])],
        loss="cross_entropy",
    )
    return network.derive().generate("jax")


def report(one: dict[str, list[float]], two: dict[str, list[float]], options: argparse.Namespace) -> None:
    """The tables: what was measured, how well the model says it again, what it predicts."""
    size = 4.0 * sum(SIZES)
    exchanged = [size * scale for scale in SCALES]
    ring = Line.through(exchanged, two["exchange"])
    here = Model(Line.through(SAMPLES, one["step"]), ring.start / 2, 1 / ring.slope, size)
    print(f"Network {'-'.join(map(str, LAYERS))}, float32: {size / 1e6:.2f} MB of gradients.\n")
    swap = two["exchange"][SCALES.index(1)]
    print("MEASURED here, in milliseconds: a step in one process, the exchange of its gradients with another")
    print("| samples a process | step | exchange | its share | the step of 2 processes, by the clock |")
    print("| ---: | ---: | ---: | ---: | ---: |")
    for samples, step, both in zip(SAMPLES, one["step"], two["step"], strict=True):
        times = f"{step * 1e3:.2f} | {swap * 1e3:.2f} | {swap / (step + swap):.0%} | {both * 1e3:.2f}"
        print(f"| {samples} | {times} |")
    print("\nMEASURED here: the exchange alone between 2 processes, through 127.0.0.1")
    print("| bytes | milliseconds | the model says |\n| ---: | ---: | ---: |")
    for count, seconds in zip(exchanged, two["exchange"], strict=True):
        print(f"| {count:,.0f} | {seconds * 1e3:.3f} | {ring.at(count) * 1e3:.3f} |")
    print(
        f"\nFitted: {here.compute.start * 1e3:.2f} ms + {here.compute.slope * 1e6:.2f} us a sample;", end=" "
    )
    print(f"latency {here.latency * 1e6:.0f} us, bandwidth {here.bandwidth / 1e9:.2f} GB/s.")
    model, source = here, "the loopback measured above"
    if options.latency is not None:
        model = Model(here.compute, options.latency, options.bandwidth, size)
        source = (
            f"a network of {options.latency * 1e6:.0f} us and {options.bandwidth / 1e9:.1f} GB/s, as given"
        )
    print(f"\nPREDICTED, not measured: steps over {source}")
    print("| devices | 256 samples each: ms | efficiency | 16,384 in all: ms | times as fast as 1 |")
    print("| ---: | ---: | ---: | ---: | ---: |")
    for devices in DEVICES:
        each, shared = model.step(devices, 256), model.step(devices, 16384 / devices)
        efficiency, faster = model.step(1, 256) / each, model.step(1, 16384) / shared
        print(f"| {devices} | {each * 1e3:.2f} | {efficiency:.0%} | {shared * 1e3:.2f} | {faster:.1f} |")


def main() -> int:
    """Measure, and print; or be one of the processes that are measured."""
    if sys.argv[1:2] == ["worker"]:
        worker(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
        return 0
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--latency", type=float, help="seconds, of another network than the loopback")
    parser.add_argument("--bandwidth", type=float, help="bytes a second, of that network")
    options = parser.parse_args()
    if (options.latency is None) != (options.bandwidth is None):
        parser.error("--latency and --bandwidth go together")
    try:
        import jax  # noqa: F401
    except ImportError:
        print("scale: JAX is missing: pip install symnet[jax]", file=sys.stderr)
        return CANNOT_MEASURE
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "trainer.py").write_text(module_text())
        report(measured(folder, 1), measured(folder, 2), options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
