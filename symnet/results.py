"""What a training run left, as a document shows it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from symnet.documents.outline import Results, Table
from symnet.training import Run


def facts(run: Run) -> dict[str, Any]:
    """What a training run measured, as numbers."""
    found: dict[str, Any] = {"epochs": len(run.losses), "loss": run.train.loss}
    if run.train.accuracy is not None:
        found["accuracy"] = run.train.accuracy
    if run.test is not None:
        found |= {"held-out loss": run.test.loss, "held-out accuracy": run.test.accuracy}
    return found


def results_of(run: Run) -> Results:
    """What a document shows of a training run."""
    shown = [(name, f"{value:.4g}") for name, value in facts(run).items() if value is not None]
    confusion = run.test.confusion if run.test is not None else run.train.confusion
    table = None
    if run.rows:
        cells = tuple(
            ((_numbers(r.given),), (_numbers(r.wanted),), (_numbers(r.predicted),)) for r in run.rows
        )
        table = Table(
            ("input", "target", "prediction"), cells, "What the trained network says of each sample"
        )
    return Results(run.losses, tuple(shown), confusion, table)


def _numbers(values: Iterable[float]) -> str:
    return ", ".join(f"{value:.3g}" for value in values)
