"""Pooling: the largest value, or the mean, of the window at each place, channel by channel.

The window of a maximum runs along one axis after the other: the largest of the largest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sympy import Expr

from symnet.errors import SpecError, nearest
from symnet.index.symbols import Tensor
from symnet.layers import space
from symnet.layers.layer import Layer, Sample, Stated
from symnet.layers.space import PLACES, SPANS, TAPS, Many, Window, listed
from symnet.sizes import Sizes

KINDS = ("max", "average")
OUT = ("P", "Q", "R")


def kind(value: object) -> None:
    """Raises SpecError unless `value` is max or average."""
    if value not in KINDS:
        raise SpecError(
            f"there is no pooling {value!r}",
            expected="one of " + ", ".join(KINDS),
            suggestion=nearest(str(value), KINDS),
        )


@dataclass(frozen=True, slots=True)
class Pool(Layer):
    """Pooling of X[N, places..., C] by windows of `window` places, `stride` apart (as wide as the window,
    unless given). Windows that do not fit at the end are left out.
    """

    FORMULA: ClassVar[str] = "A[n,p,q,c] = max over i, j of X[n,stride*p+i,stride*q+j,c], or their mean"
    WORDS: ClassVar[str] = "Each window passes on its largest value, or its mean."

    window: Many = 2
    pooling: str = "max"
    stride: Many | None = None

    def __post_init__(self) -> None:
        super(Pool, self).__post_init__()
        space.many("window", self.window)
        if self.stride is not None:
            space.many("stride", self.stride)
        kind(self.pooling)

    def stated(self, *x: Tensor, known: Sizes) -> Stated:
        """The mean over all taps, or a maximum along each axis."""
        axes = space.spatial(x[0])
        taps = space.each("window", self.window, axes)
        strides = space.each("stride", self.window if self.stride is None else self.stride, axes)
        windows = [Window(*each) for each in zip(taps, strides, strict=True)]
        sizes: dict[str, int | str | Expr] = {
            name: window.places(extent, known)
            for name, window, extent in zip(OUT, windows, x[0].shape[1:-1], strict=False)
        }
        reads = [
            space.shifted(place, w.stride, tap, 1, 0)
            for place, tap, w in zip(PLACES, TAPS, windows, strict=False)
        ]
        text = f"X: input[{listed('N', SPANS[:axes], 'C')}]\n"
        if self.pooling == "average":
            ranges = listed([f"{tap} < {w.taps}" for tap, w in zip(TAPS, windows, strict=False)])
            count = "*".join(str(w.taps) for w in windows)
            body = f"sum(X[{listed('n', reads, 'c')}], {ranges})/({count})"
            lines = [
                f"A: tensor[{listed('N', OUT[:axes], 'C')}]",
                f"A[{listed('n', PLACES[:axes], 'c')}] = {body}",
            ]
            return Stated(text + "\n".join(lines), sizes, words={"A": "Each window passes on its mean."})
        return Stated(text + maxima(reads, [w.taps for w in windows]), sizes, words=MAXIMA)


MAXIMA = {"A": "Each window passes on its largest value; the blame goes back to where that stood."}


def maxima(reads: list[str], taps: list[int]) -> str:
    """A maximum along one axis after the other, from X to A."""
    axes, lines, source = len(reads), list[str](), "X"
    for k in range(axes):
        name = "A" if k == axes - 1 else f"M{k + 1}"
        shape = listed("N", OUT[: k + 1], SPANS[k + 1 : axes], "C")
        at = listed("n", PLACES[:k], reads[k], PLACES[k + 1 : axes], "c")
        lines.append(f"{name}: tensor[{shape}]")
        lines.append(
            f"{name}[{listed('n', PLACES[:axes], 'c')}] = max({source}[{at}], {TAPS[k]} < {taps[k]})"
        )
        source = name
    return "\n".join(lines)


LAYER = Pool
SAMPLES = (
    Sample(Pool(2), ("N", 6, 2)),
    Sample(Pool(2, "average"), ("N", 5, 4, 2)),
    Sample(Pool((2, 3), stride=1), ("N", 3, 4, 2)),
    Sample(Pool(2, stride=2), ("N", 4, 4, 4, 1)),
)
