"""How the arrays of loops lie in memory: with the index of the loop first (`turn.py`), or without it
(`passing.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from symnet.index.symbols import Tensor
from symnet.lowering.passing import passing, without_axis, without_turns
from symnet.lowering.recurrence import Part, equations_of
from symnet.lowering.turn import copied, inputs_of, matrices_of, turned, turns_of
from symnet.simplify.named_sums import unused

ALONE = 1
"""The number of the stretch that only a prediction runs: none may count on what it has copied."""


@dataclass
class Layout:
    """The two passes over the stretches of one program, whose names are `taken`."""

    tensors: Mapping[str, Tensor]
    taken: set[str]
    turns: Mapping[str, int] = field(default_factory=dict)
    changed: dict[str, Tensor] = field(default_factory=dict)  # the tensors as they now are

    def turned(self, stretches: Sequence[Sequence[Part]], kept: Collection[str]) -> list[list[Part]]:
        """The stretches in which all but the `kept` tensors of loops have the loop's index first, with copies
        of what loops read from outside in another order.
        """
        self.turns = turns_of(stretches, kept)
        common: dict[str, str] = {}
        found: list[list[Part]] = []
        for number, stretch in enumerate(stretches):
            copies = dict(common) if number == ALONE else common
            parts: list[Part] = []
            for part in stretch:
                axes = inputs_of(part, self.turns, self.tensors) | matrices_of(part, self.tensors)
                for name in sorted(axes.keys() - copies.keys()):
                    copies[name] = unused(f"{name}_turned", self.taken)
                    self.taken.add(copies[name])
                    parts.append(copied(self.tensors[name], axes[name], copies[name]))
                names = {name: copies[name] for name in axes}
                parts.append(turned(part, {**self.turns, **axes}, names))
            found.append(parts)
        return self._noted(found)

    def of_turns(self, stretches: Sequence[Sequence[Part]], kept: Collection[str]) -> list[list[Part]]:
        """The stretches in which what only the same turn reads, but for what is `kept`, has no place for each
        turn.
        """
        axes = passing(stretches, kept)
        self.changed |= {name: without_axis(self.changed[name], axis) for name, axis in axes.items()}
        return [[without_turns(part, axes) for part in stretch] for stretch in stretches]

    def _noted(self, stretches: list[list[Part]]) -> list[list[Part]]:
        for stretch in stretches:
            for part in stretch:
                self.changed |= {equation.tensor.name: equation.tensor for equation in equations_of(part)}
        return stretches
