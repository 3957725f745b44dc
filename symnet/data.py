"""The arrays that a network is trained on: read, checked against the network's shapes, prepared, and split.

NumPy only: whatever reads data need not import SymPy.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symnet.errors import DataError, nearest
from symnet.files import write_atomically

Array = NDArray[Any]
Arrays = dict[str, Array]
MAX_BYTES = 4 * 1024**3
"""How much an npz may hold when it is unpacked: said before it is unpacked."""


Shape = tuple[int | str | None, ...]
"""A number for each axis, or the name of a size that several axes share, or None where any number will do."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """Arrays to train on and arrays held out, by the names of inputs and targets."""

    train: Arrays
    test: Arrays  # empty where nothing is held out


def prepare(  # noqa: PLR0913
    arrays: Mapping[str, Any],
    needed: Mapping[str, Shape],
    *,
    whole: Collection[str] = (),
    one_hot: Mapping[str, int] | None = None,
    scale: Mapping[str, float] | None = None,
    reshape: Mapping[str, Collection[int]] | None = None,
    labels: Collection[str] = (),
    place: str = "data",
) -> Arrays:
    """The arrays called in `needed`, each checked against its shape: float64, or whole numbers where it is
    called in `whole`. `reshape` says what a sample's numbers are laid out as; whole numbers called in
    `labels` may be -1, where a sample has none.

    Raises DataError for an array that is missing, has the wrong number of axes or columns, holds anything but
    finite numbers, or disagrees with another one about a size.
    """
    found: Arrays = {}
    sizes: dict[str, tuple[int, str]] = {}  # with the array that each was read off
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
        if reshape and name in reshape:
            array = _reshaped(name, array, tuple(reshape[name]), place)
        if name in whole:
            array = _whole(name, array, place, least=-1 if name in labels else 0)
        _fits(name, array, shape, sizes, place)
        found[name] = array
    return found


def _fits(name: str, array: Array, shape: Shape, sizes: dict[str, tuple[int, str]], place: str) -> None:
    """Raises DataError unless `array` has the shape, with the sizes that other arrays gave."""
    given = _shape(array.shape)
    if array.ndim != len(shape) or any(
        isinstance(want, int) and want != have for want, have in zip(shape, array.shape, strict=True)
    ):
        raise DataError(f"{name} has the shape {given}", place=place, expected=_shape(shape))
    if not array.size:
        raise DataError(f"{name} is empty", place=place, expected=f"numbers in the shape {_shape(shape)}")
    for want, have in zip(shape, array.shape, strict=True):
        if isinstance(want, str):
            size, source = sizes.setdefault(want, (have, name))
            if size != have:
                raise DataError(
                    f"{name} has the shape {given}: {want} is {have} there but {size} in {source}",
                    place=place,
                    expected=f"{want} = {size} in both",
                )


def _numbers(name: str, given: Any, place: str) -> Array:
    try:
        array = np.asarray(given)
        if array.dtype.kind not in "biuf":
            raise ValueError
        array = array.astype(float)
    except (ValueError, TypeError, OverflowError):
        raise DataError(
            f"{name} does not hold numbers in rows of one length", place=place, expected="an array of numbers"
        ) from None
    if not np.isfinite(array).all():
        where = tuple(int(k) for k in np.argwhere(~np.isfinite(array))[0])
        raise DataError(f"{name} is {array[where]} at {list(where)}", place=place, expected="finite numbers")
    return array


def _reshaped(name: str, array: Array, sample: tuple[int, ...], place: str) -> Array:
    count = int(np.prod(sample))
    have = array.size // max(len(array), 1) if array.ndim else 1
    if not array.ndim or have != count:
        raise DataError(
            f"a sample of {name} has {have} numbers, and {_shape(sample)} are {count}",
            place=place,
            expected=f"reshape = {{ {name} = ... }} of as many",
        )
    return array.reshape(len(array), *sample)


def _whole(name: str, array: Array, place: str, least: int) -> Array:
    if (array != array.round()).any() or (array < least).any():
        raise DataError(
            f"{name} holds more than whole numbers from {least} on", place=place, expected="0, 1, 2, ..."
        )
    return array.astype(np.intp)


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


def split(arrays: Arrays, held_out: float, seed: int, samples: Collection[str]) -> Dataset:
    """The samples in two parts, drawn by `seed`: the share `held_out` of them, rounded, is for testing.

    The arrays called in `samples` have one row a sample; the others belong to both parts whole.
    """
    count = len(arrays[next(iter(samples))]) if samples else 0
    kept = round(count * held_out)
    if not kept:
        return Dataset(dict(arrays), {})
    if kept == count:
        raise DataError("nothing is left to train on", place="data", expected="a smaller share held out")
    order = np.random.default_rng(seed).permutation(count)

    def part(rows: Array) -> Arrays:
        return {name: array[rows] if name in samples else array for name, array in arrays.items()}

    return Dataset(part(np.sort(order[kept:])), part(np.sort(order[:kept])))


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


def _shape(shape: Shape) -> str:
    inside = ", ".join("any" if extent is None else str(extent) for extent in shape)
    return f"({inside},)" if len(shape) == 1 else f"({inside})"


def write_npz(path: str | Path, arrays: Mapping[str, Array]) -> Path:
    """Writes the arrays to an npz file, whole or not at all. Raises SymnetError where that is not allowed."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w") as member:
                np.lib.format.write_array(member, np.asarray(array), allow_pickle=False)
    return write_atomically(path, content.getvalue())
