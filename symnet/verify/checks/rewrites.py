"""The rewrites of whole programs: a sum that gets a name, a formula that is made safe for floating point.

The program before and the program after are evaluated from the same arrays, and every tensor that both have
must have one value. That covers the shift in a softmax and the logarithm that is taken before squashing,
whatever made them.
"""

from __future__ import annotations

from dataclasses import replace

from symnet.derivation.journal import Derived
from symnet.equations.program import Program
from symnet.verify.context import Context, Station
from symnet.verify.findings import Finding, difference, magnitude, worse

NAME = "rewrites"
BOUND = 1e-12


def check(derived: Derived, context: Context) -> tuple[Finding, ...]:
    """One finding a pass over a program."""
    kept = tuple(equation for equation in derived.computed.equations if equation not in derived.updates)
    safe = replace(derived.computed, equations=kept)  # the updates need what an optimizer remembers
    return (
        _agree("named sums", derived.stated, derived.primal, context),
        _agree("safe formulas", derived.program, safe, context),
    )


def _agree(subject: str, before: Program, after: Program, context: Context) -> Finding:
    shared = [name for name in before.defining if name in after.defining]
    worst, detail = 0.0, ""
    for station in context.stations:
        old, new = station.values(before), station.values(after)
        for name in shared:
            error = difference(new[name], old[name], _scale(before, station, name))
            if not error <= BOUND and not detail:
                detail = f"{name} has another value"
            worst = worse(worst, error)
    how = "every tensor of both programs, before and after"
    return Finding(
        subject, NAME, how, len(shared) * len(context.stations), len(context.stations), BOUND, worst, detail
    )


def _scale(program: Program, station: Station, name: str) -> float | None:
    """What an error is relative to: the scale of an adjoint, otherwise the values themselves."""
    of = program.tensors[name].adjoint_of
    if of:
        return station.scales.get(of)
    return magnitude(station.values(program)[name]) or None
