"""Global pooling: the largest value, or the mean, over all places of each channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from symnet.index.symbols import Tensor
from symnet.layers import space
from symnet.layers.layer import Layer, Sample, Stated
from symnet.layers.pool import kind
from symnet.layers.space import PLACES, SPANS, listed
from symnet.sizes import Sizes


@dataclass(frozen=True, slots=True)
class GlobalPool(Layer):
    """The mean or the maximum of X[N, places..., C] over its places."""

    FORMULA: ClassVar[str] = "A[n,c] = sum(X[n,p,q,c], p, q)/(P*Q)"
    WORDS: ClassVar[str] = "Each channel passes on its mean over all places, or its largest value."

    pooling: str = "average"

    def __post_init__(self) -> None:
        super(GlobalPool, self).__post_init__()
        kind(self.pooling)

    def stated(self, *x: Tensor, known: Sizes) -> Stated:
        """One number for each sample and channel."""
        axes = space.spatial(x[0])
        places, spans = PLACES[:axes], SPANS[:axes]
        lines = [f"X: input[{listed('N', spans, 'C')}]"]
        if self.pooling == "average":
            lines.append(f"A[n,c] = sum(X[{listed('n', places, 'c')}], {listed(places)})/({'*'.join(spans)})")
        source = "X"
        for k in range(axes) if self.pooling == "max" else ():
            name = "A" if k == axes - 1 else f"M{k + 1}"
            rest = listed("n", places[k + 1 :], "c")
            lines.append(f"{name}[{rest}] = max({source}[{listed('n', places[k:], 'c')}], {places[k]})")
            source = name
        return Stated("\n".join(lines), words={"A": self.WORDS})


LAYER = GlobalPool
SAMPLES = (
    Sample(GlobalPool(), ("N", 3, 2, 2)),
    Sample(GlobalPool("max"), ("N", 3, 2, 2)),
    Sample(GlobalPool("max"), ("N", "T", 2)),
)
