"""What a training run left, as numbers that can be kept and as a document shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from symnet.documents.outline import Results, Table
from symnet.messages import say
from symnet.training import Run

MOST_CLASSES = 20
"""A table of what was taken for what is read while there are no more classes than these."""


FACTS = {
    "epochs": say("epochs"),
    "loss": say("loss"),
    "accuracy": say("accuracy"),
    "held-out loss": say("held-out loss"),
    "held-out accuracy": say("held-out accuracy"),
    "gradient's length": say("gradient's length"),
}
"""What a document calls each of the numbers that are kept."""


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
    )


def _drawn(values: Iterable[float]) -> list[float]:
    return [float(f"{value:.5g}") for value in values]


def _numbers(values: Iterable[float]) -> str:
    return ", ".join(f"{value:.3g}" for value in values)
