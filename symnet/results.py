"""What a training run left, as numbers that can be kept and as a document shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from symnet.documents.numbers import MOST
from symnet.documents.outline import Field, Results, Sampled, Table
from symnet.equations.interpret import infer_sizes
from symnet.folders import Streamed
from symnet.index.symbols import Role
from symnet.messages import say
from symnet.pipeline import Derivation
from symnet.spec import Spec
from symnet.training import Run, new_trainer, read_data

FACTS = {
    "epochs": say("epochs"),
    "loss": say("loss"),
    "accuracy": say("accuracy"),
    "held-out loss": say("held-out loss"),
    "held-out accuracy": say("held-out accuracy"),
    "gradient's length": say("gradient's length"),
}
"""What a document calls each of the numbers that are kept."""
NEEDED = (Role.INPUT, Role.TARGET, Role.PARAMETER, Role.STATE, Role.RANDOM)
"""What must be known for a worked example."""
MOST_CLASSES = 20
"""A table of what was taken for what is read while there are no more classes than these."""


def example_of(spec: Spec, derivation: Derivation) -> dict[str, Any] | None:
    """The arrays of a worked example: samples that the specification itself holds, and the parameters with
    which training begins. None where it holds none, or where a tensor would be larger than what is shown.
    """
    if spec.data is None or not spec.data.arrays:
        return None
    program = derivation.derived.program
    data = read_data(spec, derivation.network.program)
    if isinstance(data, Streamed):
        return None
    count = min(MOST, *(len(array) for array in data.train.values() if array.ndim))
    arrays = {name: array[:count] if array.ndim else array for name, array in data.train.items()}
    trainer = new_trainer(derivation.generate("numpy"))
    trainer.initialize(derivation.network.training.seed)
    arrays |= {name: np.array(array) for name, array in trainer.parameters.items()}
    if any(tensor.name not in arrays for tensor in program.of_role(*NEEDED)):
        return None
    sizes = infer_sizes(program, arrays)
    extents = [extent.xreplace(sizes) for tensor in program.tensors.values() for extent in tensor.shape]
    flat = all(tensor.rank <= 2 for tensor in program.tensors.values())
    return arrays if flat and max(extents, default=0) <= MOST else None


def facts(run: Run) -> dict[str, Any]:
    """What a training run measured, as numbers."""
    found: dict[str, Any] = {"epochs": len(run.losses), "loss": run.train.loss}
    if run.train.accuracy is not None:
        found["accuracy"] = run.train.accuracy
    if run.test is not None:
        found |= {"held-out loss": run.test.loss, "held-out accuracy": run.test.accuracy}
    if run.gradient_norms:
        found["gradient's length"] = run.gradient_norms[-1]
    return found


def record(run: Run) -> dict[str, Any]:
    """Everything that a document shows of a training run, as JSON can hold it; what is only drawn, to five
    digits.
    """
    confusion = run.test.confusion if run.test is not None else run.train.confusion
    lengths = {"gradient norms": _drawn(run.gradient_norms)} if run.gradient_norms else {}
    return {
        "training": facts(run),
        "losses": _drawn(run.losses),
        **lengths,
        "gradients": {name: asdict(table) for name, table in run.gradients.items()},
        "plane": {} if run.plane is None else asdict(run.plane),
        "confusion": [list(row) for row in confusion] if len(confusion) <= MOST_CLASSES else [],
        "samples": [[list(row.given), list(row.wanted), list(row.predicted)] for row in run.rows],
    }


def results_of(kept: Mapping[str, Any]) -> Results:
    """What a document shows of a training run, from its record."""
    shown = [(FACTS[name], f"{value:.4g}") for name, value in kept["training"].items() if value is not None]
    rows = tuple(tuple((_numbers(part),) for part in sample) for sample in kept["samples"])
    head = say("input"), say("target"), say("prediction")
    told = say("What the trained network says of each sample")
    return Results(
        tuple(kept["losses"]),
        tuple(shown),
        tuple(map(tuple, kept["confusion"])),
        Table(head, rows, told) if rows else None,
        tuple(kept.get("gradient norms", ())),
        {name: Sampled(**_tuples(table)) for name, table in kept.get("gradients", {}).items()},
        Field(**_tuples(kept["plane"])) if kept.get("plane") else None,
    )


def _tuples(content: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a record as they were before JSON held them."""

    def tuples(value: Any) -> Any:
        return tuple(map(tuples, value)) if isinstance(value, list) else value

    return {name: tuples(value) for name, value in content.items()}


def _drawn(values: Iterable[float]) -> list[float]:
    return [float(f"{value:.5g}") for value in values]


def _numbers(values: Iterable[float]) -> str:
    return ", ".join(f"{value:.3g}" for value in values)
