"""What the checks of one derivation share: random points, the kinks near them, and slopes that were measured
once.

The slopes depend on the network alone, not on its adjoints: a derivation that was tampered with is judged by
the same numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property

import numpy as np

from symnet.derivation.journal import Derived
from symnet.equations.interpret import Array, infer_sizes
from symnet.equations.program import Program
from symnet.index.functions import constant
from symnet.messages import say
from symnet.verify.findings import NOTHING, Kink, magnitude
from symnet.verify.kinks import kinks
from symnet.verify.points import LARGEST, Point, draw, extent_at, work
from symnet.verify.rounding import spread
from symnet.verify.slopes import Slopes

REDRAWS = 8
"""How often a point near a kink is put aside for another. A network that has a kink everywhere is taken as it
is.
"""
EXACT = 1e-13
"""Rounding by more, relative to the largest entry of an adjoint, spoils a comparison to 1e-12."""
HELD = say(
    "What stands in constant(...) is held fixed, here as in the derivation: these are not the slopes of the "
    "loss itself. Differences, which would move it, were left out."
)
POINTS = 3
AFFORDABLE = 20_000_000
"""How many innermost evaluations the complex steps may take for several points, one element at a time."""
AT_MOST = 100_000_000
"""How many they may take for a single point, many elements at a time: some seconds."""
SIDES_AGREE = 1e-4
"""Slopes on the two sides of a value that differ by less, relative to the largest, are one slope."""


class Station:
    """One point of a derivation: the kinks near it, the values there, and the measured slopes of the loss."""

    def __init__(self, derived: Derived, point: Point, kinks: tuple[Kink, ...]) -> None:
        self.derived = derived
        self.point = point
        self.kinks = kinks
        self._gradients: dict[str, Array] = {}
        self._sides: dict[str, tuple[Array, Array]] = {}
        self._values: dict[int, tuple[Program, dict[str, Array]]] = {}

    @cached_property
    def stated(self) -> Slopes:
        """Slopes along what the gradients are taken with respect to, in the network as it was written."""
        return Slopes(self.derived.stated, self.derived.loss, self.derived.wrt, self.point)

    @cached_property
    def primal(self) -> Slopes:
        """Slopes along every other tensor that has an adjoint."""
        others = [a.of for a in self.derived.adjoints if a.of not in self.derived.wrt]
        return Slopes(self.derived.primal, self.derived.loss, others, self.point)

    def slopes(self, name: str) -> Slopes:
        """The slopes to judge the adjoint of the tensor `name` by."""
        return self.stated if name in self.stated.targets else self.primal

    def gradient(self, name: str) -> Array:
        """The slope of the loss along every element of the tensor `name`, by the complex step."""
        if name not in self._gradients:
            self._gradients[name] = self.slopes(name).gradient(name)
        return self._gradients[name]

    @cached_property
    def scales(self) -> Mapping[str, float]:
        """What an error in the adjoint of each tensor is relative to."""
        return scales(self.derived, lambda name: magnitude(self.gradient(name)))

    def smooth(self, name: str) -> Array:
        """For every element of `name` whether the loss has one slope there; True away from kinks."""
        if not self.kinks:
            return np.full(self.gradient(name).shape, True)
        left, right = self.sides(name)
        return np.abs(left - right) <= SIDES_AGREE * max(magnitude(left), magnitude(right))

    def sides(self, name: str) -> tuple[Array, Array]:
        """The slopes of the loss before and after the value of every element of the tensor `name`."""
        if name not in self._sides:
            self._sides[name] = self.slopes(name).sides(name)
        return self._sides[name]

    def values(self, program: Program) -> dict[str, Array]:
        """The value of every tensor of `program`, one of the derivation's programs; those of the network are
        computed once.
        """
        if id(program) not in self._values:
            network = self.derived.primal
            known = {} if program is network else self.values(network)
            shared = {name: value for name, value in known.items() if _same(program, network, name)}
            self._values[id(program)] = (program, self.point.run(program, shared))
        return self._values[id(program)][1]


def scales(derived: Derived, size: Callable[[str], float]) -> dict[str, float]:
    """For each adjoint its own size, the largest entry; where it is zero but for rounding, the size of what
    it is computed from.
    """
    found = {derived.loss.name: 1.0}
    for adjoint in derived.adjoints:
        users = {contribution.use.tensor.name for contribution in adjoint.contributions}
        source = max((found[user] for user in users if user in found), default=1.0)
        own = size(adjoint.of.name)
        found[adjoint.of.name] = own if own > NOTHING * source else source
    return found


def _evaluations(derived: Derived, extent: int) -> int:
    """How many innermost evaluations the complex steps take at one point where all sizes are `extent`: every
    element costs a run through all layers.
    """
    program = derived.primal
    sizes = {size.name: extent for size in program.sizes}
    elements = sum(
        math.prod(int(extent_at(n, sizes)) for n in adjoint.of.shape) for adjoint in derived.adjoints
    )
    return elements * work(program, sizes)


def _affordable_points(derived: Derived) -> int:
    """How many points to check at: several, but one for a deep network."""
    return POINTS if _evaluations(derived, LARGEST) * POINTS < AFFORDABLE else 1


def _affordable_size(derived: Derived) -> int:
    """How large sizes may be drawn: smaller ones for a network of many axes, which has more elements."""
    extent = LARGEST
    while extent > 2 and _evaluations(derived, extent) > AT_MOST:
        extent -= 1
    return extent


def _same(program: Program, other: Program, name: str) -> bool:
    """Whether the tensor `name` has the same definition in both programs."""
    return name in program.tensors and program.defining.get(name) == other.defining.get(name)


class Context:
    """The points at which one network is checked."""

    def __init__(
        self,
        derived: Derived,
        *,
        seed: int = 0,
        points: int | None = None,
        at: Mapping[str, Array] | None = None,
        module_source: str | None = None,
        prediction: str = "",
    ) -> None:
        self.derived = derived
        self.seed = seed
        self.module_source = module_source
        self.prediction = prediction
        self.put_aside: list[Kink] = []
        self.stations: list[Station] = []
        drawn = draw(derived.stated, np.random.default_rng(seed), _affordable_size(derived))
        for _ in range(_affordable_points(derived) if points is None else points):
            self.add(self.suitable(drawn))
        if at is not None:
            sizes = {str(size): int(value) for size, value in infer_sizes(derived.stated, at).items()}
            self.add(Point(sizes, {name: np.asarray(array) for name, array in at.items()}))

    def add(self, point: Point) -> None:
        """Check at this point, too."""
        near = kinks(self.derived.stated, point, len(self.stations))
        self.stations.append(Station(self.derived, point, near))

    def suitable(self, drawn: Iterator[Point]) -> Point:
        """A drawn point that is near no kink and where rounding leaves enough digits.

        Where none of the first few is, one where at least rounding does, or the last one.
        """
        near_kinks: list[Point] = []
        for _ in range(REDRAWS):
            point = next(drawn)
            near = kinks(self.derived.stated, point, len(self.stations))
            if near:
                near_kinks.append(point)
            elif self.is_exact(point):
                return point
            self.put_aside.extend(near)
        return next(filter(self.is_exact, reversed(near_kinks)), point)

    def is_exact(self, point: Point) -> bool:
        """Whether the adjoints can be computed to more digits than the checks ask for."""
        program = self.derived.program
        values = point.arrays(program).run(point.given)
        names = {adjoint.of.name: adjoint.equation.tensor.name for adjoint in self.derived.adjoints}
        sizes = scales(self.derived, lambda name: magnitude(values[names[name]]))
        moved = spread(program, point, values, self.seed)
        return all(moved[names[name]] <= EXACT * sizes[name] for name in names)

    @property
    def kinks(self) -> tuple[Kink, ...]:
        """Every kink that a point is on or near."""
        return tuple(kink for station in self.stations for kink in station.kinks)

    @property
    def holds_fixed(self) -> bool:
        """Whether some equation holds a value fixed, so that no blame goes through it."""
        return any(equation.rhs.has(constant) for equation in self.derived.stated.equations)

    def notes(self) -> tuple[str, ...]:
        """What there was not to check, and why."""
        notes = [] if self.derived.wrt else [say("There is no gradient to check: nothing is derived.")]
        notes += [HELD] if self.holds_fixed else []
        corners = dict.fromkeys(kink.where for kink in self.put_aside)
        return (
            *notes,
            *(
                say("Random points near a kink were put aside for others: {corner}.", corner=corner)
                for corner in corners
            ),
        )

    def rng(self, stream: int) -> np.random.Generator:
        """Random numbers of a stream of their own, so that one check does not change what another draws."""
        return np.random.default_rng([self.seed, stream])
