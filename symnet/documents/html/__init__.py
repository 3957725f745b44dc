"""HTML: one file that holds everything, with its formulas in MathML. A script walks through the derivation;
without it the page is whole. Nothing comes from the network.
"""

from __future__ import annotations

import html
import json
import re
from functools import partial

from markupsafe import Markup

from symnet.documents.breaking import lines, width
from symnet.documents.html.cards import beside, cards, main, numbers, unfoldings, walk
from symnet.documents.html.facts import facts
from symnet.documents.html.inlined import policy, scripts, style
from symnet.documents.html.listing import listing
from symnet.documents.html.live import part_of
from symnet.documents.mathml import mathml, mathml_lines
from symnet.documents.outline import Code, Document, Figure, Statement, Text, Unfolding
from symnet.documents.patterns import MARK
from symnet.documents.typeset import Node
from symnet.messages import Language, say
from symnet.rendering import environment

LINE = 36.0
"""So many em fit on a line of the page."""
REFERENCE = re.compile(rf"\(((?:\d+|{MARK.pattern})[a-z]?)\)")
"""The number of an equation, or in a pattern the mark in its place."""
UNFOLDS = True
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
    language, steps, labels = Language(document.language), walk(document), numbers(document)
    _, figure = beside(document, "network", Figure)
    code, _ = beside(document, "code", Code)
    used = {name: text for name, text in scripts().items() if name != "unfold" or unfoldings(document)}
    live = part_of(document.live, language) if document.live else None
    layout = "PROSE" if document.heading else "DOCUMENT"
    template = environment(__name__).get_template(f"{layout}.html.jinja")
    return template.render(
        document=document,
        sections=main(document, code, figure),
        figure=figure,
        beside=code,
        walk=steps,
        views=[(view, html.escape(language(words))) for view, words in VIEWS.items() if _has(steps, view)],
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
        scripts={"unfold": "", **used},
        policy=policy(*used.values(), *([live.script] if live else [])),
        marks=_marks,
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
        known = label in labels or MARK.search(label)
        return f'(<a href="#step-{label}">{label}</a>)' if known else found[0]

    return REFERENCE.sub(link, html.escape(words))


def _formula(node: Node, source: bool = True) -> Markup:
    return Markup(mathml_lines(lines(node, LINE), source))  # noqa: S704 - typeset.py escapes every name


def _is_wide(block: Statement) -> bool:
    """Whether the two forms of a statement do not fit beside each other."""
    return max(width(form) for form in (block.index, block.matrix) if form is not None) > LINE / 2


def _has(steps: tuple[Statement, ...], view: str) -> bool:
    """Whether any equation has that form."""
    return any(getattr(statement, view) not in (None, ()) for statement in steps)


def _mark(name: str) -> str:
    """The name of a block's class, which tells the template how to print it."""
    return type(name).__name__.lower()


def _marks(block: Unfolding) -> str:
    """What the marks of a pattern stand for."""
    return json.dumps(dict(block.pattern.marks))
