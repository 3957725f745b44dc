"""The highway layer: a gate decides how much of the input is transformed and how much is carried on as it
is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from symnet.index.symbols import Tensor
from symnet.layers.dense import Dense
from symnet.layers.layer import Block, Options, Sample
from symnet.layers.text import Text
from symnet.registry import settings_of

CARRY = "T: input[N, D]\nH: input[N, D]\nX: input[N, D]\nA[n,j] = T[n,j]*H[n,j] + (1 - T[n,j])*X[n,j]"


@dataclass(frozen=True, slots=True)
class Highway(Block):
    """A gate T, a transformation H, and T*H + (1 - T)*X.

    Srivastava, Greff and Schmidhuber (2015), Highway networks, arXiv:1505.00387.
    """

    FORMULA: ClassVar[str] = "A[n,j] = T[n,j]*H[n,j] + (1 - T[n,j])*X[n,j]"
    WORDS: ClassVar[str] = (
        "The gate lets the transformed input through where it is open, and the input where not."
    )

    activation: str = "tanh"
    settings: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super(Highway, self).__post_init__()
        settings_of("activations", self.activation, self.settings, place="activation")

    def layers(self, prefix: str, sources: Mapping[str, Tensor]) -> tuple[Options, ...]:
        """A dense gate, a dense transformation, and how they meet."""
        ((name, x),) = sources.items()
        gate, main = f"{prefix}_gate", f"{prefix}_main"
        units = x.shape[-1]
        return (
            Dense(units, "sigmoid", name=gate, inputs=(name,)),
            Dense(units, self.activation, settings=self.settings, name=main, inputs=(name,)),
            Text(text=CARRY, words={"A": self.WORDS}, name=f"{prefix}_carry", inputs=(gate, main, name)),
        )


LAYER = Highway
SAMPLES = (Sample(Highway(), ("N", 3)),)
