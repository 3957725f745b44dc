"""Every element of every adjoint against the complex step on the plain-loop interpreter.

The gradients are compared with the network as it was written, before anything was named or simplified; the
adjoints of intermediate tensors with the network after sums were named, where those tensors exist. The error
of an adjoint is the largest difference of any element, relative to the largest magnitude of the measured
slopes of that tensor. Where those are all smaller than 1e-12 of the adjoints from which they are computed,
they are zero but for rounding, and the error is relative to those adjoints instead.
"""

from __future__ import annotations

from collections.abc import Iterator

from symnet.derivation.journal import Adjoint, Derived
from symnet.verify.context import Context
from symnet.verify.findings import Finding, difference, worse

NAME = "complex step"
BOUND = 1e-12
"""Some thousand times the rounding error of float64, for sums of some thousand terms."""


def check(derived: Derived, context: Context) -> Iterator[Finding]:
    """One finding a tensor that has an adjoint."""
    return (judge(derived, adjoint, context) for adjoint in derived.adjoints)


def judge(derived: Derived, adjoint: Adjoint, context: Context) -> Finding:
    """The adjoint of one tensor at every point."""
    name = adjoint.of.name
    compared, worst = 0, 0.0
    for station in context.stations:
        smooth = station.smooth(name)
        actual = station.values(derived.program)[adjoint.equation.tensor.name]
        expected = station.gradient(name)
        if actual.shape == expected.shape:
            actual, expected = actual[smooth], expected[smooth]
        compared += int(smooth.sum())
        worst = worse(worst, difference(actual, expected, station.scales[name]))
    how = "every element by complex steps of 1e-30 through the equations as written, on plain loops"
    return Finding(name, NAME, how, compared, len(context.stations), BOUND, worst)
