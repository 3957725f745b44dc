"""JavaScript: one ES module that stands alone, for a page or for Node.js."""

from __future__ import annotations

from symnet.backends import Meta
from symnet.backends.javascript.module import Script
from symnet.derivation.journal import Derived
from symnet.errors import SymnetError
from symnet.lowering.schedule import schedule

__all__ = ["EXTRA", "SUFFIX", "WORDS", "generate", "python_module"]

WORDS = "an ES module that stands alone, for a page or for Node.js"
SUFFIX = ".mjs"
EXTRA = ""


def generate(derived: Derived, meta: Meta) -> str:
    """The text of the module. Raises LoweringError where an equation has no array form, and SymnetError for
    what JavaScript is not written for: solvers and second derivatives.
    """
    missing = f"the solver {meta.solver}" if meta.solver else "second derivatives" if derived.further else ""
    if missing:
        raise SymnetError(
            f"there is no JavaScript for {missing}", expected="gradients, and an optimizer to train with"
        )
    return Script(schedule(derived, meta.prediction), meta).text()


def python_module(derived: Derived, meta: Meta) -> str:
    """There is none: a browser or Node.js runs the module. Raises SymnetError."""
    raise SymnetError(
        "Python runs no JavaScript", expected="symnet generate --backend javascript, or another backend here"
    )
