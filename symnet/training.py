"""Training: a generated module at work on the data of a specification, and what came of it.

The module is loaded from a file as any other would be; what it is asked is what its own command line asks.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from sympy import Integer

from symnet.backends.numpy.load import load
from symnet.data import Array, Arrays, Dataset, Shape, prepare, read_npz, split
from symnet.displays import picture, table
from symnet.documents.charts import curve
from symnet.documents.outline import Field, Sampled
from symnet.equations.program import Program
from symnet.errors import DataError, MissingToolError, SpecError, SymnetError, nearest
from symnet.folders import Streamed, in_order, open_folder, parted, taking
from symnet.graph import LOSS
from symnet.index.symbols import Role, Size, Tensor
from symnet.network import Training
from symnet.processes import Processes
from symnet.registry import solver
from symnet.spec import Spec
from symnet.streams import Shards
from symnet.surveys import plane, slopes

Progress = Callable[[int, float, float | None], object]
"""Called after each epoch with its number, its mean loss and nothing."""
MANY = 16
"""More samples than these are not written out one by one."""


@dataclass(frozen=True, slots=True)
class Score:
    """How a network does on some samples."""

    samples: int
    loss: float
    accuracy: float | None = None  # the share that is told right; None where the targets are no classes
    # of each true class (rows) how many were taken for each class (columns); empty where there are no classes
    confusion: tuple[tuple[int, ...], ...] = ()

    def cells(self) -> tuple[str, str, str]:
        """Samples, loss and accuracy in words."""
        told = "" if self.accuracy is None else f"{self.accuracy:.4f}"
        return str(self.samples), f"{self.loss:.6g}", told


@dataclass(frozen=True, slots=True)
class Row:
    """One sample: what goes in, what should come out, what does."""

    given: tuple[float, ...]
    wanted: tuple[float, ...]
    predicted: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """What a training run left."""

    losses: tuple[float, ...]  # the mean loss of each epoch; empty where nothing is trained
    train: Score
    test: Score | None
    rows: tuple[Row, ...]  # the samples trained on, where there are few
    trainer: Any  # the generated Trainer, with its parameters
    gradient_norms: tuple[float, ...] = ()  # the length of the gradient with each loss, where a solver trains
    gradients: Mapping[str, Sampled] = field(default_factory=dict)  # where training ended
    plane: Field | None = None  # what the network says where it has two inputs

    def __str__(self) -> str:
        lines = [f"{len(self.losses)} epochs" if self.losses else "nothing is trained in this network"]
        if self.gradient_norms:
            lines[0] += f", the gradient's length at the end {self.gradient_norms[-1]:.3g}"
        for what, score in (("trained on", self.train), ("held out", self.test)):
            if score is not None:
                told = "" if score.accuracy is None else f", accuracy {score.accuracy:.4f}"
                lines.append(f"{score.samples} samples {what}: loss {score.loss:.6g}{told}")
        for row in self.rows:
            given, predicted, wanted = map(_numbers, (row.given, row.predicted, row.wanted))
            lines.append(f"  {given} -> {predicted} (target {wanted})")
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        drawn = picture(curve(self.losses)) if self.losses else ""
        scores = (("trained on", self.train), ("held out", self.test))
        cells = [(what, *score.cells()) for what, score in scores if score is not None]
        rows = [tuple(map(_numbers, (row.given, row.wanted, row.predicted))) for row in self.rows]
        samples = table(("input", "target", "prediction"), rows) if rows else ""
        return drawn + table(("", "samples", "loss", "accuracy"), cells) + samples


def _numbers(values: Sequence[float]) -> str:
    return " ".join(f"{value:.4g}" for value in values)


def read_data(spec: Spec, program: Program, seed: int | None = None) -> Dataset | Streamed:
    """The arrays that `program` takes, as its specification gives them, in two parts; read while training
    goes on, where they are in a folder and do not fit in memory.

    Raises DataError and SpecError.
    """
    data, place = spec.data, f"{spec.path}, [data]"
    if data is None:
        raise SpecError("the specification names no data", place=str(spec.path), expected="a section [data]")
    wanted = arguments(program, *program.defining)
    for key in (*data.arrays, *data.one_hot, *data.scale, *data.reshape):
        if key not in wanted:
            raise SpecError(
                f"the network takes no array {key}",
                place=place,
                expected=", ".join(wanted),
                suggestion=nearest(key, wanted),
            )
    shapes = {name: _extents(tensor, program.values) for name, tensor in wanted.items()}
    whole = [name for name, tensor in wanted.items() if tensor.integer]
    prepared = partial(
        prepare,
        needed=shapes,
        whole=whole,
        one_hot=data.one_hot,
        scale=data.scale,
        reshape=data.reshape,
        labels=[name for name, tensor in wanted.items() if tensor.role == Role.TARGET],
        place=place,
    )
    training = spec.network.training
    seed = training.seed if seed is None else seed
    given: Any = data.arrays
    if data.file:
        given = read_npz(data.file)
    elif data.folder:
        changed = {*data.one_hot, *data.scale, *data.reshape, *whole}
        given = open_folder(data.folder, shapes, whole, changed, prepared, training.batch_size)
        if isinstance(given, Shards):
            if training.batch_size is None:
                raise SpecError(
                    "the data do not fit in memory, and each step would take all of them",
                    place=f"{spec.path}, [training]",
                    expected="batch_size = 64 or another number",
                )
            return parted(given, data.held_out, seed)
    arrays = prepared(given)
    ranked = [tensor for tensor in wanted.values() if tensor.rank]
    samples = [tensor.name for tensor in ranked if tensor.shape[0] == ranked[0].shape[0]]
    return split(arrays, data.held_out, seed, samples)


def arguments(program: Program, *results: str) -> dict[str, Tensor]:
    """The data that the tensors `results` are computed from, by name: inputs, then targets. In this order
    the methods of a generated module take them.
    """
    return {tensor.name: tensor for tensor in program.arguments(*results)}


def _extents(tensor: Tensor, values: Mapping[str, float]) -> Shape:
    """The shape with what is known put in; an expression of unknown sizes may be any number."""
    known = {Size(name): Integer(int(value)) for name, value in values.items() if float(value).is_integer()}
    put_in = [extent.xreplace(known) for extent in tensor.shape]
    return tuple(int(e) if e.is_Integer else e.name if isinstance(e, Size) else None for e in put_in)


def train(  # noqa: PLR0913 - a program, what it learns from, and how
    source: str,
    program: Program,
    prediction: str,
    data: Dataset | Streamed,
    training: Training,
    progress: Progress | None = None,
    checkpoint: Path | None = None,
    processes: Processes | None = None,
) -> Run:
    """Trains with the module whose text is `source`, from parameters drawn by the seed of `training`; with
    `processes` a module that can share the work, and that writes checkpoints.

    A network that has nothing to train is only run. With a `checkpoint`, training goes on from that file, and
    keeps in it how far it is. Raises DataError where the loss is not finite, SpecError where a size of the
    network is not known, MissingToolError where the module needs what is not installed, and ProcessError
    where one of several processes ended before its time.
    """
    if checkpoint and solver(training.optimizer):
        raise SpecError(
            f"{training.optimizer} keeps no checkpoint",
            place="training",
            expected="an optimizer, such as adam",
        )
    trainer = new_trainer(source)
    trainer.initialize(training.seed)
    inputs = tuple(arguments(program, prediction)) if prediction else ()
    names = tuple(arguments(program, LOSS, *inputs))
    losses: list[float] = []
    try:
        if hasattr(trainer, "fit"):
            if processes is not None and processes.count > 1:
                if isinstance(data, Streamed):
                    raise SpecError("several processes take arrays in memory", place="training")
                arrays = {name: data.train[name] for name in names}
                reached, losses, removed = processes.fit(source, arrays, training, progress)
                with removed:
                    trainer.load(reached)
            else:
                losses = _fitted(trainer, names, data, training, progress, checkpoint, processes)
        scores, rows = _scores(trainer, inputs, names, data)
        seen = _surveyed(trainer, inputs, names, data)
    except ValueError as error:
        raise DataError(str(error), place="training") from None
    except ImportError as error:
        raise SymnetError(str(error), place="training") from None
    norms = tuple(getattr(trainer, "gradient_norms", ()))
    return Run(tuple(losses), scores[0], scores[1] if len(scores) > 1 else None, rows, trainer, norms, *seen)


def _surveyed(
    trainer: Any, inputs: Sequence[str], names: Sequence[str], data: Dataset | Streamed
) -> tuple[Mapping[str, Sampled], Field | None]:
    """What is drawn of the network, where its samples are in memory."""
    if isinstance(data, Streamed):
        return {}, None
    gradients = slopes(trainer, names, data.train) if hasattr(trainer, "gradients") else {}
    return gradients, plane(trainer, inputs, names, data.train) if inputs else None


def _scores(
    trainer: Any, inputs: Sequence[str], names: Sequence[str], data: Dataset | Streamed
) -> tuple[list[Score], tuple[Row, ...]]:
    """How the network does on the samples trained on and on those held out, and the former, if few."""
    if isinstance(data, Streamed):
        parts = [part for part in (data.train, data.test) if part]
        return [_streamed_score(trainer, inputs, names, part) for part in parts], ()
    outcomes = [_outcome(trainer, inputs, names, part) for part in (data.train, data.test) if part]
    scores = [_score(outcome) for outcome in outcomes]
    return scores, _rows(data.train, inputs, outcomes[0]) if scores[0].samples <= MANY else ()


def _streamed_score(trainer: Any, inputs: Sequence[str], names: Sequence[str], shards: Shards) -> Score:
    """The score of samples that are read batch by batch: losses weighted by samples, as `fit` does; what is
    right is told only where there are several classes.
    """
    batches = (dict(zip(names, batch, strict=True)) for batch in in_order(taking(shards, names)))
    scores = [_score(_outcome(trainer, inputs, names, batch)) for batch in batches]
    samples = sum(score.samples for score in scores)
    loss = sum(score.loss * score.samples for score in scores) / samples
    if not all(score.confusion for score in scores):
        return Score(samples, loss)
    counts = np.sum([score.confusion for score in scores], axis=0)
    return Score(samples, loss, float(np.trace(counts) / counts.sum()), tuple(map(tuple, counts.tolist())))


def _fitted(
    trainer: Any,
    names: Sequence[str],
    data: Dataset | Streamed,
    training: Training,
    progress: Progress | None,
    checkpoint: Path | None,
    processes: Processes | None,
) -> list[float]:
    """The losses of training in this process."""
    if isinstance(data, Streamed):
        given: list[Any] = [taking(data.train, names)]
    else:
        given = [data.train[name] for name in names]
    options: dict[str, Any] = {"epochs": training.epochs, "callback": progress}
    if not solver(training.optimizer):
        options |= {"batch_size": training.batch_size, "seed": training.seed, "checkpoint": checkpoint}
    if processes is not None and processes.checkpoint is not None:
        options |= {"checkpoint": processes.checkpoint, "checkpoint_every": processes.every}
    losses: list[float] = trainer.fit(*given, **options)
    return losses


@dataclass(frozen=True, slots=True)
class _Outcome:
    samples: int
    loss: float
    # One row a sample, or a label where a sample has several. None where nothing is predicted for one target.
    predicted: Array | None
    wanted: Array | None


def _outcome(trainer: Any, inputs: Sequence[str], names: Sequence[str], part: Arrays) -> _Outcome:
    samples = next((len(part[name]) for name in names if part[name].ndim), 1)
    loss = float(trainer.loss(*(part[name] for name in names)))
    targets = [part[name] for name in names if name not in inputs]
    if not inputs or len(targets) != 1:
        return _Outcome(samples, loss, None, None)
    predicted = trainer.predict(*(part[name] for name in inputs))
    if targets[0].dtype.kind == "i" and predicted.shape[:-1] == targets[0].shape:
        counted = targets[0].reshape(-1) >= 0  # a label of -1 is none
        rows = predicted.reshape(-1, predicted.shape[-1])[counted]
        return _Outcome(samples, loss, rows, np.eye(rows.shape[1])[targets[0].reshape(-1)[counted]])
    if predicted.shape != targets[0].shape:
        return _Outcome(samples, loss, None, None)
    return _Outcome(samples, loss, predicted.reshape(samples, -1), targets[0].reshape(samples, -1))


def new_trainer(source: str, dtype: str = "float64") -> Any:
    """A Trainer of the generated module whose text is `source`. Raises SpecError where it needs a size, and
    MissingToolError where it needs what is not installed.
    """
    try:
        module = load(source)
    except ImportError as error:
        raise MissingToolError(str(error), place="training") from None
    for parameter in inspect.signature(module.Trainer).parameters.values():
        if parameter.default is parameter.empty:
            raise SpecError(
                f"the size {parameter.name} is not known",
                place="training",
                expected="a number where the size is declared",
            )
    return module.Trainer(np.dtype(dtype))


def _score(outcome: _Outcome) -> Score:
    """Classes are told by the largest of several numbers where the targets are rows with a single 1, and by
    the nearer of two where they are 0 and 1, or -1 and 1.
    """
    samples, loss, predicted, wanted = outcome.samples, outcome.loss, outcome.predicted, outcome.wanted
    if predicted is None or wanted is None:
        return Score(samples, loss)
    values, classes = set(np.unique(wanted).tolist()), wanted.shape[1]
    if classes > 1 and values <= {0.0, 1.0} and (wanted.sum(axis=1) == 1).all():
        true, told = wanted.argmax(axis=1), predicted.argmax(axis=1)
        counts = np.zeros((classes, classes), dtype=int)
        np.add.at(counts, (true, told), 1)
        return Score(samples, loss, float((true == told).mean()), tuple(map(tuple, counts.tolist())))
    for low in (0.0, -1.0):
        if values <= {low, 1.0}:
            middle = (low + 1.0) / 2.0
            right = ((predicted > middle) == (wanted > middle)).all(axis=1)
            return Score(samples, loss, float(right.mean()))
    return Score(samples, loss)


def _rows(data: Arrays, inputs: Sequence[str], outcome: _Outcome) -> tuple[Row, ...]:
    if outcome.predicted is None or outcome.wanted is None:
        return ()
    samples = range(outcome.samples)
    given = [data[name] for name in inputs if len(data[name]) == outcome.samples]
    return tuple(
        Row(
            tuple(float(x) for array in given for x in array[sample].reshape(-1)),
            tuple(outcome.wanted[sample].tolist()),
            tuple(outcome.predicted[sample].tolist()),
        )
        for sample in samples
    )
