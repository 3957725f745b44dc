"""Convolution over one, two or three axes: the same small weights at every place.

Stride, dilation, padding and groups are affine reads of the input; what lies outside of it is zero. With as
many groups as channels it is a depthwise convolution.
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
from symnet.layers.space import PLACES, SPANS, TAPS, Many, Window, listed
from symnet.messages import say
from symnet.registry import settings_of, width
from symnet.sizes import Sizes

OUT, KERNEL = ("P", "Q", "R"), ("I", "J", "K")


@dataclass(frozen=True, slots=True)
class Conv(Layer):
    """A convolution (in the field's sense: a correlation) of X[N, places..., C] to `channels` channels.

    kernel, stride, dilation: whole numbers, or one for each axis. padding: "valid" (none), "same", or so many
    zeros at each end. groups: the channels of input and output fall into so many groups that do not see each
    other. LeCun et al. (1989), Backpropagation applied to handwritten zip code recognition.
    """

    FORMULA: ClassVar[str] = (
        "Z[n,p,q,f] = sum(X[n,stride*p+i-pad,stride*q+j-pad,c]*W[i,j,c,f], i, j, c) + b[f]\n"
        "A[n,p,q,f] = activation(Z[n,p,q,f])"
    )
    WORDS: ClassVar[str] = (
        "The same weights look at every place of the input; the blame of all places is added up."
    )

    channels: int
    kernel: Many = 3
    stride: Many = 1
    padding: str | Many = "valid"
    dilation: Many = 1
    groups: int = 1
    activation: str = "linear"
    bias: bool = True
    settings: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super(Conv, self).__post_init__()
        whole("channels", self.channels)
        whole("groups", self.groups)
        for option in ("kernel", "stride", "dilation"):
            space.many(option, getattr(self, option))
        space.check_padding(self.padding)
        flag("bias", self.bias)
        settings_of("activations", self.activation, self.settings, place="activation")

    def windows(self, x: Tensor, known: Sizes) -> tuple[Window, ...]:
        """The window along each axis of places."""
        axes = space.spatial(x)
        options = [space.each(name, getattr(self, name), axes) for name in ("kernel", "stride", "dilation")]
        paddings = space.padding_of(self.padding, axes)
        return tuple(
            space.padded(padding, Window(*window), extent, known)
            for window, padding, extent in zip(
                zip(*options, strict=True), paddings, x.shape[1:-1], strict=True
            )
        )

    def stated(self, *x: Tensor, known: Sizes) -> Stated:
        """The sum over the window's taps and the input's channels."""
        windows = self.windows(x[0], known)
        axes = len(windows)
        sizes: dict[str, int | str | Expr] = {}
        for name, window, extent in zip(OUT, windows, x[0].shape[1:-1], strict=False):
            sizes[name] = window.places(extent, known)
        sizes |= {name: window.taps for name, window in zip(KERNEL, windows, strict=False)}
        reads = [
            space.shifted(place, w.stride, tap, w.dilation, w.before)
            for place, tap, w in zip(PLACES, TAPS, windows, strict=False)
        ]
        taps, places, kernel, out = TAPS[:axes], PLACES[:axes], KERNEL[:axes], OUT[:axes]
        if self.groups > 1:
            return self.grouped(x[0], known, sizes, reads)
        units = width(self.activation)
        lines = [
            f"X: input[{listed('N', SPANS[:axes], 'C')}]",
            f"W: parameter[{listed(kernel, 'C', units)}]",
            f"Z: tensor[{listed('N', out, units)}]",
            f"b: parameter[{units}]" * self.bias,
            f"Z[{listed('n', places, 'f')}] = sum(X[{listed('n', reads, 'c')}]*W[{listed(taps, 'c', 'f')}], "
            f"{listed(taps, 'c')}){' + b[f]' * self.bias}",
        ]
        return self.made(lines, {**sizes, "H": self.channels})

    def grouped(
        self, x: Tensor, known: Sizes, sizes: dict[str, int | str | Expr], reads: list[str]
    ) -> Stated:
        """The channels fall into groups G of C each, which become F each."""
        axes = len(reads)
        taps, places, kernel, out = TAPS[:axes], PLACES[:axes], KERNEL[:axes], OUT[:axes]
        given = known.value(x.shape[-1])
        units = width(self.activation)
        factor = 2 if units != "H" else 1
        if given is None or given % self.groups or self.channels % self.groups:
            raise ShapeError(
                f"{given or 'an unknown number of'} channels to {self.channels} do not fall into "
                f"{self.groups} groups",
                expected="multiples of the number of groups",
            )
        lines = [
            f"X: input[{listed('N', SPANS[:axes], 'M')}]",
            f"W: parameter[{listed(kernel, 'C', 'G', 'F')}]",
            "b: parameter[G, F]" * self.bias,
            f"V: tensor[{listed('N', out, 'G', 'F')}]",
            f"Z: tensor[{listed('N', out, units)}]",
            f"V[{listed('n', places, 'g', 'f')}] = sum(X[{listed('n', reads, 'C*g + c')}]*"
            f"W[{listed(taps, 'c', 'g', 'f')}], {listed(taps, 'c')}){' + b[g,f]' * self.bias}",
            f"Z[{listed('n', places, 'h')}] = sum(V[{listed('n', places, 'g', 'f')}]*(h == F*g + f), g, f)",
        ]
        own = {"G": self.groups, "C": given // self.groups, "F": factor * self.channels // self.groups}
        return self.made(lines, {**sizes, **own, "H": self.channels})

    def made(self, lines: list[str], sizes: Mapping[str, int | str | Expr]) -> Stated:
        """The layer's text with its words and its activation."""
        words = (
            {"Z": self.WORDS} if self.groups == 1 else {"V": self.WORDS, "Z": say("The groups side by side.")}
        )
        return Stated(
            "\n".join(filter(None, lines)),
            sizes,
            words=words,
            activation=self.activation,
            activation_settings=self.settings,
        )


LAYER = Conv
SAMPLES = (
    Sample(Conv(2, kernel=3), ("N", 6, 2)),
    Sample(Conv(2, kernel=2, stride=2, padding="same", activation="relu"), ("N", 5, 4, 2)),
    Sample(Conv(2, kernel=(2, 3), stride=(2, 1), padding=(1, 0), dilation=(2, 1)), ("N", 5, 4, 1)),
    Sample(Conv(4, kernel=2, groups=2), ("N", 3, 3, 4)),
    Sample(Conv(2, kernel=2, groups=2, padding="same"), ("N", 4, 2)),
    Sample(Conv(1, kernel=2), ("N", 3, 2, 3, 1)),
)
