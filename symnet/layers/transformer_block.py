"""The transformer block: attention, then a feed-forward block, each with a way around it and a normalization.

pre:   h = x + attention(norm(x)),   y = h + feed_forward(norm(h))
post:  h = norm(x + attention(x)),   y = norm(h + feed_forward(h))
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from symnet.errors import SpecError, nearest
from symnet.index.symbols import Tensor
from symnet.layers.add import Add
from symnet.layers.attention import Attention
from symnet.layers.dropout import Dropout
from symnet.layers.feed_forward import FeedForward
from symnet.layers.layer import Block, Options, Sample, flag, number, size, whole
from symnet.layers.layer_norm import LayerNorm
from symnet.layers.rms_norm import RMSNorm
from symnet.registry import settings_of

NORMS = {"layer": LayerNorm, "rms": RMSNorm}
ORDERS = ("pre", "post")


@dataclass(frozen=True, slots=True)
class TransformerBlock(Block):
    """A transformer block over rows X[N, T, D].

    units: the width of the feed-forward block. order: "pre" or "post" normalization. norm: "layer" or "rms".
    heads, groups, causal, rotary, mask: of the attention. dropout: the share left out after each half.
    Vaswani et al. (2017), arXiv:1706.03762; Xiong et al. (2020), On layer normalization in the transformer
    architecture, arXiv:2002.04745.
    """

    FORMULA: ClassVar[str] = "h = x + attention(norm(x)); y = h + feed_forward(norm(h))"
    WORDS: ClassVar[str] = "Positions exchange what they know, then each one works on it alone."
    NAMED: ClassVar[tuple[str, ...]] = ("mask",)

    units: int
    heads: int = 1
    activation: str = "gelu"
    order: str = "pre"
    norm: str = "layer"
    groups: int | None = None
    causal: bool = False
    rotary: bool = False
    bias: bool = True
    mask: str = ""
    dropout: float = 0.0

    def __post_init__(self) -> None:
        super(TransformerBlock, self).__post_init__()
        size("units", self.units)
        whole("heads", self.heads)
        for option, known in (("order", ORDERS), ("norm", tuple(NORMS))):
            if getattr(self, option) not in known:
                raise SpecError(
                    f"{option} is {getattr(self, option)!r}",
                    expected="one of " + ", ".join(known),
                    suggestion=nearest(str(getattr(self, option)), known),
                )
        flag("bias", self.bias)
        number("dropout", self.dropout, 0, 0.999)
        settings_of("activations", self.activation, {}, place="activation")

    def layers(self, prefix: str, sources: Mapping[str, Tensor]) -> tuple[Options, ...]:
        """The two halves."""
        x = next(iter(sources))
        attend = Attention(
            self.heads,
            groups=self.groups,
            causal=self.causal,
            rotary=self.rotary,
            bias=self.bias,
            mask=self.mask,
            name=f"{prefix}_attend",
            inputs=("",),
        )
        feed = FeedForward(self.units, self.activation, self.bias, name=f"{prefix}_feed", inputs=("",))
        first = self.half(attend, x, prefix, 1)
        return (*first, *self.half(feed, first[-1].name, prefix, 2))

    def half(self, inner: Attention | FeedForward, x: str, prefix: str, number: int) -> tuple[Options, ...]:
        """A layer with a way around it, normalized before or after."""
        norm, add, drop = (f"{prefix}_{part}{number}" for part in ("norm", "add", "drop"))
        make = NORMS[self.norm]
        read = norm if self.order == "pre" else x
        found: list[Options] = [make(name=norm, inputs=(x,))] if self.order == "pre" else []
        found.append(replace(inner, inputs=(read,)))
        last = inner.name
        if self.dropout:
            found.append(Dropout(self.dropout, name=drop, inputs=(last,)))
            last = drop
        found.append(Add(name=add, inputs=(x, last)))
        if self.order == "post":
            found.append(make(name=norm, inputs=(add,)))
        return tuple(found)


LAYER = TransformerBlock
SAMPLES = (
    Sample(TransformerBlock(3, 2), ("N", "T", 2)),
    Sample(TransformerBlock(3, order="post", norm="rms", activation="relu", causal=True), ("N", "T", 2)),
)
