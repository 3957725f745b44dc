"""Which buffers can be one piece of memory.

A buffer is needed from its first write to its last read. A new one takes over the memory of one of the same
shape that nothing reads any more; an elementwise instruction may even write where it reads, if that read is
the last (work in place). What a loop touches is needed for the whole loop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from symnet.lowering.instructions import Buffer, Home, Instruction, Line, Map, reads_of, writes_of

SHARED = frozenset({Home.WORKSPACE, Home.UPDATE})
"""Homes whose buffers may share memory."""


@dataclass(frozen=True, slots=True)
class Life:
    """The positions of the first write and of the last read."""

    born: int
    dies: int


def lives(lines: Sequence[Line], kept: Mapping[str, int]) -> dict[str, Life]:
    """The life of every buffer by name; `kept` are positions until which a buffer is needed in any case."""
    born: dict[str, int] = {}
    dies: dict[str, int] = dict(kept)
    for position, line in enumerate(lines):
        for view in writes_of(line.instruction):
            born.setdefault(view.buffer.name, position)
            dies[view.buffer.name] = max(dies.get(view.buffer.name, 0), position)
        for view in reads_of(line.instruction):
            dies[view.buffer.name] = max(dies.get(view.buffer.name, 0), position)
    return {name: Life(born.get(name, -1), end) for name, end in dies.items()}


def share(lines: Sequence[Line], kept: Mapping[str, int], fixed: Mapping[str, str]) -> dict[str, str]:
    """For each buffer that takes over another's memory, the name of the buffer whose memory it is.

    `fixed` says so of some beforehand: the value after an update, which goes where the value was.
    """
    life = lives(lines, kept)
    owner = dict(fixed)
    tenant: dict[str, Buffer] = {}  # who uses each piece of memory now, by the name of its owner
    alike: dict[object, list[str]] = {}  # the pieces of one shape and kind

    def settle(buffer: Buffer) -> None:
        tenant[buffer.name] = buffer
        alike.setdefault((buffer.shape, buffer.kind), []).append(buffer.name)

    for position, line in enumerate(lines):
        for view in reads_of(line.instruction):
            if view.buffer.home is Home.GRADIENT and view.buffer.name not in tenant:
                settle(view.buffer)
        for view in writes_of(line.instruction):
            buffer = view.buffer
            if buffer.home not in SHARED or buffer.name in tenant or buffer.name in owner or not buffer.shape:
                continue
            if life[buffer.name].born != position:
                continue
            donors = [
                name
                for name in alike.get((buffer.shape, buffer.kind), ())
                if _free(tenant[name], buffer, life, position, line.instruction)
            ]
            # The memory that was used last is the one that is still in the cache: best of all, work in place.
            donor = max(donors, key=lambda name: life[tenant[name].name].dies, default=None)
            if donor is None:
                settle(buffer)
            else:
                owner[buffer.name] = donor
                tenant[donor] = buffer
    return owner


def _free(
    used: Buffer, buffer: Buffer, life: Mapping[str, Life], position: int, instruction: Instruction
) -> bool:
    """Whether `buffer`, first written by `instruction`, may have the memory that `used`, of its shape and
    kind, had.
    """
    homes = {buffer.home, Home.GRADIENT} if buffer.home is Home.UPDATE else {buffer.home}
    if used.home not in homes:
        return False
    if life[used.name].dies != position:
        return life[used.name].dies < position
    reads = [view for view in reads_of(instruction) if view.buffer == used]
    written = next(writes_of(instruction))
    return (
        isinstance(instruction, Map)
        and all(view.whole and view.flat == written.flat for view in reads)
        and written.whole
    )
