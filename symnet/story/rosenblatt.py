"""Rosenblatt's rule at work: a generated trainer takes the points one after another, and what it does is
written down.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from symnet.data import Array
from symnet.pipeline import Derivation
from symnet.story.networks import POINTS
from symnet.training import new_trainer


@dataclass(frozen=True, slots=True)
class Move:
    """A point was on the wrong side, or on the line, and the line moved."""

    round: int
    point: tuple[float, float]
    wanted: int
    sum: float  # what the unit made of the point before it moved
    weights: tuple[float, float]  # afterwards
    bias: float


@dataclass(frozen=True, slots=True)
class Lesson:
    """All moves; whether every answer was right in the end, and else to which round's end the last one came
    back.
    """

    moves: tuple[Move, ...]
    rounds: int
    learned: bool
    again: int = 0


State = tuple[float, float, float]
"""The two weights and the bias."""


def learn(
    perceptron: Derivation, wanted: tuple[int, ...], start: State = (0.0, 0.0, 0.0), most: int = 100
) -> Lesson:
    """Goes round the four points until all are right, or until the weights are those of an earlier round:
    then it would go on in a circle. It gives up after `most` rounds.
    """
    trainer = new_trainer(perceptron.generate("numpy"))
    trainer.parameters["w"][...], trainer.parameters["b"][...] = start[:2], start[2]
    targets = np.array(wanted, dtype=float)
    moves: list[Move] = []
    seen = {_state(trainer): 0}
    for number in range(1, most + 1):
        for k, point in enumerate(POINTS):
            before = _state(trainer)
            trainer.step(POINTS[k : k + 1], targets[k : k + 1])
            after = _state(trainer)
            if after != before:
                made = before[0] * point[0] + before[1] * point[1] + before[2]
                first, second = map(float, point)
                moves.append(Move(number, (first, second), wanted[k], made, after[:2], after[2]))
        state = _state(trainer)
        if all(answer * target > 0 for answer, target in zip(_sums(state), wanted, strict=True)):
            return Lesson(tuple(moves), number, learned=True)
        if state in seen:
            return Lesson(tuple(moves), number, learned=False, again=seen[state])
        seen[state] = number
    return Lesson(tuple(moves), most, learned=False)


def _state(trainer: Any) -> State:
    first, second = trainer.parameters["w"]
    return float(first), float(second), float(trainer.parameters["b"])


def _sums(state: State) -> Array:
    return POINTS @ np.array(state[:2]) + state[2]
