"""The feed-forward block: wider, through an activation, and back to the width of the input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from symnet.index.symbols import Tensor
from symnet.layers.dense import Dense
from symnet.layers.layer import Block, Options, Sample, flag, size
from symnet.registry import settings_of


@dataclass(frozen=True, slots=True)
class FeedForward(Block):
    """Two dense layers: `units` with the activation, then as many as the input has.

    With a gated activation (glu, swiglu, geglu) the first has twice as many, half of them gates: Shazeer
    (2020), GLU variants improve transformer, arXiv:2002.05202.
    """

    FORMULA: ClassVar[str] = "A[n,j] = sum(activation(sum(X[n,d]*W1[d,k], d) + b1[k])*W2[k,j], k) + b2[j]"
    WORDS: ClassVar[str] = "Wider, through an activation, and back."

    units: int | str
    activation: str = "relu"
    bias: bool = True
    settings: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super(FeedForward, self).__post_init__()
        size("units", self.units)
        flag("bias", self.bias)
        settings_of("activations", self.activation, self.settings, place="activation")

    def layers(self, prefix: str, sources: Mapping[str, Tensor]) -> tuple[Options, ...]:
        """Up and down."""
        ((name, x),) = sources.items()
        up, down = f"{prefix}_up", f"{prefix}_down"
        return (
            Dense(self.units, self.activation, self.bias, settings=self.settings, name=up, inputs=(name,)),
            Dense(x.shape[-1], bias=self.bias, name=down, inputs=(up,)),
        )


LAYER = FeedForward
SAMPLES = (
    Sample(FeedForward(4, "gelu"), ("N", 3)),
    Sample(FeedForward(4, "swiglu", bias=False), ("N", "T", 2)),
)
