"""Random directions at the network's own sizes: the slope along a direction is the inner product of gradient
and direction.

The element-by-element checks take small sizes, since a derivation holds for every size; this one takes the
real ones, with a small batch, on the array interpreter. One direction costs one evaluation of the loss. Where
one for every gradient cannot be afforded, all parameters move at once; where the sizes cannot, the largest
are cut. The sizes that were taken are in the finding.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from symnet.derivation.journal import Derived
from symnet.equations.interpret import STEP
from symnet.verify.context import REDRAWS, Context, scales
from symnet.verify.findings import CUT, NOTHING, OWN, Finding, magnitude
from symnet.verify.points import Point, draw_actual, work
from symnet.verify.slopes import Slopes

NAME = "directions"
BOUND = 1e-12
STREAM = 2
AFFORDABLE = 300_000_000
"""How many innermost evaluations may be spent: some seconds."""


def check(derived: Derived, context: Context) -> tuple[Finding, ...]:
    """One finding a gradient, or one for all of them together."""
    if not derived.wrt:
        return ()
    rng = context.rng(STREAM)
    sizes = affordable_sizes(derived)
    for _ in range(REDRAWS):
        point = draw_actual(derived.stated, rng, sizes)
        findings = _at(derived, point, rng)
        if all(finding.passed for finding in findings) or context.is_exact(point):
            break  # where rounding spoils the comparison, another point is drawn
    return findings


def _at(derived: Derived, point: Point, rng: np.random.Generator) -> tuple[Finding, ...]:
    """The findings at one point."""
    slopes = Slopes(derived.stated, derived.loss, derived.wrt, point, large=True)
    values = point.arrays(derived.program).run(point.given)
    names = {adjoint.of.name: adjoint.equation.tensor.name for adjoint in derived.adjoints}
    scale = scales(derived, lambda name: magnitude(values[names[name]]))
    directions = {tensor.name: rng.normal(size=point.shape(tensor)) for tensor in derived.wrt}
    products = {name: values[names[name]] * direction for name, direction in directions.items()}
    own = own_sizes(derived)
    at = OWN if all(point.sizes[name] == value for name, value in own.items()) else CUT
    each = work(derived.stated, point.sizes) * len(derived.wrt) <= AFFORDABLE
    found = []
    for group in [[name] for name in directions] if each else [list(directions)]:
        measured = slopes.along({name: directions[name] for name in group})
        error = abs(measured - sum(float(products[name].sum()) for name in group))
        total = sum(float(np.abs(products[name]).sum()) for name in group)
        source = max(scale[name] for name in group)
        relative = 0.0 if error == 0 else error / (total if total > NOTHING * source else source)
        subject = group[0] if len(group) == 1 else "all gradients"
        found.append(Finding(subject, NAME, _how(point), 1, 1, BOUND, relative, at=at))
    return tuple(found)


def _how(point: Point) -> str:
    sizes = ", ".join(f"{name} = {value}" for name, value in sorted(point.sizes.items()))
    return f"along a random direction by a complex step of {STEP:g}, at {sizes or 'the sizes as they are'}"


def affordable_sizes(derived: Derived) -> dict[str, int]:
    """The network's own sizes, the largest ones cut until one evaluation of loss and gradients is
    affordable.
    """
    program = derived.program
    own = own_sizes(derived)
    free = {size.name: 3 for size in program.sizes if size.name not in own}
    largest = max(own.values(), default=1)
    while largest > 3 and work(program, {**free, **_cut(own, largest)}) > AFFORDABLE:
        largest = largest * 3 // 4
    return _cut(own, largest)


def own_sizes(derived: Derived) -> dict[str, int]:
    """The sizes that the network has."""
    values = derived.program.values
    return {size.name: int(values[size.name]) for size in derived.program.sizes if size.name in values}


def _cut(sizes: Mapping[str, int], largest: int) -> dict[str, int]:
    return {name: min(value, largest) for name, value in sizes.items()}
