"""What a drawing is made of, free of any format: a few records, which `svg.py` and `tikz.py` print.

Lengths are those of the SVG, with y downwards. What a part looks like hangs on its `kind`, a class:
`style.css` and the tables in `tikz.py` say what it means. `data` says what a part stands for, such as
("layer", "layer 1"), so that a page's script can find it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from symnet.documents.breaking import width
from symnet.documents.typeset import Node

Point = tuple[float, float]
Data = tuple[tuple[str, str], ...]
Words = str | tuple[str | Node, ...]
"""What is written: words, or words with formulas between them."""


@dataclass(frozen=True, slots=True)
class Circle:
    """A circle around a point."""

    x: float
    y: float
    radius: float
    kind: str
    data: Data = ()


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle by its corner at the top left, with round corners."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    round: float = 0.0


@dataclass(frozen=True, slots=True)
class Path:
    """A line through `points`; one that `bends` has two points that draw it to them between any two that it
    goes through (a chain of Bézier curves).
    """

    points: tuple[Point, ...]
    kind: str
    bends: bool = False
    arrow: bool = False
    data: Data = ()


@dataclass(frozen=True, slots=True)
class Patches:
    """Many areas that are filled alike, `strength` of 1 being opaque."""

    areas: tuple[tuple[Point, ...], ...]
    kind: str
    strength: float = 1.0


@dataclass(frozen=True, slots=True)
class Label:
    """Words on a line whose base is at y: `anchor` is "start", "middle" or "end" of them; `turned` reads
    upwards.
    """

    x: float
    y: float
    words: Words
    kind: str = "label"
    anchor: str = "middle"
    turned: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Parts that belong together."""

    parts: tuple[Part, ...]
    kind: str = ""
    data: Data = ()


Part = Circle | Box | Path | Patches | Label | Group


@dataclass(frozen=True, slots=True)
class Drawing:
    """A whole drawing; `title` says what is on it to those who do not see it."""

    width: float
    height: float
    title: str
    parts: tuple[Part, ...]
    kind: str = "network"


SIZES = {"label": 13.0, "name": 14.0, "small": 11.0, "dots": 20.0, "tick": 12.0, "axis": 12.0, "count": 12.0}
"""How large each kind of words is set."""


def size_of(kind: str) -> float:
    """How large words of this kind are set."""
    return next((SIZES[word] for word in kind.split() if word in SIZES), SIZES["label"])


def room(words: Words, kind: str = "label") -> float:
    """About how wide words are."""
    parts = (words,) if isinstance(words, str) else words
    letter = _letter(kind)
    return size_of(kind) * sum(
        sum(1.0 if ord(c) > 0x2E7F else letter for c in part) if isinstance(part, str) else width(part)
        for part in parts
    )


def _letter(kind: str) -> float:
    """How wide a letter is, in parts of its size."""
    return 0.66 if "name" in kind.split() else 0.58


def cut(words: str, most: float, kind: str = "label") -> str:
    """The words, or if they are wider than `most`, as many letters of them as fit, and dots."""
    if room(words, kind) <= most:
        return words
    count = int(most / (_letter(kind) * size_of(kind)))
    return words[: max(count - 1, 1)].rstrip() + "…"


def flowing(points: Sequence[Point], across: bool = False) -> tuple[Point, ...]:
    """The points of a path that bends, through `points`, leaving and reaching each of them downwards, or
    sideways where it goes `across`.
    """
    found = [points[0]]
    for (x1, y1), (x2, y2) in pairwise(points):
        x, y = (x1 + x2) / 2, (y1 + y2) / 2
        found += [(x, y1), (x, y2), (x2, y2)] if across else [(x1, y), (x2, y), (x2, y2)]
    return tuple(found)


def square(x: float, y: float, across: float, down: float) -> tuple[Point, ...]:
    """The corners of a rectangle."""
    return (x, y), (x + across, y), (x + across, y + down), (x, y + down)
