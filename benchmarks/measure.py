"""How the benchmarks measure: contestants in processes of their own, pinned to one core, taking turns.

A *subject* is a class of a benchmark with a method `run(times)`, which does the work that is measured,
and, where results can be compared, `check()`, which returns arrays to compare. Each contestant is a
subject in a process of its own (so that no library's threads, allocator or caches touch another's), with
one thread, on one core. The processes take turns: a round measures every contestant once, a few
milliseconds each, so that a change in the machine's pace meets all of them alike. What is compared is
therefore the ratio within a round, and what is reported is its median over the rounds. Time is the
process's CPU time: a neighbour who takes the core away is not charged to the contestant.

This file is also the program that such a process runs: `measure.py MODULE CLASS ARGUMENTS`.
"""

import argparse
import importlib
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

CANNOT_MEASURE = 2  # exit status of a benchmark, and of a worker, that lacks a library
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}


class BenchmarkError(Exception):
    """A benchmark that could not be measured, and why, in one line for the person who ran it."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """One thing to measure: the class `subject` of the benchmark's module `module`, made with `arguments`."""

    name: str
    module: str
    subject: str
    arguments: tuple[str | int | bool, ...] = ()


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of CPU for one repetition of a contestant's work, one figure a round."""

    name: str
    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle of the rounds, in seconds."""
        return statistics.median(self.seconds)

    def ratio(self, other: "Timing") -> float:
        """The median over the rounds of this contestant's time by the other's of the same round."""
        return statistics.median(a / b for a, b in zip(self.seconds, other.seconds, strict=True))

    def wins(self, other: "Timing") -> float:
        """The share of the rounds in which this contestant was the faster one."""
        return statistics.mean(a < b for a, b in zip(self.seconds, other.seconds, strict=True))


class Worker:
    """A process that holds one contestant and does as much of its work as it is asked to."""

    def __init__(self, contestant: Contestant, process: "subprocess.Popen[str]") -> None:
        self.contestant = contestant
        self._process = process

    def run(self, times: int) -> float:
        """Do the work `times` times; the seconds of CPU that one took."""
        return float(self._ask("run", times)) / times

    def check(self) -> dict[str, Any]:
        """What the contestant computed: arrays by name."""
        import numpy as np

        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "check.npz")
            self._ask("check", path)
            with np.load(path, allow_pickle=False) as stored:
                return dict(stored)

    def answer(self) -> Any:
        """The next line that the process says; BenchmarkError where it has ended instead."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if line:
            return json.loads(line)
        if self._process.wait() == CANNOT_MEASURE:
            raise BenchmarkError(f"cannot measure {self.contestant.name}")
        raise BenchmarkError(f"{self.contestant.name} failed; its error is above")

    def _ask(self, verb: str, argument: int | str) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([verb, argument]) + "\n")
        self._process.stdin.flush()
        return self.answer()


@contextmanager
def start(contestant: Contestant) -> Iterator[Worker]:
    """A worker that has made its subject; its process ends with the block."""
    arguments = [contestant.module, contestant.subject, json.dumps(contestant.arguments)]
    with subprocess.Popen(
        [sys.executable, __file__, *arguments],
        stdin=subprocess.PIPE,  # the process ends when this is closed
        stdout=subprocess.PIPE,
        env=os.environ | ONE_THREAD,
        text=True,
    ) as process:
        worker = Worker(contestant, process)
        worker.answer()
        yield worker


def take_turns(workers: Sequence[Worker], rounds: int, progress: "Progress") -> list[Timing]:
    """Measure each worker once a round, as many repetitions as take about ten milliseconds."""
    times = [max(1, math.ceil(10e-3 / pace(worker))) for worker in workers]
    figures: list[list[float]] = [[] for _ in workers]
    for _ in range(rounds):
        for worker, count, column in zip(workers, times, figures, strict=True):
            column.append(worker.run(count))
        progress.advance()
    names = [worker.contestant.name for worker in workers]
    return [Timing(name, tuple(column)) for name, column in zip(names, figures, strict=True)]


def pace(worker: Worker) -> float:
    """Seconds of one repetition among many, once the caches are warm: where the work is a loop of its own,
    entering it costs more than a turn.
    """
    count, seconds = 3, 0.0
    while seconds < 5e-3 and count < 10**7:
        one = max(worker.run(count), 1e-9)
        seconds = one * count
        count = min(count * 10, math.ceil(6e-3 / one))
    return one


def fresh_turns(contestants: Sequence[Contestant], rounds: int, progress: "Progress") -> list[Timing]:
    """Measure each contestant once a round, in a process that has not done this work before."""
    figures: list[list[float]] = [[] for _ in contestants]
    for _ in range(rounds):
        for contestant, column in zip(contestants, figures, strict=True):
            with start(contestant) as worker:
                column.append(worker.run(1))
            progress.advance(contestant.name)
    names = [contestant.name for contestant in contestants]
    return [Timing(name, tuple(column)) for name, column in zip(names, figures, strict=True)]


class Progress:
    """One line on standard error that says how far a measurement is; nothing where no person watches."""

    def __init__(self, title: str, total: int) -> None:
        self.title, self.total, self.done = title, total, 0

    def advance(self, what: str = "") -> None:
        """One more of the `total` pieces is done."""
        self.done += 1
        if sys.stderr.isatty():
            bar = "#" * (24 * self.done // self.total)
            line = f"{self.title} [{bar:<24}] {self.done}/{self.total} {what}"
            print("\r\x1b[K" + line * (self.done < self.total), end="", file=sys.stderr, flush=True)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Rows as a Markdown table that also reads well as plain text: numbers to the right."""
    lines = [header, *rows]
    widths = [max(len(line[k]) for line in lines) for k in range(len(header))]

    def row(cells: Sequence[str]) -> str:
        first, *others = cells
        padded = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        return f"| {' | '.join([first.ljust(widths[0]), *padded])} |"

    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join([row(header), row(rule), *map(row, rows)])


def verdict(claims: Iterable[tuple[str, bool]]) -> int:
    """Print each claim and whether it holds; the exit status: 0 when all do, else 1."""
    status = 0
    for claim, holds in claims:
        print(f"{'holds' if holds else 'FAILS'}: {claim}")
        status = status if holds else 1
    return status


def versions(*names: str) -> str:
    """One line with the versions of Python and of the packages `names`, for the head of a table."""
    found = [f"Python {sys.version.split()[0]}"]
    for name in names:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} (from its source)")
    return ", ".join(found)


def arguments(description: str, rounds: int) -> argparse.ArgumentParser:
    """A benchmark's command line, with the option that all of them have."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--rounds", type=int, default=rounds, metavar="N", help="default: %(default)s")
    return parser


def program(main: Callable[[], int]) -> None:
    """Run a benchmark and exit with its status; 2, and a line that says why, where it cannot be measured."""
    try:
        status = main()
    except BenchmarkError as error:
        print(f"{Path(sys.argv[0]).name}: {error}", file=sys.stderr)
        status = CANNOT_MEASURE
    except ModuleNotFoundError as error:
        print(
            f"{error.name} is not installed in this environment: `make bench` builds one with every library "
            "that is compared, and runs the benchmarks in it",
            file=sys.stderr,
        )
        status = CANNOT_MEASURE
    raise SystemExit(status)


def serve() -> int:
    """The life of a worker: make the subject, then do what each line on standard input asks."""
    module, subject, given = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints goes to standard error, and cannot be taken for an answer
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    made = getattr(importlib.import_module(module), subject)(*json.loads(given))
    print(json.dumps("ready"), file=answers, flush=True)
    for line in sys.stdin:
        verb, argument = json.loads(line)
        if verb == "run":
            began = time.process_time_ns()
            made.run(argument)
            answer: float | str = (time.process_time_ns() - began) / 1e9
        else:
            import numpy as np

            np.savez(argument, **made.check())
            answer = "stored"
        print(json.dumps(answer), file=answers, flush=True)
    return 0


if __name__ == "__main__":
    program(serve)
