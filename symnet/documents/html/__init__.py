"""HTML: one file that holds everything, with its formulas in MathML; no script, no network."""

from __future__ import annotations

import html
import json
import re
from functools import partial

from markupsafe import Markup

from symnet.documents.breaking import lines, width
from symnet.documents.figures.svg import STYLE
from symnet.documents.html.listing import listing
from symnet.documents.mathml import mathml, mathml_lines
from symnet.documents.outline import Document, Statement, Text, Unfolding
from symnet.documents.patterns import MARK
from symnet.documents.typeset import Node
from symnet.messages import Language
from symnet.rendering import environment

LINE = 44.0
"""So many em fit on a line of the page."""
REFERENCE = re.compile(rf"\(((?:\d+|{MARK.pattern})[a-z]?)\)")
"""The number of an equation, or in a pattern the mark in its place."""
UNFOLDS = True
NAME, SUFFIX, WORDS = "html", ".html", "a page that opens from disk, with its formulas as real text"


def write(document: Document) -> str:
    """The document as an HTML page."""
    template = environment(__name__).get_template("DOCUMENT.html.jinja")
    language = Language(document.language)
    return template.render(
        document=document,
        tag=language.tag,
        say=partial(language.marked, html.escape),
        text=_text,
        formula=_formula,
        wide=_is_wide,
        listing=listing,
        safe=Markup,
        mark=_mark,
        marks=_marks,
        unfolds=_unfolds,
        drawings=STYLE,
    )


def _text(text: Text | str) -> Markup:
    """Words escaped, formulas as MathML; numbers of equations become links."""
    parts = (text,) if isinstance(text, str) else text
    return Markup("".join(_linked(part) if isinstance(part, str) else mathml(part) for part in parts))  # noqa: S704


def _linked(words: str) -> str:
    return REFERENCE.sub(r'(<a href="#eq-\1">\1</a>)', html.escape(words))


def _formula(node: Node) -> Markup:
    return Markup(mathml_lines(lines(node, LINE)))  # noqa: S704 - typeset.py escapes every name


def _is_wide(block: Statement) -> bool:
    """Whether the two forms of a statement do not fit beside each other."""
    return max(width(form) for form in (block.index, block.matrix) if form is not None) > LINE / 2


def _mark(name: str) -> str:
    """The name of a block's class, which tells the template how to print it."""
    return type(name).__name__.lower()


def _marks(block: Unfolding) -> str:
    """What the marks of a pattern stand for."""
    return json.dumps(dict(block.pattern.marks))


def _unfolds(document: Document) -> bool:
    """Whether something in the document is unfolded on demand."""
    return any(isinstance(block, Unfolding) for section in document.sections for block in section.blocks)
