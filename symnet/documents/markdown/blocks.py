"""The blocks of a document as Markdown. How formulas are set off from words is a dialect's affair."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
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

SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|$~&])")
LISTED = re.compile(r"^(\s*\d*)([-+.)])(?=\s|$)")
"""What would begin a list."""
OPERATOR = re.compile(r"\\operatorname(\*?)\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a formula stands in a line, how LaTeX stands in lines of its own, and what there is of a figure."""

    inline: Callable[[Node], str]
    display: Callable[[str], str]
    figure: Callable[[Figure], str]  # empty where words must do


def formula(node: Node) -> str:
    r"""LaTeX for MathJax and KaTeX inside Markdown: GitHub refuses \operatorname, and a vertical line would
    part the cells of a table.
    """
    text = OPERATOR.sub(_operator, latex(node))
    return text.replace(r"\|", r"\Vert ").replace("|", r"\vert ")


def _operator(found: re.Match[str]) -> str:
    limits = "" if found[1] else r"\nolimits"
    return rf"\mathop{{\mathrm{{{found[2]}}}}}{limits}"


def escape(words: str) -> str:
    """Plain words: nothing in them is markup."""
    return SPECIAL.sub(r"\\\1", words.replace("\n", " "))


class Writer:
    """Writes blocks in one dialect and one language."""

    def __init__(self, dialect: Dialect, language: str) -> None:
        self.dialect = dialect
        self.say = partial(Language(language).marked, escape)

    def title(self, document: Document) -> str:
        """The title of a document, and what it is about."""
        title = self.say("Back-propagation of {title}", title=f"*{escape(document.title)}*")
        parts = [f"# {escape(document.heading) or title}", self.text(document.lead)]
        parts += [f"[{escape(name)}]({file})" for name, file in document.elsewhere]
        return "\n\n".join(parts)

    def told(self, document: Document) -> str:
        """What made a document."""
        if not document.command:
            return self.say("Written by symnet. Every formula stands for the equation that was checked.")
        return self.say(
            "Written by symnet from {source} with {command}. Every formula stands for the equation that was "
            "checked.",
            source=escape(document.source),
            command=f"`{document.command.replace('`', '')}`",
        )

    def section(self, section: Section) -> str:
        """A section under its title."""
        title = f"{'#' * (section.level + 1)} {self.text(section.title)}"
        return "\n\n".join((title, *self.blocks(section.blocks)))

    def blocks(self, blocks: tuple[object, ...]) -> Iterator[str]:
        """Blocks, one after the other."""
        for block in blocks:
            yield from self._block(block)

    def text(self, text: Text) -> str:
        """Words with formulas between them."""
        return "".join(escape(part) if isinstance(part, str) else self.dialect.inline(part) for part in text)

    def _paragraph(self, text: Text) -> str:
        return LISTED.sub(r"\1\\\2", self.text(text))

    def _display(self, *nodes: Node, label: str = "") -> str:
        body = " \\\\[4pt]\n".join(map(formula, nodes))
        if len(nodes) > 1:
            body = f"\\begin{{gathered}}\n{body}\n\\end{{gathered}}"
        return self.dialect.display(body + (f" \\tag{{{label}}}" if label else ""))

    def _block(self, block: object) -> Iterator[str]:
        if isinstance(block, Paragraph):
            yield self._paragraph(block.text)
        elif isinstance(block, Statement):
            yield from self._statement(block)
        elif isinstance(block, Steps):
            yield from (self._line(line, number) for number, line in enumerate(block.lines, start=1))
        elif isinstance(block, Table):
            yield self._table(block)
        elif isinstance(block, Code):
            yield fenced(block.text, block.language)
        elif isinstance(block, Fold):
            yield f"**{self.text(block.title)}**"
            yield from self.blocks(block.blocks)
        elif isinstance(block, Measured):
            yield "<!-- measured -->"
            yield from self.blocks(block.blocks)
            yield "<!-- /measured -->"
        else:
            assert isinstance(block, Figure), "every kind of block has its form"
            told = self.say("{caption}: see the HTML document.", caption=escape(block.caption))
            yield self.dialect.figure(block) or f"*{told}*"

    def _statement(self, block: Statement) -> Iterator[str]:
        if block.words:
            yield self._paragraph((block.words,))
        nodes = [form for form in (block.index, block.matrix, block.numbers) if form is not None]
        yield self._display(*nodes, label=block.label)
        if block.shapes:
            yield f"<sub>{self.text(block.shapes)}</sub>"

    def _line(self, line: Line, number: int) -> str:
        reason = f"{number}. {self.text(line.reason)}"
        if line.formula is None:
            return reason
        shown = self._display(line.formula).replace("\n", "\n   ")
        return f"{reason}\n\n   {shown}"

    def _table(self, block: Table) -> str:
        head = "| " + " | ".join(map(escape, block.head)) + " |\n|" + " --- |" * len(block.head)
        rows = "\n".join("| " + " | ".join(self.text(cell) for cell in row) + " |" for row in block.rows)
        return f"{head}\n{rows}"


def fenced(text: str, language: str) -> str:
    """A listing, between fences that do not occur in it."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"
