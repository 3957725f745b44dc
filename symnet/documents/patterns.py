"""What things have in common that differ in their numbers alone: Z2 = A1 W2 and Z3 = A2 W3.

Things are made of records, tuples and texts: formulas, blocks of a document, rows of a table. The form of a
thing is all of it but its numbers. Things of one form whose numbers grow evenly have one pattern: the same
with a mark, a character that stands in no text, in place of each number that grows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, get_args

from symnet.documents.typeset import Node

NUMBER = re.compile(r"(?<!\d)(?:0|[1-9]\d*)(?!\d)")
"""A whole number; not the digits behind a point that begin with 0."""
FIRST_MARK, LAST_MARK = "\ue000", "\uf8ff"
"""Marks are Unicode's characters for private use, which mean nothing by themselves."""
MARK = re.compile(f"[{FIRST_MARK}-{LAST_MARK}]")
NODES = get_args(Node)

LABEL, FORMULA, WORDS = "label", "formula", "words"
"""Where a text stands: as the number of an equation, in a formula, elsewhere."""
Change = Callable[[str, str], str]
"""Another text in place of one, by where it stands."""


@dataclass(frozen=True, slots=True)
class Form:
    """A number for all of a thing but its own numbers; and these, with where they stand, in the order of
    their appearance.
    """

    said: int
    numbers: tuple[int, ...] = ()
    places: tuple[str, ...] = ()


class Forms:
    """Finds the forms of things that are kept meanwhile: a formula in many places is looked at once."""

    def __init__(self) -> None:
        self._said: dict[Hashable, int] = {}
        self._texts: dict[tuple[str, str], Form] = {}
        self._known: dict[int, Form] = {}  # of formulas, by their identity

    def of(self, thing: Any, place: str = WORDS) -> Form:
        """The form of a thing that stands at a place."""
        if isinstance(thing, str):
            found = self._texts.get((thing, place))
            if found is None:
                found = self._texts[thing, place] = self._text(thing, place)
            return found
        if isinstance(thing, NODES):
            found = self._known.get(id(thing))
            if found is None:
                found = self._known[id(thing)] = self._record(thing, FORMULA)
            return found
        if isinstance(thing, tuple):
            return self._joined(tuple, [self.of(part, place) for part in thing])
        if _fields(thing):
            return self._record(thing, place)
        return Form(self._number((type(thing), thing if isinstance(thing, Hashable) else id(thing))))

    def _text(self, text: str, place: str) -> Form:
        numbers = tuple(map(int, NUMBER.findall(text)))
        said = NUMBER.sub(FIRST_MARK, text) if numbers else str(text)
        return Form(self._number(said), numbers, (place,) * len(numbers))

    def _record(self, thing: Any, place: str) -> Form:
        names = _fields(thing)
        return self._joined(
            type(thing), [self.of(getattr(thing, name), _place(thing, name, place)) for name in names]
        )

    def _joined(self, kind: type, parts: Sequence[Form]) -> Form:
        return Form(
            self._number((kind, *[part.said for part in parts])),
            tuple([number for part in parts for number in part.numbers]),
            tuple([place for part in parts for place in part.places]),
        )

    def _number(self, said: Hashable) -> int:
        return self._said.setdefault(said, len(self._said))


def changed(thing: Any, change: Change, place: str = WORDS) -> Any:
    """The same thing with other texts, which are asked for in the order of their appearance."""
    if isinstance(thing, str):
        new = change(thing, place)
        return thing if new == thing else new  # what stays remembers what it was made from
    if isinstance(thing, tuple):
        return tuple([changed(part, change, place) for part in thing])
    fields = _fields(thing)
    if not fields:
        return thing
    parts = {name: getattr(thing, name) for name in fields}
    changes = {name: changed(part, change, _place(thing, name, place)) for name, part in parts.items()}
    return replace(thing, **changes) if changes != parts else thing


def _fields(thing: Any) -> tuple[str, ...]:
    """The names of a record's parts; none for what is no record."""
    kind: Any = type(thing)
    return _fields_of(kind)


@cache
def _fields_of(kind: type) -> tuple[str, ...]:
    return tuple(getattr(kind, "__dataclass_fields__", ()))


def _place(thing: Any, field: str, place: str) -> str:
    return FORMULA if isinstance(thing, NODES) else LABEL if field == "label" else place


@dataclass(frozen=True, slots=True)
class Pattern:
    """Several things of one form: `marked` has a mark for each number that differs among them; `marks` says
    what the number is in the first of them, and by how much it grows from each to the next.
    """

    marked: Any
    marks: Mapping[str, tuple[int, int]]
    count: int

    def number(self, mark: str, k: int) -> int:
        """What a mark stands for in the thing number `k`."""
        first, step = self.marks[mark]
        return first + k * step

    def filled(self, text: str, k: int) -> str:
        """A text with its marks replaced by the numbers of the thing number `k`."""
        return MARK.sub(lambda found: str(self.number(found[0], k)), text)

    def instance(self, k: int) -> Any:
        """The thing number `k` itself."""
        return changed(self.marked, lambda text, _: self.filled(text, k))


def pattern(thing: Any, first: Sequence[int], second: Sequence[int], count: int) -> Pattern:
    """The pattern of `count` things that go on evenly, from the first of them and the numbers of the first
    two.
    """
    marks: dict[tuple[int, int], str] = {}
    texts: list[str] = []
    for number, following in zip(first, second, strict=True):
        grown = (number, following - number)
        texts.append(marks.setdefault(grown, chr(ord(FIRST_MARK) + len(marks))) if grown[1] else str(number))
    following_texts = iter(texts)
    marked = changed(thing, lambda text, _: NUMBER.sub(lambda _: next(following_texts), text))
    return Pattern(marked, {mark: grown for grown, mark in marks.items()}, count)


def continues(forms: Sequence[Form], following: Form) -> bool:
    """Whether a form is that of the things before it, with numbers that grow as theirs do."""
    first = forms[0]
    if first.said != following.said or first.places != following.places:
        return False
    if len(forms) == 1:
        return True
    grown = zip(first.numbers, forms[1].numbers, following.numbers, strict=True)
    return all(c == a + len(forms) * (b - a) for a, b, c in grown)
