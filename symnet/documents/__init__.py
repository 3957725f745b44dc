"""Documents: a derivation in words and formulas, printed from its journal. Each format is a folder with a
`write` function.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Protocol

from symnet.collector import uncollected
from symnet.derivation.journal import Derived
from symnet.discovery import modules
from symnet.documents.compose import compose
from symnet.documents.matrices import Convention
from symnet.documents.outline import Document, Evidence, Live, Meta, Results
from symnet.documents.repeats import general
from symnet.errors import SymnetError, nearest
from symnet.messages import languages


class Format(Protocol):
    """A document format."""

    NAME: str
    SUFFIX: str
    WORDS: str

    def write(self, document: Document) -> str:
        """The document as text in this format."""
        ...


@cache
def formats() -> Mapping[str, Format]:
    """The formats, by name: each folder here that writes documents."""
    folders = modules(__name__, folders=True)
    return {name: folder for name, folder in folders.items() if hasattr(folder, "write")}


def extra_of(form: Format) -> str:
    """The extra that has to be installed for a format; empty where none has."""
    return getattr(form, "EXTRA", "")


@uncollected()
def document(  # noqa: PLR0913 - a derivation, and what was found out about it
    derived: Derived,
    meta: Meta,
    form: str = "html",
    convention: Convention = "rows",
    code: str = "",
    evidence: Evidence | None = None,
    results: Results | None = None,
    live: Live | None = None,
) -> str:
    """The document of a derivation in the format `form`.

    Raises SymnetError for a format, a convention or a language that does not exist.
    """
    if meta.language not in languages():
        expected, near = "one of " + ", ".join(languages()), nearest(meta.language, languages())
        raise SymnetError(f"there is no language {meta.language!r}", expected=expected, suggestion=near)
    chosen = _format(form, convention)
    outline = replace(compose(derived, meta, convention, code, evidence, results), live=live)
    return chosen.write(outline if getattr(chosen, "UNFOLDS", False) else general(outline))


def fragment(derived: Derived, meta: Meta, form: str = "latex", convention: Convention = "rows") -> str:
    """The equations of a derivation alone, to be pasted into a document that has its own words and numbers.

    Raises SymnetError for a format that has no such thing.
    """
    made = getattr(_format(form, convention), "fragment", None)
    if made is None:
        able = " or ".join(name for name, member in formats().items() if hasattr(member, "fragment"))
        raise SymnetError(f"{form} has no fragment", expected=able)
    return str(made(compose(derived, meta, convention)))


def _format(form: str, convention: str) -> Format:
    known = formats()
    if form not in known:
        expected, near = "one of " + ", ".join(known), nearest(form, known)
        raise SymnetError(f"there is no format {form!r}", expected=expected, suggestion=near)
    if convention not in ("rows", "columns"):
        raise SymnetError(f"there is no convention {convention!r}", expected="rows or columns")
    return known[form]
