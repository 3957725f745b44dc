"""A folder of shards as the data of a specification: prepared batch by batch, in two parts.

What reads it is what a generated module reads by (`streams.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from symnet.data import Array, Arrays, Shape
from symnet.errors import DataError
from symnet.streams import Field, Shards, shards_of

BUFFER = 2**27
"""Bytes of samples that are held in memory, to be shuffled; what is no larger is read as a file is."""


@dataclass(frozen=True, slots=True)
class Streamed:
    """Samples to train on and samples held out, of which few are in memory at a time."""

    train: Shards
    test: Shards | None  # where none are held out


def open_folder(
    folder: Path,
    needed: dict[str, Shape],
    whole: Collection[str],
    changed: Collection[str],
    prepared: Callable[[Arrays], Arrays],
    size: int | None,
) -> Shards | Arrays:
    """The samples in a folder, or their arrays as they are where they fit into memory.

    `needed` are the arrays with their shapes, of which those called in `whole` hold whole numbers; `prepared`
    makes of the arrays in the files what the network takes, and gives those in `changed` another shape or
    type. `size` is that of a batch. Raises DataError.
    """
    try:
        shards = shards_of(folder, list(needed))
        heads = [shape for shape, _ in shards[0].heads]
        fields = []
        for (name, shape), head in zip(needed.items(), heads, strict=True):
            sample = head[1:] if name in changed else [e if isinstance(e, int) else None for e in shape[1:]]
            fields.append(
                Field(name, tuple(sample) if shape else None, name in whole and name not in changed)
            )

        def finish(arrays: Sequence[Array]) -> list[Array]:
            return list(prepared(dict(zip(needed, arrays, strict=True))).values())

        found = Shards(shards, fields, size, BUFFER, finish)
        return dict(zip(needed, found.whole(), strict=True)) if found.count <= found.hold else found
    except ValueError as error:
        raise DataError(
            str(error), place=str(folder), expected="shards, see docs/data.md: npz files, or NAME-KEY.npy"
        ) from None


def parted(shards: Shards, held_out: float, seed: int) -> Streamed:
    """The samples in two parts: pieces drawn by `seed`, with the share `held_out` or a little more, are for
    testing. Raises DataError where none are left.
    """
    if not held_out:
        return Streamed(shards, None)
    first, second, left = copy(shards), copy(shards), held_out * shards.count
    first.pieces, second.pieces = [], []
    for number in np.random.default_rng(seed).permutation(len(shards.pieces)):
        part = second if left > 0 else first
        part.pieces.append(shards.pieces[number])
        left -= shards.pieces[number][2] - shards.pieces[number][1]
    for part in (first, second):
        part.count = sum(stop - start for _, start, stop in part.pieces)
    if not first.count:
        raise DataError(
            "nothing is left to train on", place="data", expected="more shards, or a smaller share held out"
        )
    return Streamed(first, second)


def taking(shards: Shards, names: Sequence[str]) -> Shards:
    """The same samples, with the arrays called so in their batches, in this order."""
    found, places = copy(shards), {field.name: k for k, field in enumerate(shards.fields)}

    def finish(arrays: Sequence[Array]) -> list[Array]:
        batch = shards.finish(arrays)
        return [batch[places[name]] for name in names]

    found.finish = finish
    return found


def in_order(shards: Shards) -> Iterator[list[Any]]:
    """Batches of the samples in the order in which they lie, each within one piece."""
    for piece in shards.pieces:
        arrays = shards.read(piece)
        for start in range(0, len(arrays[0]), shards.size):
            yield shards.finish([array[start : start + shards.size] for array in arrays])
