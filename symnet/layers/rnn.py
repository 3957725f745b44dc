"""The simple recurrent layer: the state is a function of the row and of the state before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from symnet.errors import SpecError
from symnet.index.symbols import Tensor
from symnet.layers.layer import Sample, Stated
from symnet.layers.recurrent import Recurrent
from symnet.messages import say
from symnet.sizes import Sizes

ACTIVATIONS = {"tanh": "tanh({})", "relu": "maximum({}, 0)", "sigmoid": "sigmoid({})"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RNN(Recurrent):
    """H = activation(X W + H_before U + b). Elman (1990), Finding structure in time."""

    FORMULA: ClassVar[str] = (
        "Z[n,t,k] = sum(X[n,t,d]*W[d,k], d) + sum(H[n,t-1,j]*U[j,k], j) + b[k]\nH[n,t,k] = tanh(Z[n,t,k])"
    )
    WORDS: ClassVar[str] = "Each state is made of a row and of the state before it."

    activation: str = "tanh"

    def __post_init__(self) -> None:
        super(RNN, self).__post_init__()
        if self.activation not in ACTIVATIONS:
            raise SpecError(f"activation is {self.activation!r}", expected="one of " + ", ".join(ACTIVATIONS))

    def stated(self, *x: Tensor, known: Sizes) -> Stated:
        """The two lines."""
        value = ACTIVATIONS[self.activation].format("Z[n,t,k]")
        lines = [
            *self.head(x[0]),
            *self.parameters(""),
            "H: tensor[N, T, K]",
            self.gate("Z", ""),
            f"H[n,t,k] = {self.kept(value, 'H')}",
            *self.output(),
        ]
        words = {"Z": say("Weighted sums of the row and of the state before it."), "H": self.WORDS, "A": LAST}
        return Stated("\n".join(lines), {"K": self.units}, words=words)


LAST = say("The state after the last row.")
LAYER = RNN
SAMPLES = (
    Sample(RNN(units=2), ("N", "T", 3)),
    Sample(RNN(units=2, reverse=True, sequence=False, bias=False), ("N", "T", 3)),
    Sample(RNN(units=2, truncate=2, activation="sigmoid"), ("N", 5, 2)),
    Sample(RNN(units=2, initial="S", mask="M", inputs=("X",)), ("N", "T", 3), ("N", 2), ("N", "T")),
)
