"""Every error that a user can cause, each with its place, what was expected and the nearest valid thing.

The command line prints `str(error)` and exits with code 2; a program catches `SymnetError`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager


class SymnetError(Exception):
    """Something that the user gave cannot be used.

    `place` says where (file, line, field, equation), `expected` what would have been right, and `suggestion`
    the nearest valid thing; each may be empty.
    """

    def __init__(self, message: str, *, place: str = "", expected: str = "", suggestion: str = "") -> None:
        self.message = message
        self.place = place
        self.expected = expected
        self.suggestion = suggestion
        super().__init__(message)

    def __str__(self) -> str:
        text = f"{self.place}: {self.message}" if self.place else self.message
        if self.expected:
            text += f"\n  expected: {self.expected}"
        if self.suggestion:
            text += f"\n  did you mean: {self.suggestion}?"
        return text

    def at(self, place: str) -> SymnetError:
        """The same error seen from further out: `place` is put in front of the place that it already has."""
        self.place = f"{place}, {self.place}" if self.place else place
        return self


class SpecError(SymnetError):
    """A specification (TOML or Python arguments) that is not a network."""


class EquationError(SymnetError):
    """An equation that cannot be read, or that contradicts the others."""


class ShapeError(EquationError):
    """Sizes that do not agree."""


class DerivationError(SymnetError):
    """A derivative that does not exist or that would be of no use."""


class LoweringError(SymnetError):
    """An equation that has no whole-array form."""


class DataError(SymnetError):
    """Arrays that do not fit the network, or that hold values that are not finite."""


class MissingToolError(SymnetError):
    """Something optional that is not installed; the message names the extra or the program."""


class ProcessError(SymnetError):
    """One of several processes that train together ended before its time."""


@contextmanager
def placed(place: str) -> Iterator[None]:
    """Errors of the user's that come from inside are seen from `place`; an empty one adds nothing."""
    try:
        yield
    except SymnetError as error:
        if place:
            error.at(place)
        raise


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that is most like `name`, or an empty string where none is near."""
    lower = {candidate.lower(): candidate for candidate in known}
    matches = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=0.5)
    return lower[matches[0]] if matches else ""
