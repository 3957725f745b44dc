"""The arrays that a network is trained on: read, checked against the network's shapes, prepared, and split.

NumPy only: whatever reads data need not import SymPy.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symnet.errors import DataError, nearest

Array = NDArray[Any]
Arrays = dict[str, Array]
MAX_BYTES = 4 * 1024**3
"""How much an npz may hold when it is unpacked: said before it is unpacked."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """Arrays to train on and arrays held out, by the names of inputs and targets."""

    train: Arrays
    test: Arrays  # empty where nothing is held out


def prepare(
    arrays: Mapping[str, Any],
    needed: Mapping[str, tuple[int | None, ...]],
    one_hot: Mapping[str, int] | None = None,
    scale: Mapping[str, float] | None = None,
    place: str = "data",
) -> Arrays:
    """The arrays called in `needed`, each checked against its shape (None: any extent), as float64.

    Raises DataError for an array that is missing, has the wrong number of axes or columns, holds anything but
    finite numbers, or has another number of samples than the rest.
    """
    found: Arrays = {}
    for name, shape in needed.items():
        if name not in arrays:
            raise DataError(
                f"there is no array {name}",
                place=place,
                expected=f"one of shape {_shape(shape)}",
                suggestion=nearest(name, arrays),
            )
        array = _numbers(name, arrays[name], place)
        if one_hot and name in one_hot:
            array = _one_hot(name, array, one_hot[name], place)
        if scale and name in scale:
            array = array / scale[name]
        if array.ndim != len(shape) or any(
            want not in (None, have) for want, have in zip(shape, array.shape, strict=True)
        ):
            raise DataError(
                f"{name} has the shape {_shape(array.shape)}", place=place, expected=_shape(shape)
            )
        found[name] = array
    lengths = {name: len(array) for name, array in found.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{count} in {name}" for name, count in lengths.items())
        raise DataError(
            f"the numbers of samples differ: {told}",
            place=place,
            expected="one row for each sample in every array",
        )
    return found


def _numbers(name: str, given: Any, place: str) -> Array:
    try:
        array = np.asarray(given)
        if array.dtype.kind not in "biuf":
            raise ValueError
        array = array.astype(float)
    except (ValueError, TypeError):
        raise DataError(
            f"{name} does not hold numbers in rows of one length", place=place, expected="an array of numbers"
        ) from None
    if not np.isfinite(array).all():
        where = tuple(int(k) for k in np.argwhere(~np.isfinite(array))[0])
        raise DataError(f"{name} is {array[where]} at {list(where)}", place=place, expected="finite numbers")
    return array


def _one_hot(name: str, labels: Array, classes: int, place: str) -> Array:
    flat = labels.reshape(-1)
    if (
        labels.size != len(labels)
        or (flat != flat.round()).any()
        or flat.min(initial=0) < 0
        or flat.max(initial=0) >= classes
    ):
        raise DataError(
            f"{name} does not hold labels",
            place=place,
            expected=f"whole numbers from 0 to {classes - 1}, one a sample",
        )
    rows = np.zeros((len(flat), classes))
    rows[np.arange(len(flat)), flat.astype(int)] = 1.0
    return rows


def split(arrays: Arrays, held_out: float, seed: int) -> Dataset:
    """The samples in two parts, drawn by `seed`: the share `held_out` of them, rounded, is for testing."""
    count = len(next(iter(arrays.values())))
    kept = round(count * held_out)
    if not kept:
        return Dataset(dict(arrays), {})
    order = np.random.default_rng(seed).permutation(count)
    test, train = np.sort(order[:kept]), np.sort(order[kept:])
    if not len(train):
        raise DataError("nothing is left to train on", place="data", expected="a smaller share held out")
    return Dataset({k: v[train] for k, v in arrays.items()}, {k: v[test] for k, v in arrays.items()})


def read_npz(path: str | Path) -> Arrays:
    """The arrays of an npz file. Raises DataError where it is none, is too large when unpacked, or holds
    objects.
    """
    place = str(path)
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > MAX_BYTES:
            raise DataError(f"the arrays take {size} bytes", place=place, expected=f"at most {MAX_BYTES}")
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except FileNotFoundError:
        raise DataError("there is no such file", place=place, expected="an npz file") from None
    except PermissionError:
        raise DataError("this file may not be read", place=place, expected="permission to read it") from None
    except (OSError, ValueError, zipfile.BadZipFile, EOFError) as error:
        raise DataError(
            f"this is not an npz file of numbers: {error}",
            place=place,
            expected="np.savez(path, X=..., Y=...)",
        ) from None


def _shape(shape: tuple[int | None, ...]) -> str:
    return "(" + ", ".join("N" if extent is None else str(extent) for extent in shape) + ")"
