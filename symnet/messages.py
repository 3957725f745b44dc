"""What symnet says to people, in such a way that it can be said in another language.

Every sentence is written in English where it belongs, inside `say("...")` or `Context.text("...")`: that is
how it is found for the catalogues (symnet/locale). A message is a str like any other, and remembers the
sentence that it was made from and what was put into it, so that whoever prints it can say the same in another
language and typeset the formulas in it.
"""

from __future__ import annotations

import gettext
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from functools import cache, reduce
from pathlib import Path
from string import Formatter
from typing import Any, TypeVar

DOMAIN, CATALOGUES = "symnet", Path(__file__).parent / "locale"
Thing = TypeVar("Thing")


class Message(str):
    """A sentence with its parts put in.

    `template` is the sentence without them. A part is a message itself, a tuple of parts that are listed ("a,
    b and c"), or data: a string that is the same in every language, a number, an expression.
    """

    template: str
    several: str  # the template for any other number than one; empty where nothing is counted
    number: int
    parts: Mapping[str, object]

    def with_parts(self, parts: Mapping[str, object]) -> Message:
        """The same sentence about something else."""
        return _message(self.template, self.several, self.number, parts)


def say(template: str, /, **parts: object) -> Message:
    """`template` with `parts` where it names them in braces; without parts it is taken as it stands."""
    if isinstance(template, Message) and not parts:
        return template
    return _message(template, "", 1, parts)


def say_count(one: str, several: str, /, number: int, **parts: object) -> Message:
    """`one` or `several`, as the `number` is; it is a part, too."""
    return _message(one, several, number, {**parts, "number": number})


def in_turn(*sentences: Message) -> Message:
    """Sentences one after another."""
    return reduce(lambda before, after: say(NEXT, before=before, after=after), sentences)


def _message(template: str, several: str, number: int, parts: Mapping[str, object]) -> Message:
    english = several if several and number != 1 else template
    message = Message(_joined(ENGLISH.pieces(english, parts)))
    message.template, message.several, message.number, message.parts = template, several, number, parts
    return message


def _joined(pieces: Iterator[object]) -> str:
    return "".join(map(str, pieces))


class Language:
    """Says messages in one language; what its catalogue lacks stays English."""

    def __init__(self, name: str = "en") -> None:
        self.name = name
        self._catalogue = _catalogue(name)

    def __call__(self, words: str, /, **parts: object) -> str:
        """A message in this language, or the sentence `words` with `parts` where it names them."""
        return _joined(self.said(words, **parts))

    def said(self, words: str, /, **parts: object) -> Iterator[object]:
        """The same in its pieces: words, and between them the parts that are no words."""
        if not isinstance(words, Message):
            return self.pieces(self.template(words), parts)
        return self.pieces(self.template(words.template, words.several, words.number), parts or words.parts)

    def marked(self, escape: Callable[[str], str], words: str, /, **parts: str) -> str:
        """A sentence as markup: its words escaped, the `parts` as they are."""
        pieces = Formatter().parse(self.template(words))
        return "".join(escape(text) + (parts[name] if name else "") for text, name, _, _ in pieces)

    @property
    def tag(self) -> str:
        """What HTML calls it: "zh-CN"."""
        return self._catalogue.info().get("language", self.name).replace("_", "-")

    def template(self, one: str, several: str = "", number: int = 1) -> str:
        """A sentence without its parts, in this language."""
        if several:
            return self._catalogue.ngettext(one, several, number)
        return self._catalogue.gettext(one) if one else ""  # the empty message is the catalogue's own head

    def pieces(self, template: str, parts: Mapping[str, object]) -> Iterator[object]:
        """A sentence of this language, cut at the parts that are put in."""
        if not parts:
            yield template
            return
        for words, name, _, _ in Formatter().parse(template):
            yield words
            if name is not None:
                yield from self._part(parts[name])

    def _part(self, part: object) -> Iterator[object]:
        if isinstance(part, Message):
            return self.said(part)
        if isinstance(part, tuple):
            return self._listed(part, LAST)
        return iter((part,))

    def _listed(self, parts: tuple[object, ...], joint: str) -> Iterator[object]:
        """The parts as a list in words; `joint` stands between the last one and those before it."""
        if len(parts) == 1:
            yield from self._part(parts[0])
        elif parts:
            for words, name, _, _ in Formatter().parse(self.template(joint)):
                yield words
                if name == "several":
                    yield from self._listed(parts[:-1], MORE)
                elif name == "last":
                    yield from self._part(parts[-1])

    def all_of(self, thing: Thing) -> Thing:
        """A record with every message in it, and in what it is made of, in this language."""
        return thing if self.name == "en" else self._all_of(thing, {})

    def _all_of(self, thing: Any, done: dict[int, Any]) -> Any:
        """`done` has what is made already, by the identity of what it was made from."""
        if isinstance(thing, Message):
            return self(thing)
        if isinstance(thing, tuple):
            return tuple([self._all_of(part, done) for part in thing])
        if not is_dataclass(thing) or isinstance(thing, type):
            return thing
        if id(thing) not in done:
            values = {field.name: getattr(thing, field.name) for field in fields(thing)}
            new = {name: self._all_of(value, done) for name, value in values.items()}
            changed = {name: value for name, value in new.items() if value is not values[name]}
            done[id(thing)] = replace(thing, **changed) if changed else thing
        return done[id(thing)]


@cache
def _catalogue(name: str) -> gettext.NullTranslations:
    if name == "en":
        return gettext.NullTranslations()
    return gettext.translation(DOMAIN, CATALOGUES, [name])


ENGLISH = Language()
LAST, MORE = say("{several} and {last}"), say("{several}, {last}")
"""How things are listed: "a, b and c"."""
NEXT = say("{before} {after}")
"""A sentence after another one."""


def languages() -> tuple[str, ...]:
    """The languages that there are catalogues for, English first."""
    return ("en", *sorted(path.parents[1].name for path in CATALOGUES.glob(f"*/LC_MESSAGES/{DOMAIN}.mo")))
