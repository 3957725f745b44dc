"""HTML: one file that holds everything, with its formulas in MathML. A script walks through the derivation;
without it the page is whole. Nothing comes from the network.
"""

from __future__ import annotations

import html
import re
from functools import partial

from markupsafe import Markup

from symnet.documents.breaking import lines, width
from symnet.documents.html.cards import cards, statements, with_block, without
from symnet.documents.html.facts import facts
from symnet.documents.html.inlined import policy, scripts, style
from symnet.documents.html.listing import listing
from symnet.documents.html.live import part_of
from symnet.documents.mathml import mathml, mathml_lines
from symnet.documents.outline import Code, Document, Figure, Statement, Text
from symnet.documents.typeset import Node
from symnet.messages import Language, say
from symnet.rendering import environment

LINE = 36.0
"""So many em fit on a line of the page."""
NAME, SUFFIX, WORDS = "html", ".html", "a page that opens from disk, with its formulas as real text"
VIEWS = {
    "index": say("index"),
    "matrix": say("matrix"),
    "scalars": say("every number"),
    "numbers": say("example"),
}
"""The forms that an equation may be shown in."""
LEVELS = {"result": say("results"), "steps": say("steps"), "reasons": say("reasons")}
"""How much is shown of how an equation comes about."""
UNFILLED = {
    "count": say("Step {step} of {count}"),
    "steps": say("{count} steps"),
    "defined": say("Defined in ({label})"),
}
"""Sentences that the page's script fills in."""


def write(document: Document) -> str:
    """The document as an HTML page."""
    language, walk = Language(document.language), statements(document)
    labels = frozenset(statement.label for statement in walk)
    _, figure = with_block(document, Figure)
    beside, _ = with_block(document, Code)
    live = part_of(document.live, language) if document.live else None
    template = environment(__name__).get_template("DOCUMENT.html.jinja")
    return template.render(
        document=document,
        sections=without(document, figure),
        figure=figure,
        beside=beside,
        views=[(view, html.escape(language(words))) for view, words in VIEWS.items() if _has(walk, view)],
        levels=[(level, html.escape(language(words))) for level, words in LEVELS.items()],
        tag=language.tag,
        say=partial(language.marked, html.escape),
        unfilled={name: html.escape(language.template(words)) for name, words in UNFILLED.items()},
        text=partial(_text, labels=labels),
        formula=_formula,
        wide=_is_wide,
        listing=partial(listing, labels=labels),
        safe=Markup,
        mark=_mark,
        cards=cards,
        style=style(live is not None),
        scripts=scripts(),
        policy=policy(*scripts().values(), *([live.script] if live else [])),
        facts=facts(document),
        live=live,
    )


def _text(text: Text | str, labels: frozenset[str]) -> Markup:
    """Words escaped, formulas as MathML; numbers of the document's equations become links."""
    parts = (text,) if isinstance(text, str) else text
    shown = (_linked(part, labels) if isinstance(part, str) else mathml(part, source=False) for part in parts)
    return Markup("".join(shown))  # noqa: S704 - words and names are escaped


def _linked(words: str, labels: frozenset[str]) -> str:
    def link(found: re.Match[str]) -> str:
        label = found[1]
        return f'(<a href="#step-{label}">{label}</a>)' if label in labels else found[0]

    return re.sub(r"\((\d+[a-z]?)\)", link, html.escape(words))


def _formula(node: Node, source: bool = True) -> Markup:
    return Markup(mathml_lines(lines(node, LINE), source))  # noqa: S704 - typeset.py escapes every name


def _is_wide(block: Statement) -> bool:
    """Whether the two forms of a statement do not fit beside each other."""
    return max(width(form) for form in (block.index, block.matrix) if form is not None) > LINE / 2


def _has(walk: tuple[Statement, ...], view: str) -> bool:
    """Whether any equation has that form."""
    return any(getattr(statement, view) not in (None, ()) for statement in walk)


def _mark(name: str) -> str:
    """The name of a block's class, which tells the template how to print it."""
    return type(name).__name__.lower()
