"""What is drawn of a trained network: its gradients where training ended, and what it says over the plane of
its inputs where there are two.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from symnet.data import Array, Arrays
from symnet.documents.outline import Field, Sampled

SAMPLES, DRAWN = 256, 200
"""So many samples the gradients are taken of, and so many are drawn, at most."""
MAPS, SIDE = 8, 24
"""So many gradients are kept, with at most so many rows and columns."""
GRID, AROUND = 49, 0.25
"""The points of a grid along each side, and how much wider than the samples it is, in parts of their span."""


def slopes(trainer: Any, names: Sequence[str], data: Arrays) -> dict[str, Sampled]:
    """The gradients of the first samples, by parameter: those of matrices before those of vectors."""
    arrays = [data[name] for name in names]
    count = next((len(array) for array in arrays if array.ndim), 0)
    taken = [array[:SAMPLES] if array.ndim and len(array) == count else array for array in arrays]
    found = {name: np.asarray(array) for name, array in trainer.gradients(*taken).items()}
    ranked = sorted((name for name, array in found.items() if array.ndim), key=lambda n: found[n].ndim < 2)
    return {name: sampled(found[name]) for name in found if name in ranked[:MAPS]}


def sampled(array: Array) -> Sampled:
    """An array as a table: its last axis is along a row. Of what is larger each entry stands for a block, and
    is the one that is furthest from zero.
    """
    table = array.reshape(-1, array.shape[-1]).astype(float)
    for axis in (0, 1):
        parts = np.array_split(table, min(SIDE, table.shape[axis]), axis=axis)
        table = np.stack([_furthest(part, axis) for part in parts], axis=axis)
    rows = tuple(tuple(float(f"{value:.3g}") for value in row) for row in table.tolist())
    return Sampled(tuple(array.shape), rows)


def _furthest(part: Array, axis: int) -> Array:
    places = np.expand_dims(np.abs(part).argmax(axis=axis), axis)
    return np.take_along_axis(part, places, axis).squeeze(axis)


def plane(trainer: Any, inputs: Sequence[str], names: Sequence[str], data: Arrays) -> Field | None:
    """What the network says over the plane of its inputs; None where it has not two, or tells no classes."""
    targets = [name for name in names if name not in inputs]
    if len(inputs) != 1 or len(targets) != 1 or data[inputs[0]].shape[1:] != (2,):
        return None
    points = np.asarray(data[inputs[0]], dtype=float)
    classes, middle = _classes(data[targets[0]])
    if classes is None:
        return None
    low, high = points.min(axis=0), points.max(axis=0)
    wider = AROUND * np.where(high > low, high - low, 1.0)
    axes = np.linspace(low - wider, high + wider, GRID).T
    places = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
    said = np.asarray(trainer.predict(places), dtype=float).reshape(len(places), -1)
    if not np.isfinite(said).all():
        return None
    grids = [tuple(map(tuple, grid.reshape(GRID, GRID).round(3).tolist())) for grid in _told(said, middle)]
    shown = zip(*points[:DRAWN].T.tolist(), classes[:DRAWN].tolist(), strict=True)
    (left, right), (bottom, top) = ((float(ends[0]), float(ends[-1])) for ends in axes)
    name = inputs[0]
    return Field((f"{name}[n,0]", f"{name}[n,1]"), (left, right), (bottom, top), tuple(grids), tuple(shown))


def _classes(wanted: Array) -> tuple[Array | None, float]:
    """The class of each sample, and what number parts two classes that one output tells."""
    flat = wanted.reshape(len(wanted), -1)
    values = set(np.unique(flat).tolist())
    if wanted.dtype.kind == "i" and wanted.ndim == 1:
        return flat[:, 0], 0.5
    if flat.shape[1] > 1:
        is_row = values <= {0.0, 1.0} and bool((flat.sum(axis=1) == 1).all())
        return (flat.argmax(axis=1) if is_row else None), 0.5
    for low in (0.0, -1.0):
        if values <= {low, 1.0}:
            return (flat[:, 0] > (low + 1) / 2).astype(int), (low + 1) / 2
    return None, 0.0


def _told(said: Array, middle: float) -> list[Array]:
    """How far each answer is on the side of a class, from -1 to 1."""
    if said.shape[1] == 1:
        apart = [said[:, 0] - middle]
    else:
        others = [np.delete(said, k, axis=1).max(axis=1) for k in range(said.shape[1])]
        apart = [said[:, k] - other for k, other in enumerate(others)]
    largest = max(float(np.abs(grid).max()) for grid in apart) or 1.0
    return [grid / largest for grid in apart]
