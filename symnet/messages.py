"""What symnet says to people, in such a way that it can be said in another language.

Every sentence is written in English where it belongs, inside `say("...")` or `Context.text("...")`: that is
how it is found for the catalogues (symnet/locale). A message is a str like any other, and remembers the
sentence that it was made from, so that whoever prints it can say the same in another language.
"""

from __future__ import annotations

import gettext
from collections.abc import Mapping
from functools import cache
from pathlib import Path

DOMAIN, CATALOGUES = "symnet", Path(__file__).parent / "locale"


class Message(str):
    """A sentence with its parts put in; `template` is the sentence without them."""

    template: str
    parts: Mapping[str, object]


def say(template: str, /, **parts: object) -> Message:
    """`template` with `parts` where it names them in braces; without parts it is taken as it stands."""
    message = Message(template.format(**parts) if parts else template)
    message.template, message.parts = template, parts
    return message


class Language:
    """Says messages in one language; what its catalogue lacks stays English."""

    def __init__(self, name: str = "en") -> None:
        self.name = name
        self._catalogue = _catalogue(name)

    def template(self, template: str) -> str:
        """A sentence without its parts, in this language."""
        return self._catalogue.gettext(template) if template else ""

    def __call__(self, words: str) -> str:
        """A message in this language, and its parts as well where they are messages."""
        if not isinstance(words, Message):
            return self.template(words)
        said = self.template(words.template)
        if not words.parts:
            return said
        parts = {name: self(part) if isinstance(part, str) else part for name, part in words.parts.items()}
        return said.format(**parts)


@cache
def _catalogue(name: str) -> gettext.NullTranslations:
    if name == "en":
        return gettext.NullTranslations()
    return gettext.translation(DOMAIN, CATALOGUES, [name])


def languages() -> tuple[str, ...]:
    """The languages that there are catalogues for, English first."""
    return ("en", *sorted(path.parents[1].name for path in CATALOGUES.glob(f"*/LC_MESSAGES/{DOMAIN}.mo")))
