"""Axes: where their ticks are, and what is written at them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from symnet.documents import typeset as t
from symnet.documents.figures.drawing import Words

STEPS = (1.0, 2.0, 5.0, 10.0)
"""What the distance of two ticks begins with."""
SPAN = 50.0
"""Values that span a larger factor are shown on a logarithmic axis."""


@dataclass(frozen=True, slots=True)
class Axis:
    """From the number `low` to `high`, with ticks that are written at and finer ones that are not."""

    low: float
    high: float
    ticks: tuple[float, ...]
    fine: tuple[float, ...] = ()
    logarithmic: bool = False

    def share(self, value: float) -> float:
        """How far along the axis a value is: 0 at its beginning, 1 at its end."""
        if self.logarithmic:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


def step(low: float, high: float, most: int = 6) -> float:
    """The distance of ticks, at most so many of them between `low` and `high`."""
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    return next(power * m for m in STEPS if (high - low) / (power * m) <= most)


def ticks(low: float, high: float, most: int = 6) -> tuple[float, ...]:
    """Round numbers from `low` to `high`."""
    by = step(low, high, most)
    first, last = math.ceil(low / by - 1e-9), math.floor(high / by + 1e-9)
    return tuple(float(f"{by * k:.12g}") for k in range(first, last + 1))


def axis(values: Sequence[float]) -> Axis:
    """An axis for values that start from zero, or that span so much that it is better a logarithmic one."""
    least, most = min(values), max(values)
    if least > 0 and most / least > SPAN:
        return _logarithmic(least, most)
    low, high = min(0.0, least), most
    high = high if high > low else low + 1.0
    by = step(low, high)
    low, high = by * math.floor(low / by + 1e-9), by * math.ceil(high / by - 1e-9)
    return Axis(low, high, ticks(low, high, 2 * 6))


def _logarithmic(least: float, most: float) -> Axis:
    """Powers of ten are written at, those of every decade, or of every second or third of many."""
    first, last = math.floor(math.log10(least) + 1e-9), math.ceil(math.log10(most) - 1e-9)
    decades = range(first, last + 1)
    marks = [float(f"{m * 10.0**k:.12g}") for k in decades for m in STEPS[:-1]]
    low = max((mark for mark in marks if mark <= least * (1 + 1e-9)), default=10.0**first)
    high = min((mark for mark in marks if mark >= most * (1 - 1e-9)), default=10.0**last)
    apart = max(1, math.ceil(len(decades) / 8))
    written = tuple(mark for mark in marks[:: 3 * apart] if low <= mark <= high)
    fine = tuple(mark for mark in marks if low <= mark <= high) if len(decades) <= 5 else ()
    return Axis(low, high, written, fine, logarithmic=True)


def tick_words(value: float) -> Words:
    """A number at a tick: small and large ones as a power of ten."""
    text = f"{value:g}"
    digits, _, power = text.partition("e")
    if value > 0 and not power and math.log10(value) % 1 == 0 and not 1e-4 <= value <= 1e5:
        digits, power = "1", f"{round(math.log10(value))}"
    if not power:
        return text.replace("-", "−")
    sign = (t.MINUS_SIGN,) if power.startswith("-") else ()
    ten = t.Script(t.Number("10"), None, t.row(*sign, t.Number(str(abs(int(power))))))
    return (ten,) if digits == "1" else (f"{digits} · ", ten)
