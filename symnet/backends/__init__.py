"""Backends: each folder here prints array programs in one language. They are found by being here; no list is
edited.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import Protocol

from symnet.derivation.journal import Derived
from symnet.discovery import modules, names
from symnet.errors import SymnetError, nearest


@dataclass(frozen=True, slots=True)
class Meta:
    """What a generated module says of itself, and how it trains unless told otherwise."""

    name: str  # of the network
    source: str  # what it was made from, such as "xor.toml"
    command: str = ""  # that makes it again
    prediction: str = ""  # the tensor that `predict` gives; none where it is empty
    epochs: int = 100
    batch_size: int | None = None  # all samples at once, unless given
    seed: int = 0
    solver: str = ""  # that trains, where no update does
    settings: Mapping[str, float] = field(default_factory=dict)  # the solver's, in place of its own
    target: str = ""  # what it is to run on, where the backend knows several: "embedded"
    form: str = ""  # "arrays" or "numbers" where the backend is not to choose by what they cost


class Backend(Protocol):
    """What a folder of this package must have."""

    WORDS: str  # what it is, for a list
    SUFFIX: str  # of the file that it makes
    EXTRA: str  # of symnet, that has what such a file needs besides NumPy; may be empty

    def generate(self, derived: Derived, meta: Meta) -> str:
        """The text of a module that trains the network."""
        ...


def module_of(backend: Backend, derived: Derived, meta: Meta) -> str:
    """The text of a Python module whose Trainer works by this backend: that which it generates, unless it
    generates another language's and has a `python_module` of the same signature besides.
    """
    make: Callable[[Derived, Meta], str] = getattr(backend, "python_module", backend.generate)
    return make(derived, meta)


def targets(backend: Backend) -> tuple[str, ...]:
    """What a backend can write for besides the machine that it runs on."""
    found: tuple[str, ...] = getattr(backend, "TARGETS", ())
    return found


def backend(name: str) -> Backend:
    """The backend of that name. Raises SymnetError where there is none."""
    known = names(__name__, folders=True)
    if name not in known:
        raise SymnetError(
            f"there is no backend {name!r}",
            expected="one of " + ", ".join(known),
            suggestion=nearest(name, known),
        )
    found: Backend = import_module(f"{__name__}.{name}")
    return found


@cache
def backends() -> Mapping[str, Backend]:
    """The backends by name, in alphabetical order."""
    return modules(__name__, folders=True)
