"""Markdown that GitHub renders, with its formulas in LaTeX.

GitHub shows formulas between $` and `$ and in blocks of math: there, its Markdown leaves their signs alone.
It shows neither SVG inside a text nor pictures as data, so that the network is drawn by Mermaid, and charts
stay in the other formats.
"""

from __future__ import annotations

from symnet.documents.markdown.blocks import Dialect, Writer, escape, fenced, formula
from symnet.documents.outline import Document, Figure
from symnet.documents.typeset import Node

NAME, SUFFIX, WORDS = "markdown", ".md", "Markdown with LaTeX formulas, as GitHub renders it"


def write(document: Document) -> str:
    """The document as Markdown."""
    writer = Writer(GITHUB, document.language)
    parts = [writer.title(document)]
    parts += [writer.section(section) for section in document.sections]
    parts.append(f"---\n\n{writer.told(document)}")
    return "\n\n".join(parts) + "\n"


def _inline(node: Node) -> str:
    return f"$`{formula(node)}`$"


def _display(body: str) -> str:
    return f"```math\n{body}\n```"


def _figure(figure: Figure) -> str:
    if figure.file:
        return f"![{escape(figure.caption)}]({figure.file})\n\n*{escape(figure.caption)}*"
    return fenced(figure.mermaid, "mermaid") if figure.mermaid else ""


GITHUB = Dialect(_inline, _display, _figure)
