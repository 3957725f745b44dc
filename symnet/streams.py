"""Data that are read while training goes on: a folder of shards, memory-mapped arrays, batches that a caller
makes.

The text of what is here, without annotations, becomes part of a generated module (`backends/numpy`): it
knows NumPy and the standard library, takes positional arguments, and raises ValueError.

How samples are shuffled in bounded memory. The samples lie in pieces: an npz file is one; an array that
memory maps is cut into pieces of rows. An epoch reads the pieces in an order drawn anew. The samples of each
go, in an order drawn anew, into a buffer; when it is full, a batch is drawn from it, each sample with the
same probability, and its place is free for the next ones. Where all samples fit into the buffer they are
taken into memory, and the order is that of arrays in memory: a permutation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from queue import Empty, Queue
from threading import Event, Thread
from typing import Any
from zipfile import BadZipFile, ZipFile

import numpy as np


class Field:
    """What the network takes as one of its arrays."""

    def __init__(self, name: str, shape: Any, whole: bool) -> None:
        """shape: that of a sample, with None where any size will do; None for an array that has no samples.
        whole: whether it holds whole numbers.
        """
        self.name, self.shape, self.whole = name, shape, whole


class Rows:
    """Samples in memory: an epoch takes them in an order that is drawn anew, or all at once as they are."""

    def __init__(self, arrays: Any, sampled: Any, count: int, size: Any) -> None:
        """sampled: of each array, whether its first axis is that of the `count` samples. size: samples a
        batch, all of them if None.
        """
        self.arrays, self.count, self.size = arrays, count, size
        self.draws = size is not None and size < count
        self.taken = [(k, array) for k, array in enumerate(arrays) if self.draws and sampled[k]]
        self.room = {k: np.empty((size, *array.shape[1:]), array.dtype) for k, array in self.taken}
        self.batch, self.whole = list(arrays), [arrays]

    def epoch(self, random: Any) -> Any:
        """The batches of one epoch."""
        return self.chosen(random) if self.draws else self.whole

    def chosen(self, random: Any) -> Iterator[Any]:
        """Batches in an order that is drawn."""
        order, size = random.permutation(self.count), self.size
        for start in range(0, self.count, size):
            some = order[start : start + size]
            for k, array in self.taken:  # the last batch may be a short one
                self.batch[k] = array.take(some, axis=0, out=self.room[k][: len(some)], mode="clip")
            yield self.batch


class Shard:
    """Samples that lie together: the arrays of an npz file, or some that memory maps."""

    def __init__(self, where: str, read: Callable[[], Any], heads: Any, mapped: bool) -> None:
        """read() gives the arrays, whose shapes and types are `heads`."""
        self.where, self.read, self.heads, self.mapped = where, read, heads, mapped
        self.count = heads[0][0][0] if heads[0][0] else 0


class Shards:
    """Samples of which no more than a buffer holds are in memory at a time."""

    draws = True

    def __init__(
        self, shards: Any, fields: Any, size: Any, buffer: int, finish: Callable[[Any], Any]
    ) -> None:
        """size: samples a batch. buffer: bytes of samples that are held to draw from. finish: makes the
        arrays of a step of those of some samples. Raises ValueError where the shards do not fit.
        """
        for shard in shards:
            check(shard, shards[0], fields)
        self.fields, self.size, self.finish = fields, size, finish
        sample = sum(int(np.prod(shape[1:])) * dtype.itemsize for shape, dtype in shards[0].heads)
        self.hold = max(1, buffer // max(1, sample))
        self.pieces = []
        for shard in shards:
            step = max(1, self.hold // 64) if shard.mapped else shard.count
            for start in range(0, shard.count, max(1, step)):
                self.pieces.append((shard, start, min(start + step, shard.count)))
        self.count = sum(shard.count for shard in shards)
        if self.count == 0:
            raise ValueError(f"{shards[0].where}: there are no samples")

    def read(self, piece: Any) -> Any:
        """The arrays of a piece. Raises ValueError where they are not finite."""
        shard, start, stop = piece
        try:
            arrays = [array[start:stop] for array in shard.read()]
        except Exception as error:  # whatever a damaged file leads to
            raise ValueError(f"{shard.where}: this cannot be read: {error}") from None
        for field, array in zip(self.fields, arrays, strict=True):
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                raise ValueError(
                    f"{shard.where}, samples {start} to {stop - 1}: {field.name} holds values that are not "
                    "finite numbers (NaN or infinity)"
                )
        return arrays

    def whole(self) -> Any:
        """All samples, in the order in which they lie."""
        parts = [self.read(piece) for piece in self.pieces]
        return [np.concatenate([part[k] for part in parts]) for k in range(len(self.fields))]

    def epoch(self, random: Any) -> Any:
        """The batches of one epoch, read ahead. Raises ValueError without their size."""
        if self.size is None:
            raise ValueError(
                f"batch_size must be given, for {self.count} samples are more than the buffer holds"
            )
        return ahead(self.drawn(np.random.default_rng(random.integers(2**63))), 2)

    def drawn(self, random: Any) -> Any:
        """Batches that are drawn from a buffer."""
        size, hold = self.size, max(self.hold, 2 * self.size)
        held: list[Any] = []
        filled = 0
        for number in random.permutation(len(self.pieces)):
            arrays = self.read(self.pieces[number])
            if not held:
                held = [np.empty((hold, *array.shape[1:]), array.dtype) for array in arrays]
            rows = random.permutation(len(arrays[0]))
            while len(rows):
                some, rows = rows[: hold - filled], rows[hold - filled :]
                for buffer, array in zip(held, arrays, strict=True):
                    array.take(some, axis=0, out=buffer[filled : filled + len(some)], mode="clip")
                filled += len(some)
                if filled == hold:
                    some = random.choice(hold, size, replace=False)
                    yield self.finish([buffer.take(some, axis=0) for buffer in held])
                    filled -= size
                    free, last = some[some < filled], np.setdiff1d(np.arange(filled, hold), some)
                    for buffer in held:
                        buffer[free] = buffer[last]
        order = random.permutation(filled)
        for start in range(0, filled, size):
            yield self.finish([buffer.take(order[start : start + size], axis=0) for buffer in held])


class Batches:
    """Batches that a caller makes: each is one step, as it is."""

    draws = False

    def __init__(self, make: Callable[[], Any], fields: Any) -> None:
        """make() gives those of one epoch."""
        self.make, self.fields = make, fields

    def epoch(self, random: Any) -> Any:
        """The batches of one epoch, read ahead."""
        return ahead(self.checked(self.make()), 2)

    def checked(self, batches: Any) -> Any:
        """The batches as the arrays of a step. Raises ValueError for one that is none."""
        names = [field.name for field in self.fields]
        for number, batch in enumerate(batches):
            arrays = [batch] if hasattr(batch, "shape") else list(batch)
            if len(arrays) != len(names):
                raise ValueError(f"batch {number + 1} has {len(arrays)} arrays, not {', '.join(names)}")
            arrays = [np.asarray(array) for array in arrays]
            for name, array in zip(names, arrays, strict=True):
                if array.dtype.kind == "f" and not np.isfinite(array).all():
                    raise ValueError(
                        f"batch {number + 1}: {name} holds values that are not finite numbers "
                        "(NaN or infinity)"
                    )
            yield arrays


def check(shard: Shard, first: Shard, fields: Any) -> None:
    """Raise ValueError unless the arrays of a shard are what the network takes, and as those of the first."""
    for field, (shape, dtype), (right, kind) in zip(fields, shard.heads, first.heads, strict=True):
        wanted = field.shape
        if wanted is None:
            raise ValueError(
                f"{shard.where}: {field.name} has no axis of samples, so that no shard can hold it"
            )
        if len(shape) != len(wanted) + 1 or any(
            want not in (None, have) for want, have in zip(wanted, shape[1:], strict=True)
        ):
            words = ", ".join(["N", *("any" if extent is None else str(extent) for extent in wanted)])
            raise ValueError(f"{shard.where}: {field.name} must have the shape ({words}), but it has {shape}")
        if dtype.kind not in ("iub" if field.whole else "iubf"):
            what = "whole numbers" if field.whole else "numbers"
            raise ValueError(f"{shard.where}: {field.name} must hold {what}, not {dtype}")
        if shape[0] != shard.count:
            raise ValueError(
                f"{shard.where}: {field.name} has {shape[0]} samples, but {fields[0].name} has {shard.count}"
            )
        if (shape[1:], dtype) != (right[1:], kind):
            raise ValueError(
                f"{shard.where}: a sample of {field.name} is {shape[1:]} of {dtype}, "
                f"but in {first.where} it is {right[1:]} of {kind}"
            )


def ahead(batches: Any, depth: int) -> Any:
    """The same batches, the next few of which a thread makes while the caller works with the last one.

    What goes wrong in the thread is raised here. The thread ends when the caller closes this generator.
    """
    made: Queue[Any] = Queue(depth)
    ended = Event()

    def read() -> None:
        error = None
        try:
            for batch in batches:
                if ended.is_set():
                    break
                made.put((batch, None))
        except BaseException as caught:
            error = caught
        finally:
            if hasattr(batches, "close"):
                batches.close()
        made.put((None, error))

    thread = Thread(target=read, daemon=True)
    thread.start()
    try:
        while True:
            batch, error = made.get()
            if error is not None:
                raise error
            if batch is None:
                return
            yield batch
    finally:
        ended.set()
        for _ in range(500):  # five seconds at most, for a batch may never come
            if not thread.is_alive():
                break
            with suppress(Empty):
                made.get(timeout=0.01)  # so that there is room for what it has made


def source_of(given: Any, fields: Any, dtype: Any, size: Any, buffer: int) -> Any:
    """What an epoch is read from; or a list of arrays, where what is given is in memory or fits into the
    buffer.

    given: arrays; or, the others being None, a folder, an iterable of batches, a function that makes one; or
    what has a method epoch(random) that gives the batches of one epoch, and says in `draws` whether it draws
    an order from `random`.
    """
    first, others, names = given[0], given[1:], [field.name for field in fields]
    alone = all(other is None for other in others)
    if hasattr(first, "epoch"):
        return first
    sampled = [field for field in fields if field.shape is not None]

    def finish(arrays: Any) -> Any:
        of_samples = iter(arrays)
        whole = [
            array if field.shape is None else next(of_samples)
            for field, array in zip(fields, given, strict=True)
        ]
        return [
            array if field.whole else np.asarray(array, dtype, order="C")
            for field, array in zip(fields, whole, strict=True)
        ]

    if isinstance(first, (str, Path)):
        shards = Shards(shards_of(first, names), fields, size, buffer, finish)
    elif any(isinstance(array, np.memmap) for array in given):
        arrays = [array for field, array in zip(fields, given, strict=True) if field.shape is not None]
        arrays = [array if isinstance(array, np.ndarray) else np.asarray(array) for array in arrays]
        heads = [(array.shape, array.dtype) for array in arrays]
        shard = Shard("the arrays that are memory-mapped", lambda: arrays, heads, True)
        shards = Shards([shard], sampled, size, buffer, finish)
    elif alone and callable(first):
        return Batches(first, fields)
    elif alone and hasattr(first, "__iter__") and not hasattr(first, "shape"):
        if others or not isinstance(first, (list, tuple)):
            return Batches(lambda: iter(first), fields)
        return given
    elif any(other is None for other in others):
        raise ValueError(
            f"these are the data: {', '.join(names)}; or, in place of all, a folder or batches of them"
        )
    else:
        return given
    return finish(shards.whole()) if shards.count <= shards.hold else shards


def shards_of(folder: Any, names: Any) -> Any:
    """The shards in a folder: npz files, each with every array; or npy files of one array each, called
    NAME.npy, or NAME-KEY.npy for several shards. They are those whose files or keys are the lines of
    shards.txt, or all, by name.

    Raises ValueError where there are none, where one is missing, and where one holds anything but numbers.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ValueError(f"{folder}: there is no such folder of shards")
    files = sorted(path.name for path in folder.iterdir())
    starts = (f"{names[0]}-", f"{names[0]}.npy")
    listed = [name for name in files if name.endswith(".npz")]
    listed += [
        name[len(names[0]) : -4] for name in files if name.endswith(".npy") and name.startswith(starts)
    ]
    if "shards.txt" in files:
        lines = (folder / "shards.txt").read_text(encoding="utf-8").split("\n")
        listed = [
            line.strip() if line.strip().endswith(".npz") else f"-{line.strip()}"
            for line in lines
            if line.strip()
        ]
    if not listed:
        raise ValueError(f"{folder} holds no shards: files .npz with {', '.join(names)}, or {names[0]}.npy")
    found = []
    for each in listed:
        if Path(each).name != each:
            raise ValueError(f"{folder / 'shards.txt'}: {each} is no name of a file")
        packed = each.endswith(".npz")
        paths = [folder / each] if packed else [folder / f"{name}{each}.npy" for name in names]
        try:
            found.append(packed_shard(paths[0], names) if packed else mapped_shard(paths))
        except FileNotFoundError as error:
            raise ValueError(f"{error.filename}: there is no such file") from None
        except (OSError, BadZipFile, EOFError, RuntimeError) as error:
            raise ValueError(f"{paths[0]}: this is no file of arrays: {error}") from None
    return found


def packed_shard(path: Any, names: Any) -> Shard:
    """The shard in an npz file, of which no more than the heads are read."""
    heads = []
    with ZipFile(path) as archive:
        inside = archive.namelist()
        for name in names:
            if f"{name}.npy" not in inside:
                has = ", ".join(entry.removesuffix(".npy") for entry in inside)
                raise ValueError(f"{path} has no array {name}; it has {has}")
            with archive.open(f"{name}.npy") as file:
                heads.append(head(path, file))

    def read() -> Any:
        with np.load(path, allow_pickle=False) as arrays:
            return [arrays[name] for name in names]

    return Shard(str(path), read, heads, False)


def mapped_shard(paths: Any) -> Shard:
    """The shard in npy files, which memory maps."""
    heads = []
    for path in paths:
        with path.open("rb") as file:
            heads.append(head(path, file))

    maps: list[Any] = []

    def read() -> Any:
        if not maps:  # they stay, for a shard is read piece by piece
            maps.extend(np.load(path, mmap_mode="r", allow_pickle=False) for path in paths)
        return maps

    return Shard(str(paths[0]), read, heads, True)


def head(path: Any, file: Any) -> Any:
    """The shape and the type of the array in an npy file. Raises ValueError where it is none."""
    try:
        version = np.lib.format.read_magic(file)
        read = (
            np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        )
        shape, _, dtype = read(file)
    except ValueError as error:
        raise ValueError(f"{path}: this is no file of arrays: {error}") from None
    return shape, dtype


PARTS = (
    Field,
    Rows,
    Shard,
    Shards,
    Batches,
    check,
    ahead,
    source_of,
    shards_of,
    packed_shard,
    mapped_shard,
    head,
)
"""What a generated module has of this."""
