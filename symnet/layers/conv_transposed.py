"""Transposed convolution: every place of the input stamps the kernel into the output, where stamps add up.

Its forward equation is a convolution's adjoint with respect to the input, and the other way round.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from sympy import Expr

from symnet.errors import ShapeError
from symnet.index.symbols import Tensor
from symnet.layers import space
from symnet.layers.layer import Layer, Sample, Stated, flag, whole
from symnet.layers.space import PLACES, SPANS, TAPS, Many, listed
from symnet.registry import settings_of, width
from symnet.sizes import Sizes

OUT, KERNEL, TARGETS = ("P", "Q", "R"), ("I", "J", "K"), ("s", "t", "u")


@dataclass(frozen=True, slots=True)
class ConvTransposed(Layer):
    """A transposed convolution of X[N, places..., C] to `channels` channels.

    kernel, stride, dilation, padding: whole numbers, or one for each axis; padding cuts so much off each end.
    An axis of size D becomes stride*(D - 1) + dilation*(kernel - 1) + 1 - 2*padding. Zeiler, Krishnan, Taylor
    and Fergus (2010), Deconvolutional networks.
    """

    FORMULA: ClassVar[str] = (
        "Z[n,s,t,f] = sum(X[n,p,q,c]*W[i,j,c,f]*(s == stride*p+i-pad)*(t == stride*q+j-pad), p, q, i, j, c)"
        " + b[f]"
    )
    WORDS: ClassVar[str] = (
        "Every place of the input stamps the weights into the output, and the stamps add up."
    )

    channels: int
    kernel: Many = 3
    stride: Many = 1
    padding: Many = 0
    dilation: Many = 1
    activation: str = "linear"
    bias: bool = True
    settings: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super(ConvTransposed, self).__post_init__()
        whole("channels", self.channels)
        for option in ("kernel", "stride", "dilation"):
            space.many(option, getattr(self, option))
        space.many("padding", self.padding, 0)
        flag("bias", self.bias)
        settings_of("activations", self.activation, self.settings, place="activation")

    def stated(self, *x: Tensor, known: Sizes) -> Stated:
        """The sum of the stamps that reach a place."""
        axes = space.spatial(x[0])
        kernel, stride, padding, dilation = (
            space.each(name, getattr(self, name), axes)
            for name in ("kernel", "stride", "padding", "dilation")
        )
        sizes: dict[str, int | str | Expr] = {"H": self.channels}
        where: list[str] = []
        for k in range(axes):
            extent = known.value(x[0].shape[1 + k]) or x[0].shape[1 + k]
            sizes[OUT[k]] = stride[k] * (extent - 1) + dilation[k] * (kernel[k] - 1) + 1 - 2 * padding[k]
            if isinstance(extent, int) and sizes[OUT[k]] < 1:  # type: ignore[operator]
                raise ShapeError(f"padding {padding[k]} leaves nothing", expected="less")
            sizes[KERNEL[k]] = kernel[k]
            place = space.shifted(PLACES[k], stride[k], TAPS[k], dilation[k], padding[k])
            where.append(f"({TARGETS[k]} == {place})")
        units = width(self.activation)
        taps, places = TAPS[:axes], PLACES[:axes]
        lines = [
            f"X: input[{listed('N', SPANS[:axes], 'C')}]",
            f"W: parameter[{listed(KERNEL[:axes], 'C', units)}]",
            f"Z: tensor[{listed('N', OUT[:axes], units)}]",
            f"b: parameter[{units}]" * self.bias,
            f"Z[{listed('n', TARGETS[:axes], 'f')}] = sum(X[{listed('n', places, 'c')}]*"
            f"W[{listed(taps, 'c', 'f')}]*{'*'.join(where)}, {listed(places, taps, 'c')})"
            f"{' + b[f]' * self.bias}",
        ]
        return Stated(
            "\n".join(filter(None, lines)),
            sizes,
            words={"Z": self.WORDS},
            activation=self.activation,
            activation_settings=self.settings,
        )


LAYER = ConvTransposed
SAMPLES = (
    Sample(ConvTransposed(2, kernel=3, stride=2), ("N", 3, 2)),
    Sample(ConvTransposed(2, kernel=2, stride=(2, 1), padding=(1, 0), dilation=(1, 2)), ("N", 3, 2, 2)),
)
