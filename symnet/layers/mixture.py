"""A mixture of experts with dense gating: every expert answers, and a gate says how much each one counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from symnet.index.symbols import Tensor
from symnet.layers.dense import Dense
from symnet.layers.layer import Block, Options, Sample, size, whole
from symnet.layers.text import Text
from symnet.messages import say
from symnet.registry import settings_of, width

INTO = (
    "X: input[N, D]\nW: parameter[E, D, {units}]\nb: parameter[E, {units}]\n"
    "Z[n,e,k] = sum(X[n,d]*W[e,d,k], d) + b[e,k]"
)
OUT = (
    "X: input[N, E, H]\nW: parameter[E, H, D]\nb: parameter[E, D]\n"
    "Z[n,e,j] = sum(X[n,e,k]*W[e,k,j], k) + b[e,j]"
)
MIX = "G: input[N, E]\nO: input[N, E, D]\nA[n,j] = sum(G[n,e]*O[n,e,j], e)"


@dataclass(frozen=True, slots=True)
class Mixture(Block):
    """`experts` feed-forward networks of `units` units each, mixed by a softmax gate over the rows
    X[N, D].

    Jacobs, Jordan, Nowlan and Hinton (1991), Adaptive mixtures of local experts.
    """

    FORMULA: ClassVar[str] = "A[n,j] = sum(G[n,e]*expert_e(X)[n,j], e)"
    WORDS: ClassVar[str] = "Every expert answers; the gate says how much each answer counts."

    experts: int
    units: int
    activation: str = "relu"
    settings: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super(Mixture, self).__post_init__()
        whole("experts", self.experts)
        size("units", self.units)
        settings_of("activations", self.activation, self.settings, place="activation")

    def layers(self, prefix: str, sources: Mapping[str, Tensor]) -> tuple[Options, ...]:
        """The gate, the two halves of the experts, and the mixture."""
        ((name, x),) = sources.items()
        gate, into, out, mix = (f"{prefix}_{part}" for part in ("gate", "into", "out", "mix"))
        experts = {"E": self.experts}
        return (
            Dense(self.experts, "softmax", name=gate, inputs=(name,)),
            Text(
                text=INTO.format(units=width(self.activation)),
                sizes={**experts, "H": self.units},
                words={"Z": say("Every expert takes weighted sums of the input.")},
                activation=self.activation,
                settings=self.settings,
                name=into,
                inputs=(name,),
            ),
            Text(
                text=OUT,
                sizes={"D": x.shape[-1]},
                words={"Z": say("Every expert gives its answer.")},
                name=out,
                inputs=(into,),
            ),
            Text(text=MIX, words={"A": self.WORDS}, name=mix, inputs=(gate, out)),
        )


LAYER = Mixture
SAMPLES = (Sample(Mixture(2, 3, "tanh"), ("N", 2)),)
