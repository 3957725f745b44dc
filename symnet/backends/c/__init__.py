"""C: one C99 file that needs math.h alone, with the whole loop of training in it, for a program, for a
device, or for Python, whose Trainer then calls it.
"""

from __future__ import annotations

from symnet.backends import Meta
from symnet.backends.c.source import Source
from symnet.backends.c.wrapper import python_module
from symnet.derivation.journal import Derived
from symnet.lowering.schedule import schedule

__all__ = ["EXTRA", "SUFFIX", "TARGETS", "WORDS", "generate", "python_module"]

WORDS = "one C99 file that needs math.h alone, for a program or, with --target embedded, for a device"
SUFFIX = ".c"
EXTRA = ""
TARGETS = ("embedded",)


def generate(derived: Derived, meta: Meta) -> str:
    """The text of the file. Raises LoweringError where an equation has no array form."""
    return Source(
        schedule(derived, meta.prediction, packed=bool(meta.solver), descends=meta.target != "embedded"), meta
    ).text()
