"""Markdown that GitHub and notebooks render, with its formulas in LaTeX."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from symnet.documents.outline import (
    Code,
    Document,
    Figure,
    Fold,
    Line,
    Measured,
    Paragraph,
    Section,
    Statement,
    Steps,
    Table,
    Text,
)
from symnet.documents.typeset import Node, latex
from symnet.messages import Language

NAME, SUFFIX, WORDS = "markdown", ".md", "Markdown with LaTeX formulas, as GitHub and notebooks render it"

SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|$~])")


def write(document: Document) -> str:
    """The document as Markdown."""
    say = partial(Language(document.language).marked, _escape)
    title = say("Back-propagation of {title}", title=f"*{_escape(document.title)}*")
    parts = [f"# {title}", _text(document.lead)]
    for section in document.sections:
        parts += _section(section, say)
    told = say("Written by symnet. Every formula stands for the equation that was checked.")
    if document.command:
        told = say(
            "Written by symnet from {source} with {command}. Every formula stands for the equation that was "
            "checked.",
            source=_escape(document.source),
            command=f"`{document.command.replace('`', '')}`",
        )
    parts.append(f"---\n\n{told}")
    return "\n\n".join(parts) + "\n"


def _escape(words: str) -> str:
    """Plain words: nothing in them is markup."""
    return SPECIAL.sub(r"\\\1", words.replace("\n", " "))


def _text(text: Text) -> str:
    return "".join(_escape(part) if isinstance(part, str) else _inline(part) for part in text)


def _inline(node: Node) -> str:
    return f"$`{latex(node)}`$"


def _display(*nodes: Node, label: str = "") -> str:
    body = " \\\\[4pt]\n".join(map(latex, nodes))
    if len(nodes) > 1:
        body = f"\\begin{{gathered}}\n{body}\n\\end{{gathered}}"
    tag = f" \\tag{{{label}}}" if label else ""
    return f"```math\n{body}{tag}\n```"


def _section(section: Section, say: Callable[..., str]) -> list[str]:
    return [
        f"{'#' * (section.level + 1)} {_text(section.title)}",
        *(part for b in section.blocks for part in _block(b, say)),
    ]


def _block(block: object, say: Callable[..., str]) -> list[str]:
    if isinstance(block, Paragraph):
        return [_text(block.text)]
    if isinstance(block, Statement):
        nodes = [form for form in (block.index, block.matrix, block.numbers) if form is not None]
        shapes = [f"<sub>{_text(block.shapes)}</sub>"] if block.shapes else []
        return [
            *([_escape(block.words)] if block.words else []),
            _display(*nodes, label=block.label),
            *shapes,
        ]
    if isinstance(block, Steps):
        return [_line(line, number) for number, line in enumerate(block.lines, start=1)]
    if isinstance(block, Table):
        return [_table(block)]
    if isinstance(block, Code):
        fence = "```"
        while fence in block.text:
            fence += "`"
        return [f"{fence}{block.language}\n{block.text.rstrip()}\n{fence}"]
    if isinstance(block, Fold):
        return [f"**{_text(block.title)}**", *(part for b in block.blocks for part in _block(b, say))]
    if isinstance(block, Measured):
        return [
            "<!-- measured -->",
            *(part for b in block.blocks for part in _block(b, say)),
            "<!-- /measured -->",
        ]
    assert isinstance(block, Figure), "every kind of block has its form"
    told = say("{caption}: see the HTML document.", caption=_escape(block.caption))
    return [f"*{told}*"]


def _line(line: Line, number: int) -> str:
    reason = f"{number}. {_text(line.reason)}"
    if line.formula is None:
        return reason
    formula = _display(line.formula).replace("\n", "\n   ")
    return f"{reason}\n\n   {formula}"


def _table(block: Table) -> str:
    head = "| " + " | ".join(map(_escape, block.head)) + " |\n|" + " --- |" * len(block.head)
    rows = "\n".join("| " + " | ".join(_text(cell) for cell in row) + " |" for row in block.rows)
    return f"{head}\n{rows}"
