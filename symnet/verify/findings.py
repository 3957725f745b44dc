"""What a check has to say: one frozen record for each thing that was checked, and how two arrays are
compared.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symnet.messages import Message, say, say_count

Array = NDArray[Any]

NOTHING = 1e-12
"""A value smaller than this part of what it is computed from is zero but for rounding."""
DRAWN = say("small, drawn")
"""Drawn at random: a derivation holds for every size, and at small ones every element can be tried."""
OWN = say("its own")
"""The sizes that the network has; the batch is small."""
CUT = say("its own, cut")
"""The sizes that the network has, the largest of them cut to what can be afforded."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked."""

    subject: str  # the tensor or the rewrite that it is about: "W1"
    check: str  # "complex step"
    how: str  # in words: what was compared with what
    compared: int  # how many comparisons that took: elements, directions or steps
    points: int  # at how many random points
    bound: float  # the error that is allowed
    error: float  # the worst error; NaN where a value was not a number
    detail: str = ""  # what was wrong, and where
    at: str = DRAWN  # at which sizes

    @property
    def passed(self) -> bool:
        """Whether the error is within the bound, and nothing was wrong that is no number."""
        return self.error <= self.bound and not self.detail


@dataclass(frozen=True, slots=True)
class Kink:
    """A place where a function that was used is not smooth: the derivative of the loss need not exist
    there.
    """

    equation: str  # the tensor whose equation it stands in
    function: str  # what is not smooth, as written: "maximum(Z1[n, j], 0)"
    place: tuple[int, ...]  # the values of the indices
    gap: float  # how far from the kink, 0 on it
    point: int  # which of the points that were checked

    @property
    def where(self) -> Message:
        """What is not smooth, and in which equation."""
        return say("{function} in the equation of {equation}", function=self.function, equation=self.equation)


def told(kinks: Iterable[Kink]) -> tuple[Message, ...]:
    """One sentence for each function of an equation: at which place, and at how many more."""
    places: dict[Message, set[tuple[int, ...]]] = {}
    for kink in kinks:
        places.setdefault(kink.where, set()).add(kink.place)
    return tuple(_at(where, sorted(found)) for where, found in sorted(places.items()))


def _at(where: Message, places: Sequence[tuple[int, ...]]) -> Message:
    if places == [()]:
        return where
    place = ", ".join(map(str, places[0]))
    if len(places) == 1:
        return say("{where} at [{place}]", where=where, place=place)
    return say_count(
        "{where} at [{place}] and {number} more place",
        "{where} at [{place}] and {number} more places",
        len(places) - 1,
        where=where,
        place=place,
    )


def difference(actual: Array, expected: Array, scale: float | None = None) -> float:
    """The largest difference of any element, relative to `scale` (unless given, the largest magnitude in
    either array).

    NaN where an element of either is NaN; 0 for two arrays of zeros.
    """
    if actual.shape != expected.shape:
        return math.nan
    if actual.size == 0:
        return 0.0
    same = actual == expected  # infinities agree, too
    if same.all():
        return 0.0
    with np.errstate(invalid="ignore"):
        worst = float(np.where(same, 0.0, np.abs(actual - expected)).max())
    if math.isnan(worst):
        return worst
    if scale is None:
        scale = max(magnitude(actual), magnitude(expected))
    return worst / scale if scale > 0 else math.inf


def magnitude(array: Array) -> float:
    """The largest magnitude of any element."""
    return float(np.abs(array).max()) if array.size else 0.0


def worse(first: float, second: float) -> float:
    """The larger error; NaN, which no bound allows, is the largest."""
    return first if math.isnan(first) or first > second else second
