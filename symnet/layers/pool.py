"""Pooling: the largest value, or the mean, of the window at each place, channel by channel.

A maximum is two equations: where in the window it stands, and what stands there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from sympy import Expr

from symnet.errors import ShapeError, SpecError, nearest
from symnet.index.symbols import Tensor
from symnet.layers import space
from symnet.layers.layer import Layer, Sample, Stated
from symnet.layers.space import PLACES, SPANS, TAPS, Many, Window, listed
from symnet.messages import say
from symnet.sizes import Sizes

KINDS = ("max", "average")
OUT = ("P", "Q", "R")
POSITIONS = ("I", "J", "K")
"""Where in its window the largest value stands, along each axis."""


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

    padding: "valid" (none), "same", or by how many places a window may reach beyond each end. What lies
    outside takes no part: it is neither the largest, nor counted in the mean.
    """

    FORMULA: ClassVar[str] = (
        "A[n,p,q,c] = max over i, j of X[n,stride*p+i-pad,stride*q+j-pad,c], or their mean"
    )
    WORDS: ClassVar[str] = "Each window passes on its largest value, or its mean."

    window: Many = 2
    pooling: str = "max"
    stride: Many | None = None
    padding: str | Many = "valid"

    def __post_init__(self) -> None:
        super(Pool, self).__post_init__()
        space.many("window", self.window)
        if self.stride is not None:
            space.many("stride", self.stride)
        space.check_padding(self.padding)
        kind(self.pooling)

    def windows(self, x: Tensor, known: Sizes) -> tuple[Window, ...]:
        """The window along each axis of places; raises ShapeError where one may lie outside altogether."""
        axes = space.spatial(x)
        taps = space.each("window", self.window, axes)
        strides = space.each("stride", self.window if self.stride is None else self.stride, axes)
        paddings = space.padding_of(self.padding, axes)
        found = tuple(
            space.padded(padding, Window(*window), extent, known)
            for window, padding, extent in zip(
                zip(taps, strides, strict=True), paddings, x.shape[1:-1], strict=True
            )
        )
        for window in found:
            if max(window.before, window.after) >= window.taps:
                raise ShapeError(
                    f"a padding of {max(window.before, window.after)} is no less than the window of "
                    f"{window.taps}",
                    expected="a window that reaches into the input at every place",
                )
        return found

    def stated(self, *x: Tensor, known: Sizes) -> Stated:
        """The mean over the taps that lie inside, or the place of the largest and what stands there."""
        windows = self.windows(x[0], known)
        axes = len(windows)
        sizes: dict[str, int | str | Expr] = {
            name: window.places(extent, known)
            for name, window, extent in zip(OUT, windows, x[0].shape[1:-1], strict=False)
        }
        head = [f"X: input[{listed('N', SPANS[:axes], 'C')}]", f"A: tensor[{listed('N', OUT[:axes], 'C')}]"]
        if self.pooling == "average":
            return Stated("\n".join(head + mean(windows)), sizes, words=MEAN)
        return Stated("\n".join(head + largest(windows)), sizes, words=LARGEST)


MEAN = {
    "A": say("Each window passes on its mean."),
    **{f"B{k}": say("The share of one place in the mean: of those that lie inside.") for k in (1, 2, 3)},
}
LARGEST = {
    **dict.fromkeys(POSITIONS, say("Where in the window the largest value stands.")),
    "A": say("Each window passes on its largest value; the blame goes back to where that stood."),
}


def read(window: Window, place: str, tap: str) -> str:
    """The place that a tap of the window reads."""
    return space.shifted(place, window.stride, tap, 1, window.before)


def inside(at: str, span: str) -> tuple[str, str]:
    """What holds where the place `at` lies on an axis of the size `span`."""
    return f"0 <= {at}", f"{at} < {span}"


def reads_inside(windows: Sequence[Window], first: int) -> list[str]:
    """What holds where the taps from the `first` axis on lie inside the input; nothing for a window that
    never reaches beyond it.
    """
    axes = list(zip(windows, PLACES, TAPS, SPANS, strict=False))[first:]
    reaching = [(read(w, place, tap), span) for w, place, tap, span in axes if w.before or w.after]
    return [condition for place, span in reaching for condition in inside(place, span)]


def mean(windows: Sequence[Window]) -> list[str]:
    """The mean over the taps; where a window may reach beyond the input, over those that lie inside."""
    axes = len(windows)
    reads = [read(*each) for each in zip(windows, PLACES, TAPS, strict=False)]
    lines, shares, count = list[str](), "", 1
    for k, w in enumerate(windows):
        if w.before or w.after:
            both = "*".join(f"({part})" for part in inside(reads[k], SPANS[k]))
            lines += [
                f"B{k + 1}: tensor[{OUT[k]}]",
                f"B{k + 1}[{PLACES[k]}] = 1/sum({both}, {TAPS[k]} < {w.taps})",
            ]
            shares += f"B{k + 1}[{PLACES[k]}]*"
        else:
            count *= w.taps
    ranges = listed([f"{tap} < {w.taps}" for tap, w in zip(TAPS, windows, strict=False)])
    total = f"sum(X[{listed('n', reads, 'c')}], {ranges})"
    return [*lines, f"A[{listed('n', PLACES[:axes], 'c')}] = {shares}{total}/{count}"]


def largest(windows: Sequence[Window]) -> list[str]:
    """The place of the largest value, along one axis after the other, and what stands there."""
    axes = len(windows)
    at = f"[{listed('n', PLACES[:axes], 'c')}]"
    taps = list(TAPS[:axes])
    lines = []
    for k in range(axes):
        reads = listed("n", [read(*each) for each in zip(windows, PLACES, taps, strict=False)], "c")
        value = f"X[{reads}]"
        conditions = reads_inside(windows, k)
        if conditions:
            value = f"where({' and '.join(conditions)}, {value}, -inf)"
        ranges = listed([f"{tap} < {w.taps}" for tap, w in zip(taps[k:], windows[k:], strict=True)])
        lines += [
            f"{POSITIONS[k]}: tensor[{listed('N', OUT[:axes], 'C')}] integer",
            f"{POSITIONS[k]}{at} = argmax({value}, {ranges})",
        ]
        taps[k] = f"{POSITIONS[k]}{at}"
    return [
        *lines,
        f"A{at} = X[{listed('n', [read(*e) for e in zip(windows, PLACES, taps, strict=False)], 'c')}]",
    ]


LAYER = Pool
SAMPLES = (
    Sample(Pool(2), ("N", 6, 2)),
    Sample(Pool(2, "average"), ("N", 5, 4, 2)),
    Sample(Pool((2, 3), stride=1), ("N", 3, 4, 2)),
    Sample(Pool(2, stride=2), ("N", 4, 4, 4, 1)),
    Sample(Pool(3, stride=2, padding="same"), ("N", 5, 4, 2)),
    Sample(Pool((3, 2), "average", stride=1, padding=(1, 0)), ("N", 3, 4, 1)),
    Sample(Pool(2, padding=1), ("N", 3, 1)),
)
