"""The long short-term memory: a cell that gates write to, keep, and read.

I, F, G, O = gates of the row and of the state before it;  C = F C_before + I G;  H = O tanh(C).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from symnet.index.symbols import Tensor
from symnet.layers.layer import Sample, Stated
from symnet.layers.recurrent import Recurrent
from symnet.layers.rnn import LAST
from symnet.messages import say
from symnet.sizes import Sizes

WORDS = {
    "I": say("How much is written to the cell."),
    "F": say("How much of the cell is kept."),
    "G": say("What is written to the cell."),
    "O": say("How much of the cell is read."),
    "C": say("The cell keeps a part of what it had and takes up a part of what is new."),
    "H": say("The state is what is read from the cell."),
    "A": LAST,
}
GATES = {"I": ("i", "sigmoid"), "F": ("f", "sigmoid"), "G": ("g", "tanh"), "O": ("o", "sigmoid")}


@dataclass(frozen=True, slots=True, kw_only=True)
class LSTM(Recurrent):
    """A long short-term memory. Hochreiter and Schmidhuber (1997); with a forget gate: Gers, Schmidhuber and
    Cummins (2000).
    """

    FORMULA: ClassVar[str] = (
        "C[n,t,k] = F[n,t,k]*C[n,t-1,k] + I[n,t,k]*G[n,t,k]\nH[n,t,k] = O[n,t,k]*tanh(C[n,t,k])"
    )
    WORDS: ClassVar[str] = "A cell that gates write to, keep, and read."

    def stated(self, *x: Tensor, known: Sizes) -> Stated:
        """Four gates, the cell and the state: one loop."""
        lines = self.head(x[0])
        for letter, _ in GATES.values():
            lines += self.parameters(letter)
        lines += ["C: tensor[N, T, K]", "H: tensor[N, T, K]"]
        for name, (letter, function) in GATES.items():
            lines.append(self.gate(f"Z{letter}", letter))
            lines.append(f"{name}[n,t,k] = {function}(Z{letter}[n,t,k])")
        cell = f"F[n,t,k]*{self.read('C', 'k')} + I[n,t,k]*G[n,t,k]"
        lines.append(f"C[n,t,k] = {self.kept(cell, 'C')}")
        lines.append(f"H[n,t,k] = {self.kept('O[n,t,k]*tanh(C[n,t,k])', 'H')}")
        words = {
            **WORDS,
            **{
                f"Z{letter}": say("Weighted sums of the row and of the state before it.") for letter in "ifgo"
            },
        }
        return Stated("\n".join([*lines, *self.output()]), {"K": self.units}, words=words)


LAYER = LSTM
SAMPLES = (
    Sample(LSTM(units=2), ("N", "T", 2)),
    Sample(LSTM(units=2, reverse=True, sequence=False), ("N", "T", 2)),
    Sample(LSTM(units=2, mask="M", inputs=("X",), truncate=2), ("N", "T", 2), ("N", "T")),
)
