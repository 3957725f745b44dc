"""Slopes by differences of real numbers: along a random direction at smooth points, and on both sides of a
kink.

A complex step trusts that every function is rightly continued off the real axis; a difference trusts nothing
but the values. It is less exact, so one direction a tensor is enough. At a point near a kink every element is
moved to both sides: where the two slopes differ there is no derivative, and the adjoint has to lie between
them.

Where an equation holds a value fixed, `constant(x)`, a difference would move it, and there is nothing to
compare with: complex steps judge alone, and the certificate says so.
"""

from __future__ import annotations

import numpy as np

from symnet.derivation.journal import Adjoint, Derived
from symnet.equations.interpret import Array
from symnet.verify.context import SIDES_AGREE, Context, Station
from symnet.verify.findings import Finding, magnitude, worse

NAME = "differences"
BOUND = 1e-7
"""The error of a central difference: the square of its step, 4e-11, times the third derivative, and the
rounding of the loss.
"""
AT_KINKS = SIDES_AGREE
STREAM = 1


def check(derived: Derived, context: Context) -> tuple[Finding, ...]:
    """One finding a gradient; another one where a point is near a kink."""
    if context.holds_fixed:
        return ()
    rng = context.rng(STREAM)
    found: list[Finding] = []
    smooth = [station for station in context.stations if not station.kinks]
    kinked = [station for station in context.stations if station.kinks]
    for adjoint in derived.gradients.values():
        name = adjoint.of.name
        if smooth:
            errors = [
                _central(derived, adjoint, station, rng.normal(size=station.gradient(name).shape))
                for station in smooth
            ]
            how = "along a random direction by central differences with steps of 1e-5 and 5e-6, extrapolated"
            found.append(Finding(name, NAME, how, len(errors), len(smooth), BOUND, _worst(errors)))
        if kinked:
            sided = [_between(derived, adjoint, station) for station in kinked]
            how = "every element between the slopes on its two sides, at points on a kink"
            compared = sum(station.gradient(name).size for station in kinked)
            found.append(Finding(name, "kinks", how, compared, len(kinked), AT_KINKS, _worst(sided)))
    return tuple(found)


def _worst(errors: list[float]) -> float:
    worst = 0.0
    for error in errors:
        worst = worse(worst, error)
    return worst


def _central(derived: Derived, adjoint: Adjoint, station: Station, direction: Array) -> float:
    """The error along `direction`, relative to the loss and to the slope if no entry of the gradient
    cancelled another.
    """
    actual = station.values(derived.program)[adjoint.equation.tensor.name]
    slopes = station.slopes(adjoint.of.name)
    measured = slopes.difference(adjoint.of.name, direction)
    loss = abs(slopes.values[derived.loss.name].item())
    error = abs(measured - float((actual * direction).sum()))
    return 0.0 if error == 0 else error / max(float(np.abs(actual * direction).sum()), loss)


def _between(derived: Derived, adjoint: Adjoint, station: Station) -> float:
    """How far any element lies outside the slopes on its two sides, relative to the largest slope."""
    actual = station.values(derived.program)[adjoint.equation.tensor.name]
    left, right = station.sides(adjoint.of.name)
    outside = np.maximum(np.minimum(left, right) - actual, actual - np.maximum(left, right))
    scale = max(magnitude(left), magnitude(right))
    return worse(0.0, float(outside.max())) / scale if scale > 0 else magnitude(actual)
