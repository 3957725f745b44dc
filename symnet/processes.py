"""Several processes that train one network together, on this machine, as many machines would.

Each runs the generated module's own command line, as it would on a machine of its own. They find each other
at 127.0.0.1 and are seen by nobody else. As soon as one of them ends before its time, all are ended: what has
been trained by then is in the checkpoint.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from symnet.data import Array, write_npz
from symnet.errors import DataError, ProcessError
from symnet.network import Training

PAUSE = 0.05
"""Seconds between two looks at the processes."""
LINE = re.compile(r"epoch (\d+) of \d+: loss (\S+)")
Progress = Callable[[int, float, float | None], object]


@dataclass(frozen=True, slots=True)
class Processes:
    """How a generated module trains in processes, and where it leaves what it has reached."""

    count: int = 1
    checkpoint: Path | None = None
    every: int = 10  # epochs between two checkpoints
    sharded: bool = False  # whether the parameters are shared out too
    timeout: int = 60  # seconds after which a process that says nothing counts as gone

    def fit(
        self,
        source: str,
        data: Mapping[str, Array],
        training: Training,
        progress: Progress | None = None,
    ) -> tuple[Path, list[float], ExitStack]:
        """Trains with the module whose text is `source`: the file with what came of it, the losses, and what
        removes the file once it is read.

        Raises ProcessError where a process ends before its time, and DataError where the data are at fault.
        """
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            (folder / "trainer.py").write_text(source, encoding="utf-8")
            write_npz(folder / "data.npz", data)
            reached = (self.checkpoint or folder / "checkpoint.npz").absolute()
            workers = [
                stack.enter_context(_Worker(number, folder, command))
                for number, command in enumerate(self.commands(reached, training))
            ]
            self.watch(workers, progress)
            with np.load(reached, allow_pickle=False) as archive:
                losses = archive["fit.history"].tolist()
            return reached, losses, stack.pop_all()

    def commands(self, reached: Path, training: Training) -> list[list[str]]:
        """What each process is started with."""
        options = ["--data", "data.npz", "--output", "parameters.npz", "--epochs", str(training.epochs)]
        options += ["--batch-size", str(training.batch_size)] if training.batch_size else []
        options += ["--seed", str(training.seed), "--checkpoint", str(reached)]
        options += ["--checkpoint-every", str(self.every), "--timeout", str(self.timeout)]
        options += ["--sharded"] if self.sharded else []
        options += ["--coordinator", f"127.0.0.1:{_free_port()}", "--processes", str(self.count)]
        start = [sys.executable, "trainer.py", *options]
        return [[*start, "--process", str(number)] for number in range(self.count)]

    def watch(self, workers: Sequence[_Worker], progress: Progress | None) -> None:
        """Waits until all are done. Raises an error as soon as one has failed."""
        pending = True
        while pending:
            time.sleep(PAUSE)
            if progress is not None:
                for line in LINE.finditer(workers[0].news()):
                    progress(int(line[1]), float(line[2]), None)
            codes = [worker.process.poll() for worker in workers]
            if any(codes):
                time.sleep(10 * PAUSE)  # the others may have ended first, and be seen later
                raise self.error(min((w for w in workers if w.process.poll()), key=_Worker.blame))
            pending = None in codes

    def error(self, worker: _Worker) -> ProcessError | DataError:
        """What is said of the process that failed."""
        if worker.process.poll() == 2:
            return DataError(worker.last_words(), place="training")
        place = f"process {worker.number} of {self.count}"
        kept = self.checkpoint is not None and self.checkpoint.exists()
        again = f"; the same command again goes on from {self.checkpoint}" if kept else ""
        return ProcessError(worker.end(), place=place, expected=f"all processes to go on{again}")


class _Worker:
    """One of the processes, which is gone when the block that it is used in is left."""

    def __init__(self, number: int, folder: Path, command: Sequence[str]) -> None:
        self.number = number
        self.out, self.err = folder / f"{number}.out", folder / f"{number}.err"
        self.read = 0
        # On one machine all share its processors; accelerators are driven by one process for all.
        around = {"JAX_PLATFORMS": "cpu", "PYTHONUNBUFFERED": "1", "no_grpc_proxy": "127.0.0.1"}
        with self.out.open("wb") as out, self.err.open("wb") as err:
            self.process = subprocess.Popen(
                command, cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=os.environ | around
            )

    def __enter__(self) -> _Worker:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def news(self) -> str:
        """What it has written since it was last asked, in whole lines."""
        with self.out.open("rb") as file:
            file.seek(self.read)
            text, newline, _ = file.read().rpartition(b"\n")
        self.read += len(text) + len(newline)
        return text.decode(errors="replace")

    def blame(self) -> int:
        """How likely it only follows another that failed first: one that is killed never does."""
        code = self.process.poll() or 0
        return 0 if code < 0 and code != -signal.SIGABRT else 1 if code == 2 else 2

    def last_words(self) -> str:
        """The line of its own in which it says what is wrong, or the last one."""
        lines = [line for line in self.err.read_text(errors="replace").splitlines() if line.strip()]
        own = [line.partition(": ")[2] for line in lines if line.startswith("trainer.py: ")]
        fatal = [line.partition("] ")[2] for line in lines if "Terminating process" in line]
        return (own or fatal or lines or ["it said nothing"])[-1]

    def end(self) -> str:
        """How it ended."""
        code = self.process.poll() or 0
        if code < 0 and code != -signal.SIGABRT:
            return f"it was ended by {signal.Signals(-code).name}"
        return f"it ended with the code {code}: {self.last_words()}"


def _free_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
