"""Names in a language of loops: a user's name is data, and becomes an identifier that is no keyword and
clashes with nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

NOTHING = re.compile(r"(?!)")


class Names:
    """A namespace: every key gets one identifier, and no two the same."""

    def __init__(
        self, taken: Iterable[str], kept: tuple[str, ...] = (), private: re.Pattern[str] = NOTHING
    ) -> None:
        self.taken = set(taken)
        self.kept = kept  # beginnings that are the file's own
        self.private = private  # beginnings that are the language's
        self.found: dict[object, str] = {}

    def of(self, key: object, wanted: str) -> str:
        """The identifier of `key`: `wanted`, with underscores behind it as long as it is taken."""
        if key not in self.found:
            self.found[key] = self.free(wanted)
            self.taken.add(self.found[key])
        return self.found[key]

    def free(self, wanted: str, besides: tuple[str, ...] = ()) -> str:
        """An identifier like `wanted` that nothing has, nor is among `besides`."""
        name = f"u{wanted}" if wanted.startswith(("_", *self.kept)) else wanted
        if self.private.match(name):
            name += "_"
        while name in self.taken or name in besides or re.fullmatch(r"some_\d+", name):
            name += "_"
        return name


def harmless(text: str) -> str:
    """Text that can stand in a comment of one line: printable ASCII, without a backslash (or what C99 takes
    for one, "??/"), which would join the next line to it, and without the quotes of Python.
    """
    shown = "".join(character if " " <= character <= "~" else "." for character in text)
    return shown.translate({ord("\\"): "/", ord('"'): "'"}).replace("??", "..")
