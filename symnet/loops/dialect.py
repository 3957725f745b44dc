"""What differs between the languages that loops are written in. Both have C's statements and operators; kinds
are "real" (an entry of an array), "double" (a single number), "place" (a whole number) and "mask".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Dialect(Protocol):
    """How a language puts things."""

    COUNTER: str  # what declares the variable of a loop
    INDEPENDENT: str  # stands before a loop no turn of which touches what another writes; may be empty
    INFINITY: str
    # whether functions take rows of memory from any entry on, so that long sums and large products are called
    CALLS: bool

    def constant(self, kind: str, name: str, value: str) -> str:
        """The statement that gives a value a name."""
        ...

    def variable(self, kind: str, name: str, value: str) -> str:
        """The statement for a value that is to change."""
        ...

    def cast(self, kind: str, text: str) -> str:
        """A number made one of this kind."""
        ...

    def literal(self, text: str) -> str:
        """A positive constant beside entries of arrays."""
        ...

    def quotient(self, above: str, below: str) -> str:
        """The quotient of whole numbers, without what is left over."""
        ...

    def power(self, base: str, exponent: str) -> str:
        """A power of numbers of double precision."""
        ...

    def element(self, function: str, args: Sequence[str], kind: str) -> str:
        """A function of arguments that are names, entries or numbers."""
        ...

    def clip(self, place: str, extent: str) -> str:
        """The nearest place that there is."""
        ...

    def field(self, owner: str, name: str) -> str:
        """What the trainer "t" or the workspace "w" has under this name."""
        ...

    def told(self, name: str) -> str:
        """Where a size lies that the trainer is told; the name itself where that is known everywhere."""
        ...

    def array(self, kind: str, name: str, owner: str, field: str, offset: str) -> str:
        """The statement that gives an array a name: it begins in a field of its owner, from an entry on."""
        ...

    def unused(self, name: str) -> str:
        """The statement that says that an argument is not used; empty where none is needed."""
        ...
