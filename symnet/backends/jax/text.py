"""Pieces of Python with the axes of the arrays that they stand for, and how they are joined."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from symnet.lowering.instructions import Kind
from symnet.lowering.nodes import Axes

COMPARISON, SUM, MATRIX, PRODUCT, SIGN, POWER, ATOM = range(7)
"""How tightly a piece of text binds. A product of matrices stands in brackets beside other products."""


@dataclass(frozen=True, slots=True)
class Text:
    """An expression of Python; its value has these axes, in this order."""

    text: str
    axes: Axes = ()
    level: int = ATOM
    kind: Kind = Kind.REAL

    def at_least(self, level: int) -> str:
        """The text, in brackets where it binds less tightly than `level`."""
        return self.text if self.level >= level else f"({self.text})"

    @property
    def atom(self) -> str:
        """The text, such that something may follow it."""
        return self.at_least(ATOM)


def number(text: str, kind: Kind = Kind.REAL) -> Text:
    """A number that is written with Python's own signs."""
    bare = text.removeprefix("-")
    whole = re.fullmatch(r"[\w.]+|\d[\d.]*e-\d+", bare) is not None
    level = SIGN if text.startswith("-") and whole else ATOM if whole else SUM
    return Text(text, level=level, kind=kind)


def aligned(value: Text, axes: Axes) -> Text:
    """The value with its dimensions in the order of `axes`, and one of a single entry for each that it lacks,
    but for those in front, which broadcasting adds.
    """
    if not value.axes:
        return value
    order = [value.axes.index(axis) if axis in value.axes else None for axis in axes]
    while order[0] is None:
        order.pop(0)
    present = [axis for axis in order if axis is not None]
    assert len(present) == len(value.axes), "every axis of a value is wanted"
    turned = transposed(value, present)
    if None in order:
        places = [":" if axis is not None else "None" for axis in order]
        while places[-1] == ":":
            places.pop()
        turned = replace(turned, text=f"{turned.atom}[{', '.join(places)}]", level=ATOM)
    return replace(turned, axes=tuple(axis for axis in axes if axis in value.axes))


def transposed(value: Text, order: list[int]) -> Text:
    """The value with its dimensions in this order."""
    if order == sorted(order):
        return value
    turn = ".T" if order == [1, 0] else f".transpose({', '.join(map(str, order))})"
    return replace(value, text=value.atom + turn, level=ATOM, axes=tuple(value.axes[k] for k in order))


def infix(sign: str, parts: Iterable[Text], level: int) -> str:
    """Parts with a sign between them: the first may bind as tightly as the whole, the others more tightly."""
    first, *others = parts
    more = level if sign in ("+", "*") else level + 1
    return f" {sign} ".join([first.at_least(level), *(part.at_least(more) for part in others)])


def subscripts(operands: Sequence[Axes], result: Axes) -> str:
    """What `einsum` is told: a letter for each axis, its index's own where that is to be had."""
    letters: dict[object, str] = {}
    free = iter("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    every = [axis for axes in operands for axis in axes]
    for axis in every:
        name = axis.index.name
        if axis not in letters and len(name) == 1 and name.isalpha() and name not in letters.values():
            letters[axis] = name
    for axis in every:
        if axis not in letters:
            letters[axis] = next(letter for letter in free if letter not in letters.values())
    spelled = [",".join("".join(letters[axis] for axis in axes) for axes in operands)]
    return "->".join([*spelled, "".join(letters[axis] for axis in result)])


def sequence(parts: Iterable[str]) -> str:
    """A tuple."""
    found = list(parts)
    return f"({found[0]},)" if len(found) == 1 else f"({', '.join(found)})"
