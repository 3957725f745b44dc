"""The slope of the loss, measured without any calculus: by complex steps and by differences, on the
plain-loop interpreter or, at large sizes, on the array interpreter.

The complex step: f(x + i h) = f(x) + i h f'(x) - ..., so Im f(x + i h) / h is the slope with an error of h^2,
and nothing cancels; with h = 1e-30 it is exact to rounding. A tensor that an equation defines is moved by
adding to its value, so that adjoints of intermediate tensors are measured like those of parameters.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from symnet.equations.interpret import LANES, STEP, Array
from symnet.equations.program import Program, reads
from symnet.index.symbols import Tensor
from symnet.verify.points import Point

DIFFERENCE = 1e-5
"""The step of central differences, small beside what is near a kink; the error is its fourth power, which is
lost in rounding.
"""
ONE_SIDED = 1e-7
"""The step of one-sided differences: about the square root of the rounding error."""


class Slopes:
    """The loss of `program` as a function of the tensors `targets`, around one point; `large` where its sizes
    are too large for plain loops.
    """

    def __init__(
        self, program: Program, loss: Tensor, targets: Iterable[Tensor], point: Point, large: bool = False
    ) -> None:
        self.loss = loss.name
        self.targets = {tensor.name: tensor for tensor in targets}
        self.program = _moved(program, self.targets)
        zeros = {
            _nudge(name): np.zeros(point.shape(tensor))
            for name, tensor in self.targets.items()
            if name in program.defining
        }
        self.interpreter, self.arrays = point.interpreter(self.program), point.arrays(self.program)
        self.run = self.arrays.run if large else self.interpreter.run
        self.values = self.run({**point.given, **zeros})
        self.after = {name: _downstream(self.program, self.moved(name)) for name in self.targets}

    def moved(self, name: str) -> str:
        """The tensor that is given from outside and that moves `name`."""
        return _nudge(name) if name in self.program.defining else name

    def at(self, moves: Mapping[str, Array]) -> complex:
        """The loss when each of these tensors is moved by that much."""
        known = self.kept(*moves)
        for name, move in moves.items():
            known[self.moved(name)] = known[self.moved(name)] + move
        return complex(self.run(known)[self.loss])

    def kept(self, *names: str) -> dict[str, Array]:
        """The values that stay as they are when these tensors move, and those that move."""
        stale = frozenset().union(*(self.after[name] for name in names))
        return {name: value for name, value in self.values.items() if name not in stale}

    def along(self, directions: Mapping[str, Array]) -> float:
        """The slope when these tensors move at once, each in its direction, by the complex step."""
        moves = {name: STEP * 1j * direction for name, direction in directions.items()}
        return self.at(moves).imag / STEP

    def difference(self, name: str, direction: Array) -> float:
        """The slope along `direction`, by central differences with a step and its half, extrapolated to none
        (Richardson).
        """

        def central(step: float) -> float:
            ahead, behind = (self.at({name: sign * step * direction}).real for sign in (1, -1))
            return (ahead - behind) / (2 * step)

        return (4 * central(DIFFERENCE / 2) - central(DIFFERENCE)) / 3

    def gradient(self, name: str) -> Array:
        """The slope along every element, by complex steps, many of them at once."""
        known, shape = self.kept(name), self.values[self.moved(name)].shape
        count = math.prod(shape)
        found = [
            self.interpreter.slopes(
                known, self.moved(name), np.eye(min(LANES, count - start), count, start), self.loss
            )
            for start in range(0, count, LANES)
        ]
        return np.concatenate(found).reshape(shape) if found else np.zeros(shape)

    def sides(self, name: str) -> tuple[Array, Array]:
        """The slopes before and after every element's value, by one-sided differences, in lanes of arrays:
        near a kink every element is moved.
        """
        left, right = self.differences(name, -ONE_SIDED), self.differences(name, ONE_SIDED)
        return left, right

    def differences(self, name: str, step: float) -> Array:
        """The change of the loss when each single element moves by `step`, divided by it."""
        here, value = self.values[self.loss].real, self.values[self.moved(name)]
        known = {other: array[None] for other, array in self.kept(name).items()}
        found = [np.zeros(0)]
        for start in range(0, value.size, LANES):
            moves = step * np.eye(value.size)[start : start + LANES]
            known[self.moved(name)] = value + moves.reshape(-1, *value.shape)
            losses = self.arrays.run_lanes(known)[self.loss]
            found.append((np.broadcast_to(losses, len(moves)) - here) / step)
        return np.concatenate(found).reshape(value.shape)


def _nudge(name: str) -> str:
    """What is added to an intermediate tensor; no tensor of a program can be called so."""
    return f"{name}+"


def _moved(program: Program, targets: Mapping[str, Tensor]) -> Program:
    """`program` with a number added to every element of each of the `targets` that an equation defines."""
    nudges = {name: replace(t, name=_nudge(name)) for name, t in targets.items() if name in program.defining}
    equations = tuple(
        replace(e, rhs=e.rhs + nudges[e.tensor.name][e.indices]) if e.tensor.name in nudges else e
        for e in program.equations
    )
    tensors = {**program.tensors, **{nudge.name: nudge for nudge in nudges.values()}}
    return replace(program, tensors=tensors, equations=equations)


def _downstream(program: Program, name: str) -> frozenset[str]:
    """The tensors whose values depend on the tensor `name`; recurrences may need more than one round."""
    found: set[str] = {name}
    before = 0
    while len(found) > before:
        before = len(found)
        found.update(e.tensor.name for e in program.equations if not found.isdisjoint(reads(e.rhs)))
    return frozenset(found - {name})
