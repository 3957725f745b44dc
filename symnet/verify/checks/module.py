"""The generated module against the equations, evaluated as arrays, at the network's own sizes, for batches of
several sizes, in float64.

The module runs in a fresh process that knows nothing of symnet: what is checked is the file that a user gets.
Prediction, loss, every gradient, what is derived beyond them, and the parameters after each of two steps of
the optimizer must be those of the program that it was generated from. Where a gradient is zero but for
rounding (a bias before a normalization), an optimizer that divides by its size or looks at its sign makes a
step of the rounding: such elements of a parameter are not compared.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from symnet.derivation.journal import Derived, Further
from symnet.equations.interpret import Array
from symnet.equations.program import Program
from symnet.index.symbols import Role
from symnet.verify import run_module
from symnet.verify.context import Context
from symnet.verify.findings import NOTHING, OWN, Finding, difference, magnitude, worse
from symnet.verify.points import Point, draw_actual

NAME = "module"
BOUND = 1e-10
"""Sums in another order, over some thousand terms, through two steps of an optimizer."""
FAINT = 1e-7
"""An element of a gradient that is smaller than this part of the largest has lost so many digits to rounding
that a step by its sign, or by its share in its own size, is not known to the bound.
"""
STREAM = 3
BATCHES = (1, 5)
STEPS = 2
HOW = (
    f"in a fresh process, for batches of {' and '.join(map(str, BATCHES))}, against the equations, each "
    "evaluated at all its indices at once"
)
REDRAWS = 3
TIMEOUT = 120.0
"""Seconds for the fresh process."""


def check(derived: Derived, context: Context) -> tuple[Finding, ...]:
    """One finding for each kind of answer, where there is a module to check."""
    if context.module_source is None:
        return ()
    rng = context.rng(STREAM)
    for _ in range(REDRAWS):
        points = _points(derived.stated, rng)
        findings = _at(derived, context, context.module_source, points)
        if all(finding.passed for finding in findings) or all(map(context.is_exact, points)):
            break  # where rounding spoils the comparison, other points are drawn
    return findings


def _at(derived: Derived, context: Context, source: str, points: list[Point]) -> tuple[Finding, ...]:
    """The findings for batches at these points."""
    answer = _run(source, _request(derived, context.prediction, points))
    if isinstance(answer, str):
        return (
            Finding(
                "module", NAME, "runs in a fresh process", 0, len(points), BOUND, float("inf"), answer, OWN
            ),
        )
    expected: dict[str, Array] = {}
    settled: dict[str, Array] = {}
    for batch, point in enumerate(points):
        found, clear = _expected(derived, context.prediction, point, batch, answer)
        expected |= found
        settled |= clear
    return _findings(expected, settled, answer, len(points))


def _points(program: Program, rng: np.random.Generator) -> list[Point]:
    """One point a batch: the first size that is not known is that of the batch."""
    known = {
        size.name: int(program.values[size.name]) for size in program.sizes if size.name in program.values
    }
    free = [size.name for size in program.sizes if size.name not in known]
    return [draw_actual(program, rng, known | dict.fromkeys(free[:1], batch)) for batch in BATCHES]


def _request(derived: Derived, prediction: str, points: list[Point]) -> dict[str, Array]:
    request = {
        "batches": np.array(len(points)),
        "steps": np.array(_steps(derived)),
        "predict": np.array(bool(prediction)),
        "train": np.array(bool(derived.wrt)),
        "further": np.array([further.name for further in derived.further], str),
    }
    names = {
        "predict": derived.stated.arguments(*([prediction] if prediction else [])),
        "learn": derived.computed.arguments(
            derived.loss.name, *(a.equation.tensor.name for a in derived.gradients.values()), drawn=True
        ),
    }
    for batch, point in enumerate(points):
        for method, arguments in names.items():
            request |= {
                f"{batch}/{method}/{k}": point.given[tensor.name] for k, tensor in enumerate(arguments)
            }
        request |= {f"{batch}/size/{name}": np.array(size) for name, size in point.sizes.items()}
        for tensor in derived.stated.of_role(Role.PARAMETER):
            request[f"{batch}/parameter/{tensor.name}"] = point.given[tensor.name]
        for further in derived.further:
            directions = _directions(further, point)
            request |= {f"{batch}/{further.name} along/{name}": d for name, d in directions.items()}
    return request


def _directions(further: Further, point: Point) -> dict[str, Array]:
    """A direction for each parameter that `further` takes one of, the same whenever it is asked for."""
    rng = np.random.default_rng(STREAM)
    return {name: rng.normal(size=point.shape(tensor)) for name, tensor in further.directions.items()}


def _steps(derived: Derived) -> int:
    """How many steps are compared: none where no optimizer takes any, but a solver, which is no equation."""
    parameters = {tensor.name for tensor in derived.computed.of_role(Role.PARAMETER)}
    return STEPS if any(equation.tensor.next_of in parameters for equation in derived.updates) else 0


def _run(source: str, request: Mapping[str, Array]) -> dict[str, Array] | str:
    """What the module answers, or what went wrong."""
    with tempfile.TemporaryDirectory(prefix="symnet-verify-") as folder:
        module, asked, answered = (Path(folder) / name for name in ("module.py", "request.npz", "answer.npz"))
        module.write_text(source, encoding="utf-8")
        arrays: dict[str, Any] = dict(request)
        np.savez(asked, **arrays)
        command = [sys.executable, "-I", "-B", run_module.__file__, str(module), str(asked), str(answered)]
        try:
            done = subprocess.run(
                command,
                cwd=folder,
                env=_environment(),
                capture_output=True,
                text=True,
                timeout=TIMEOUT,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"it did not end within {TIMEOUT:g} seconds"
        if done.returncode:
            return done.stderr.strip().rpartition("\n")[2] or f"it ended with code {done.returncode}"
        with np.load(answered, allow_pickle=False) as given:
            return dict(given)


def _environment() -> dict[str, str]:
    """The environment of the fresh process: one thread, so that it costs what it must and no more."""
    return {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def _expected(
    derived: Derived, prediction: str, point: Point, batch: int, answer: Mapping[str, Array]
) -> tuple[dict[str, Array], dict[str, Array]]:
    """What the equations say for one batch; and which elements of parameters are more than rounding, here and
    in what the module answers.
    """
    expected: dict[str, Array] = {}
    if prediction:
        given = _started(point, derived.stated).given
        expected[f"{batch}/prediction"] = point.arrays(derived.stated).run(given)[prediction]
    settled: dict[str, Array] = {}
    if not derived.wrt:
        return expected, settled
    interpreter = point.arrays(derived.computed)
    given = dict(_started(point, derived.computed).given)
    values = interpreter.run(given)
    expected[f"{batch}/loss"] = values[derived.loss.name]
    for name, adjoint in derived.gradients.items():
        expected[f"{batch}/gradient/{name}"] = values[adjoint.equation.tensor.name]
    expected |= {f"{batch}/{name}": value for name, value in _further(derived, point, given)}
    clear: dict[str, Array] = {}
    for step in range(_steps(derived)):
        values = interpreter.run(given) if step else values
        theirs = f"{batch}/{step}/gradient/" if step else f"{batch}/gradient/"
        for name, found in _clear(derived, values, answer, theirs).items():
            clear[name] = clear.get(name, True) & found
        given = given | {e.tensor.next_of: values[e.tensor.name] for e in derived.updates if e.tensor.next_of}
        for tensor in derived.computed.of_role(Role.PARAMETER):
            expected[f"{batch}/{step}/parameter/{tensor.name}"] = given[tensor.name]
        settled |= {f"{batch}/{step}/parameter/{name}": mask for name, mask in clear.items()}
    return expected, settled


def _further(derived: Derived, point: Point, given: Mapping[str, Array]) -> Iterator[tuple[str, Array]]:
    """What is derived beyond the gradients, by its names in the module's answer."""
    updates = {equation.tensor.name for equation in derived.updates}
    for further in derived.further:
        program = derived.computed.without(updates)
        program = program.extended(further.equations, further.directions.values())
        along = _directions(further, point)
        moved = {tensor.name: along[name] for name, tensor in further.directions.items()}
        values = point.arrays(program).run({**given, **moved})
        for key, tensor in further.results.items():
            yield f"{further.name}/{key}", values[tensor.name]


def _clear(
    derived: Derived, values: Mapping[str, Array], answer: Mapping[str, Array], theirs: str
) -> dict[str, Array]:
    """For each gradient, which of its elements are more than the rounding of others, or zero both here and in
    the module's answer.
    """
    gradients = {name: values[a.equation.tensor.name] for name, a in derived.gradients.items()}
    largest = max(map(magnitude, gradients.values()), default=1.0)
    found = {}
    for name, gradient in gradients.items():
        other = answer.get(theirs + name, gradient).reshape(gradient.shape)
        found[name] = (np.abs(gradient) > FAINT * largest) | ((gradient == 0) & (other == 0))
    return found


def _started(point: Point, program: Program) -> Point:
    """The point with every state as it is before the first step."""
    states = {t.name: np.full(point.shape(t), t.initial) for t in program.of_role(Role.STATE)}
    return Point(point.sizes, {**point.given, **states})


def _findings(
    expected: Mapping[str, Array], settled: Mapping[str, Array], answer: Mapping[str, Array], points: int
) -> tuple[Finding, ...]:
    """One finding for each kind of answer and tensor, whatever the batch and the step."""
    kinds: dict[str, list[str]] = {}
    for name in expected:
        kinds.setdefault(name.split("/", 1)[1].lstrip("0123456789/"), []).append(name)
    gradients = [magnitude(array) for name, array in expected.items() if "/gradient/" in name]
    largest = max(gradients, default=1.0)
    found = []
    for kind, names in kinds.items():
        worst, detail = 0.0, ""
        for name in names:
            if name not in answer:
                worst, detail = float("inf"), f"the module gives no {kind.replace('/', ' ')}"
                continue
            own = magnitude(expected[name])
            scale = own if own > NOTHING * largest else largest
            given = answer[name].reshape(expected[name].shape)
            clear = settled.get(name, np.full(given.shape, True))
            worst = worse(worst, difference(given[clear], expected[name][clear], scale))
        # all of them: which are rounding alone may differ from machine to machine, and a claim must not
        compared = sum(expected[name].size for name in names)
        found.append(Finding(kind.replace("/", " "), NAME, HOW, compared, points, BOUND, worst, detail, OWN))
    return tuple(found)
