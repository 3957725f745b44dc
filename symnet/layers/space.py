"""What layers over images share: arrays X[N, places..., C] with one, two or three axes of places, channels
last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sympy import Expr, floor

from symnet.errors import ShapeError, SpecError
from symnet.index.symbols import Tensor
from symnet.layers.layer import whole
from symnet.sizes import Sizes

Many = int | Sequence[int]
"""One number for all axes, or one for each."""

PLACES = ("p", "q", "r")
TAPS = ("i", "j", "k")
SPANS = ("D1", "D2", "D3")
"""The sizes of an input along its places, in a layer's text."""


def many(name: str, value: object, least: int = 1) -> None:
    """Raises SpecError unless `value` is a whole number or a list of them."""
    values = value if isinstance(value, list | tuple) else [value]
    if not 1 <= len(values) <= len(PLACES):
        raise SpecError(f"{name} is {value!r}", expected="a whole number, or one for each axis")
    for one in values:
        whole(name, one, least)


def spatial(x: Tensor) -> int:
    """How many axes of places `x` has; raises ShapeError unless it is one to three."""
    if not 1 <= x.rank - 2 <= len(PLACES):
        raise ShapeError(
            f"{x.name} has {x.rank} axes",
            expected="samples, one to three axes of places, and channels, such as X[N, 28, 28, 1]",
        )
    return x.rank - 2


def each(name: str, value: Many, axes: int) -> tuple[int, ...]:
    """The number for each axis."""
    if isinstance(value, int):
        return (value,) * axes
    if len(value) != axes:
        raise ShapeError(f"{name} is {list(value)}", expected=f"one number, or {axes}")
    return tuple(value)


def shifted(place: str, stride: int, tap: str, dilation: int, before: int) -> str:
    """The place that a window reads: 2*p + i - 1."""
    first = place if stride == 1 else f"{stride}*{place}"
    second = tap if dilation == 1 else f"{dilation}*{tap}"
    return f"{first} + {second}" + (f" - {before}" if before else "")


def listed(*names: str | Sequence[str]) -> str:
    """Names with commas between them."""
    return ", ".join(name for part in names for name in ([part] if isinstance(part, str) else part))


@dataclass(frozen=True, slots=True)
class Window:
    """A window that slides along one axis: how many taps, how far apart, how far from one place to the next,
    and how many zeros stand before and after the axis.
    """

    taps: int
    stride: int = 1
    dilation: int = 1
    before: int = 0
    after: int = 0

    def places(self, extent: Expr, sizes: Sizes) -> int | Expr:
        """At how many places it fits on an axis; raises ShapeError where at none."""
        reach = self.dilation * (self.taps - 1) + 1
        known = sizes.value(extent)
        if known is None:
            rest = extent + self.before + self.after - reach
            return extent if rest == extent - 1 and self.stride == 1 else floor(rest / self.stride) + 1
        count = (known + self.before + self.after - reach) // self.stride + 1
        if count < 1:
            raise ShapeError(
                f"a window of {reach} does not fit on an axis of {known}", expected="a smaller one"
            )
        return count


def padded(padding: object, window: Window, extent: Expr, sizes: Sizes) -> Window:
    """The window with the zeros that `padding` stands for: none if valid, so many that strides alone shrink
    the axis if same, or a number at each end.
    """
    if padding == "valid":
        return window
    if padding != "same":
        assert isinstance(padding, int)
        return Window(window.taps, window.stride, window.dilation, padding, padding)
    reach = window.dilation * (window.taps - 1)
    known = sizes.value(extent)
    if window.stride > 1:
        if known is None:
            raise ShapeError(
                f"the size {extent} is not known", expected='a number of zeros in place of "same"'
            )
        reach = max((-(-known // window.stride) - 1) * window.stride + reach + 1 - known, 0)
    return Window(window.taps, window.stride, window.dilation, reach // 2, reach - reach // 2)


def padding_of(value: object, axes: int) -> tuple[object, ...]:
    """The padding for each axis."""
    return (value,) * axes if isinstance(value, str | int) else each("padding", value, axes)  # type: ignore[arg-type]


def check_padding(value: object) -> None:
    """Raises SpecError unless `value` is valid, same, or numbers."""
    if value not in ("valid", "same"):
        if isinstance(value, str):
            raise SpecError(f"padding is {value!r}", expected='"valid", "same", or a number of zeros')
        many("padding", value, 0)
