"""A recurrent layer that reads from both ends: what came before a row and what comes after it stand side by
side.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from symnet.errors import SpecError, nearest
from symnet.index.symbols import Tensor
from symnet.layers.concatenate import Concatenate
from symnet.layers.gru import GRU
from symnet.layers.layer import Block, Options, Sample, flag, size
from symnet.layers.lstm import LSTM
from symnet.layers.rnn import RNN

CELLS = {"rnn": RNN, "lstm": LSTM, "gru": GRU}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bidirectional(Block):
    """Two recurrent layers of the kind `cell`, one in each direction, of `units` units each.

    Schuster and Paliwal (1997), Bidirectional recurrent neural networks. mask: an input [N, T], 0 where a row
    is padding.
    """

    FORMULA: ClassVar[str] = "A[n,t,k] = where(k < K, forward[n,t,k], backward[n,t,k-K])"
    WORDS: ClassVar[str] = "What came before and what comes after stand side by side."
    NAMED: ClassVar[tuple[str, ...]] = ("mask",)

    units: int | str
    cell: str = "lstm"
    sequence: bool = True
    bias: bool = True
    mask: str = ""

    def __post_init__(self) -> None:
        super(Bidirectional, self).__post_init__()
        size("units", self.units)
        if self.cell not in CELLS:
            raise SpecError(
                f"there is no cell {self.cell!r}",
                expected="one of " + ", ".join(CELLS),
                suggestion=nearest(str(self.cell), CELLS),
            )
        for option in ("sequence", "bias"):
            flag(option, getattr(self, option))

    def layers(self, prefix: str, sources: Mapping[str, Tensor]) -> tuple[Options, ...]:
        """One layer a direction, and the two side by side."""
        x = next(iter(sources))
        names = tuple(f"{prefix}_{way}" for way in ("ahead", "back"))
        ways = (
            CELLS[self.cell](
                units=self.units,
                sequence=self.sequence,
                reverse=reverse,
                bias=self.bias,
                mask=self.mask,
                name=name,
                inputs=(x,),
            )
            for name, reverse in zip(names, (False, True), strict=True)
        )
        return (*ways, Concatenate(name=f"{prefix}_both", inputs=names))


LAYER = Bidirectional
SAMPLES = (
    Sample(Bidirectional(units=2, cell="gru"), ("N", "T", 2)),
    Sample(Bidirectional(units=1, cell="rnn", mask="M", inputs=("X",)), ("N", "T", 2), ("N", "T")),
)
