"""Global pooling: the largest value, or the mean, over all places of each channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from symnet.index.symbols import Tensor
from symnet.layers import space
from symnet.layers.layer import Layer, Sample, Stated
from symnet.layers.pool import POSITIONS, kind
from symnet.layers.space import PLACES, SPANS, listed
from symnet.messages import say
from symnet.sizes import Sizes

LARGEST_OF_ALL = {
    **dict.fromkeys(POSITIONS, say("Where the largest value of the channel stands.")),
    "A": say("Each channel passes on its largest value; the blame goes back to where that stood."),
}


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
            return Stated("\n".join(lines), words={"A": self.WORDS})
        at = list(places)
        for k, name in enumerate(POSITIONS[:axes]):
            lines += [
                f"{name}: tensor[N, C] integer",
                f"{name}[n,c] = argmax(X[{listed('n', at, 'c')}], {listed(places[k:])})",
            ]
            at[k] = f"{name}[n,c]"
        lines.append(f"A[n,c] = X[{listed('n', at, 'c')}]")
        return Stated("\n".join(lines), words=LARGEST_OF_ALL)


LAYER = GlobalPool
SAMPLES = (
    Sample(GlobalPool(), ("N", 3, 2, 2)),
    Sample(GlobalPool("max"), ("N", 3, 2, 2)),
    Sample(GlobalPool("max"), ("N", "T", 2)),
)
