"""Which loops an array program may have: along a recurrence, or through the taps of a window."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from symnet.equations.program import reads
from symnet.lowering.extents import Extents
from symnet.lowering.instructions import Line, Loop
from symnet.lowering.schedule import Schedule

MOST_TAPS = 64
"""More turns than that are no window of a sample's."""


def nests(lines: tuple[Line, ...], around: tuple[Loop, ...] = ()) -> Iterator[tuple[tuple[Loop, ...], Line]]:
    """Every line that is no loop, with the loops around it."""
    for line in lines:
        if isinstance(line.instruction, Loop):
            yield from nests(line.instruction.body, (*around, line.instruction))
        else:
            yield around, line


def loops_over_elements(plan: Schedule) -> list[str]:
    """The tensors that are computed in a loop though they depend on nothing of their own, in more turns than a
    window has taps or in as many as the data say.
    """
    program, extents = plan.program, Extents(plan.program.values)
    found = []
    for lines in (plan.setup, plan.predict, plan.infer, plan.loss, plan.backward, plan.update):
        for around, line in nests(lines):
            equation = plan.equations.get(line.tensor)
            if not around or (equation and line.tensor in program.sources(*reads(equation.rhs))):
                continue
            sizes = [extents.known(loop.size) for loop in around]
            if not all(size.is_Integer for size in sizes) or prod(map(int, sizes)) > MOST_TAPS:
                found.append(line.tensor)
    return found
