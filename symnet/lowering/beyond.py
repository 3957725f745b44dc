"""Stretches for what is derived beyond the gradients: second derivatives, a Jacobian.

Such a stretch runs after others, as often as it is asked for (a Hessian is multiplied by many directions at
one point). So what it reads must still be there when it has run, and it is to be known which stretches it
needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from symnet.derivation.journal import Further
from symnet.lowering.instructions import Line, Loop, reads_of, writes_of


@dataclass(frozen=True, slots=True)
class Beyond:
    """A stretch for what is derived beyond the gradients."""

    further: Further
    lines: tuple[Line, ...]
    needs: tuple[int, ...]  # the stretches that must have run, in order
    before: tuple[Line, ...]  # what of them it needs; none where that is all of them

    @property
    def name(self) -> str:
        return self.further.name


def read_first(lines: Iterable[Line]) -> set[str]:
    """The buffers that the lines read before they write them."""
    found: set[str] = set()
    written: set[str] = set()
    for line in lines:
        own = {view.buffer.name for view in writes_of(line.instruction)}
        loop = own if isinstance(line.instruction, Loop) else set()
        found |= {view.buffer.name for view in reads_of(line.instruction)} - written - loop
        written |= own
    return found


def needs(lines: Iterable[Line], stretches: Sequence[tuple[Line, ...]]) -> tuple[int, ...]:
    """Which of the `stretches` must have run before `lines` can, by their numbers."""
    wanted, found = read_first(lines), list[int]()
    for number, stretch in reversed(list(enumerate(stretches))):
        written = {view.buffer.name for line in stretch for view in writes_of(line.instruction)}
        if wanted & written:
            found.insert(0, number)
            wanted |= read_first(stretch)
    return tuple(found)


def needed_of(lines: Iterable[Line], earlier: Sequence[Line]) -> tuple[Line, ...]:
    """Those of the `earlier` lines that `lines` need; none where all of them are."""
    wanted, found = read_first(lines), list[Line]()
    for line in reversed(earlier):
        if wanted & {view.buffer.name for view in writes_of(line.instruction)}:
            found.insert(0, line)
            wanted |= {view.buffer.name for view in reads_of(line.instruction)}
    return tuple(found) if len(found) < len(earlier) else ()
