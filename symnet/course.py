"""The course of a training: how far it is, what it can go back to, and the file that it goes on from.

The text of what is here, without annotations, becomes part of a generated module (`backends/numpy`): it knows
NumPy and the standard library, takes positional arguments, and raises ValueError.
"""

from __future__ import annotations

import itertools
import json
from math import isfinite
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np


class Course:
    """How far a training is, and the last state that it can go back to.

    A copy of that state is made each second, and counts as good once the step after it has a finite loss.
    What ends the training in the middle, be it Ctrl-C or a loss that is no number, leaves the trainer in the
    last good state. With a `path` that state is also in a file, renewed each half minute and at the end,
    together with the place in the data and the state of what draws their order: a training that goes on from
    the file takes the same steps as one that was never interrupted.
    """

    copied_every = 1.0
    written_every = 30.0
    counted = ("batch", "total", "samples", "steps", "last", "begun")

    def __init__(self, trainer: Any, random: Any, path: Any, settings: Any) -> None:
        """settings: what must be the same for a training to go on from the file."""
        self.trainer, self.random, self.path = trainer, random, path
        self.settings = {name: str(value) for name, value in settings.items()}
        self.history: list[float] = []
        self.batch, self.total, self.samples, self.steps, self.last = 0, 0.0, 0, 0, 0.0
        self.begun = None  # the state of `random` before it drew the order of this epoch, where one is drawn
        self.reading = iter(())
        self.resting = False  # whether an epoch has ended and the next one has not begun
        if path is not None and Path(path).exists():
            self.resume()
        self.good = self.next = self.copy()
        self.copy_due, self.write_due = 0.0, monotonic() + self.written_every

    def batches(self, source: Any) -> Any:
        """The batches of this epoch that are still to come."""
        self.resting = False
        if self.batch:
            return self.rest(source)
        if source.draws:
            self.begun = self.random.bit_generator.state
        self.reading = source.epoch(self.random)
        return self.reading

    def rest(self, source: Any) -> Any:
        """The batches of an epoch behind those that are done: its order is drawn once more."""
        now = self.random.bit_generator.state
        try:
            self.random.bit_generator.state = self.begun or now
            self.reading = iter(source.epoch(self.random))
            for _ in itertools.islice(self.reading, self.batch):
                pass
        finally:
            self.random.bit_generator.state = now
        return self.reading

    def count(self, loss: float, samples: int) -> None:
        """Count a step. Raises ValueError where its loss is not finite."""
        self.steps += 1
        if not isfinite(loss):
            raise self.failure(f"the loss is {loss}")
        self.batch += 1
        self.last = loss
        self.total += loss * samples
        self.samples += samples
        if self.next is not None or monotonic() >= self.copy_due:
            self.keep()

    def whole(self, step: Any, batch: Any, epochs: int) -> None:
        """Epochs of one step each, always on the same batch: `count` and `end_epoch` in one."""
        if self.batch:
            return  # the first of them has begun already
        self.resting, history = False, self.history
        for _ in range(len(history), epochs):
            loss = step(*batch)
            self.steps += 1
            if not isfinite(loss):
                raise self.failure(f"the loss is {loss}")
            history.append(loss)
            if self.next is not None or monotonic() >= self.copy_due:
                self.keep()
        self.resting = True

    def keep(self) -> None:
        """The copy before this step was good; make the next one, and write it, when it is time."""
        if self.next is not None:
            self.good, self.next = self.next, None
            if self.path is not None and monotonic() >= self.write_due:
                self.write(self.good)
        if monotonic() >= self.copy_due:
            self.next = self.copy()
            self.copy_due = monotonic() + self.copied_every

    def end_epoch(self) -> float:
        """Count an epoch; returns its mean loss. Raises ValueError where there were no batches."""
        if not self.batch:
            epoch = len(self.history) + 1
            again = ": what can be read only once must be made anew, by a function" if epoch > 1 else ""
            raise ValueError(f"there are no batches in epoch {epoch}{again}")
        loss = self.last if self.batch == 1 else self.total / self.samples
        self.history.append(loss)
        self.batch, self.total, self.samples, self.begun = 0, 0.0, 0, None
        self.resting = True
        return loss

    def failure(self, what: str) -> ValueError:
        """What is wrong, and what is left."""
        epoch, kept = len(self.history) + 1, self.good[1]["steps"]
        return ValueError(
            f"{what} in step {self.steps}, in epoch {epoch}: a smaller learning rate may help; "
            f"the parameters are again those after step {kept}"
        )

    def copy(self) -> Any:
        """A copy of the state, and the place in the data."""
        place = {
            name: getattr(self, name) for name in ("batch", "total", "samples", "steps", "last", "begun")
        }
        place["epochs"] = len(self.history)
        before = self.batch == 0 and self.begun is not None
        place["random"] = self.begun if before else self.random.bit_generator.state
        return {name: np.array(array) for name, array in self.trainer._state().items()}, place

    def take(self, place: Any) -> None:
        """Take a place in the data."""
        for name in self.counted:
            setattr(self, name, place[name])
        del self.history[place["epochs"] :]
        self.random.bit_generator.state = place["random"]

    def write(self, copy: Any) -> None:
        """Write a copy to the file."""
        state, place = copy
        text = json.dumps({**place, "history": self.history[: place["epochs"]], "settings": self.settings})
        self.trainer._write(self.path, {**state, "course": np.frombuffer(text.encode(), np.uint8)})
        self.write_due = monotonic() + self.written_every

    def resume(self) -> None:
        """Go on from the file. Raises ValueError where it holds no training, or another one."""
        with np.load(self.path, allow_pickle=False) as archive:
            if "course" not in archive.files or archive.zip.getinfo("course.npy").file_size > 2**28:
                raise ValueError(f"{self.path} holds no training to go on with")
            text = archive["course"].tobytes()
        try:
            place = json.loads(text)
            self.history[:] = map(float, place["history"])
            self.take(place)
        except (KeyError, TypeError, ValueError):
            raise ValueError(f"{self.path} holds no training to go on with") from None
        if place["settings"] != self.settings:
            raise ValueError(
                f"{self.path} is of a training with {place['settings']}, here it is {self.settings}"
            )
        self.trainer.load(self.path)

    def __enter__(self) -> Course:
        if self.path is not None:
            self.write(self.good)  # what cannot be written is said at once
        return self

    def __exit__(self, kind: Any, error: Any, where: Any) -> None:
        """Leave the trainer, and the file, in a state from which training can go on."""
        if hasattr(self.reading, "close"):
            self.reading.close()
        finite = all(np.isfinite(array).all() for array in self.trainer._state().values())
        failed = None if finite or error is not None else self.failure("the parameters are not finite")
        whole = error is None or (self.resting and isinstance(error, Exception))
        kept = self.good
        if not whole or not finite:
            self.trainer._restore(kept[0])
            self.take(kept[1])
        elif self.path is not None:
            kept = self.copy()
        if self.path is not None:
            self.write(kept)
        if failed is not None:
            raise failed


PARTS = (Course,)
"""What a generated module has of this."""
