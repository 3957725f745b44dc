"""The gated recurrent unit: a gate says how much of the state is new, another how much the old one counts for
that.
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
    "Zr": say("Weighted sums of the row and of the state before it."),
    "Zu": say("Weighted sums of the row and of the state before it."),
    "R": say("How much of the state before counts."),
    "U": say("How much of the state before is kept."),
    "V": say("What the state before says."),
    "Zg": say("Weighted sums of the row, and what the state before says as far as it counts."),
    "G": say("What is new."),
    "H": say("The state keeps a part of what it had and takes up what is new for the rest."),
    "A": LAST,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GRU(Recurrent):
    """A gated recurrent unit, the reset gate after the matrix: Cho et al. (2014), arXiv:1406.1078, in the
    form of cuDNN and PyTorch.
    """

    FORMULA: ClassVar[str] = "H[n,t,k] = U[n,t,k]*H[n,t-1,k] + (1 - U[n,t,k])*G[n,t,k]"
    WORDS: ClassVar[str] = "A gate mixes the state before with what is new."

    def stated(self, *x: Tensor, known: Sizes) -> Stated:
        """Two gates, what is new, and the state: one loop."""
        own = " + bv[k]" * self.bias
        new = "sum(X[n,t,d]*Wg[d,k], d)" + " + bg[k]" * self.bias
        state = f"U[n,t,k]*{self.read('H', 'k')} + (1 - U[n,t,k])*G[n,t,k]"
        lines = [
            *self.head(x[0]),
            *(line for letter in "rug" for line in self.parameters(letter)),
            *["bv: parameter[K]"] * self.bias,
            "V: tensor[N, T, K]",
            "H: tensor[N, T, K]",
            self.gate("Zr", "r"),
            "R[n,t,k] = sigmoid(Zr[n,t,k])",
            self.gate("Zu", "u"),
            "U[n,t,k] = sigmoid(Zu[n,t,k])",
            f"V[n,t,k] = sum({self.read('H', 'j')}*Ug[j,k], j){own}",
            f"Zg[n,t,k] = {new} + R[n,t,k]*V[n,t,k]",
            "G[n,t,k] = tanh(Zg[n,t,k])",
            f"H[n,t,k] = {self.kept(state, 'H')}",
            *self.output(),
        ]
        return Stated("\n".join(lines), {"K": self.units}, words=WORDS)


LAYER = GRU
SAMPLES = (
    Sample(GRU(units=2), ("N", "T", 2)),
    Sample(GRU(units=2, reverse=True, initial="S", inputs=("X",)), ("N", "T", 2), ("N", 2)),
)
