"""Typst: a document that the `typst` wheel turns into a PDF in less than a second, with fonts of its own.

No words of a document are markup: each is a string in quotation marks.
"""

from __future__ import annotations

import re
from functools import partial

from symnet.documents.outline import (
    Block,
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
    statements,
)
from symnet.documents.typeset import Node
from symnet.documents.typst.formulas import formula, rows, string
from symnet.messages import Language
from symnet.rendering import environment

NAME, SUFFIX, WORDS = "typst", ".typ", "a document for Typst"
LINE = 36.0
"""So many em fit on a line beside an equation's number."""


def write(document: Document) -> str:
    """The document as Typst markup."""
    writer = _Writer(document)
    template = environment(__name__).get_template("DOCUMENT.typ.jinja")
    return template.render(
        document=document,
        string=string,
        say=partial(Language(document.language).marked, writer.part),
        lead=writer.words(document.lead),
        body="\n\n".join(map(writer.section, document.sections)),
    )


def fragment(document: Document) -> str:
    """The equations alone, for a document that numbers them itself."""
    parts = []
    for section in document.sections:
        for block in filter(lambda block: block.label, statements(section.blocks)):
            body = " \\\n  ".join(_forms(block))
            parts.append(f"$ {body} $ <eq-symnet-{block.label}>")
    return "\n\n".join(parts) + "\n"


def _forms(block: Statement) -> list[str]:
    return _lines(block.index, block.matrix)


def _lines(*forms: Node | None) -> list[str]:
    return [line for form in forms if form is not None for line in rows(form, LINE)]


class _Writer:
    """A document as Typst, block by block."""

    def __init__(self, document: Document) -> None:
        self.labels = {s.label for section in document.sections for s in statements(section.blocks)}

    def words(self, text: Text) -> str:
        return "".join(self.part(part) if isinstance(part, str) else f"${formula(part)}$" for part in text)

    def part(self, words: str) -> str:
        """Words as strings; a number in parentheses that is an equation's is a link to it."""
        pieces = re.split(r"(?<=\()(\d+[a-z]?)(?=\))", words)
        return "".join(
            f"#link(<eq-{piece}>, {string(piece)});"
            if position % 2 and piece in self.labels
            else f"#{string(piece)};"
            for position, piece in enumerate(pieces)
            if piece
        )

    def section(self, section: Section) -> str:
        head = f"#heading(level: {section.level})[{self.words(section.title)}]"
        return "\n\n".join((head, *map(self.block, section.blocks)))

    def block(self, block: Block) -> str:
        if isinstance(block, Paragraph):
            return self.words(block.text)
        if isinstance(block, Statement):
            return self.statement(block)
        if isinstance(block, Steps):
            lines = "".join(f"  [{self.line(line)}],\n" for line in block.lines)
            return f"#steps(\n{lines})"
        if isinstance(block, Table):
            return self.table(block)
        if isinstance(block, Code):
            return f"#raw({string(block.text)}, lang: {string(block.language)}, block: true)"
        if isinstance(block, Fold):
            title = f"#heading(level: 3, outlined: false)[{self.words(block.title)}]"
            return "\n\n".join((title, *map(self.block, block.blocks)))
        if isinstance(block, Measured):
            return "\n\n".join(("// measured", *map(self.block, block.blocks), "// /measured"))
        assert isinstance(block, Figure), "every kind of block has its form"
        return ""  # a drawing is coloured by the page that it is on

    def statement(self, block: Statement) -> str:
        words = f"#{string(block.words)};\n" if block.words else ""
        lines = _forms(block)
        if block.shapes:
            lines.append(f"& #shapes[{self.words(block.shapes)}]")
        lines += _lines(block.numbers)
        body = " \\\n  ".join(lines)
        if not block.label:
            return f"{words}$ {body} $"
        return f"{words}#numbered({string(block.label)})[$ {body} $ <eq-{block.anchor}>]"

    def line(self, line: Line) -> str:
        reason = self.words(line.reason)
        if line.formula is None:
            return reason
        body = " \\\n    ".join(rows(line.formula, LINE))
        return f"#block(sticky: true)[{reason}]\n    $ {body} $"

    def cell(self, cell: Text) -> str:
        """A cell; a formula that fills it is as large as one on a line of its own."""
        if len(cell) == 1 and not isinstance(cell[0], str):
            return f"$display({formula(cell[0])})$"
        return self.words(cell)

    def table(self, block: Table) -> str:
        head = ", ".join(f"[#{string(cell)};]" for cell in block.head)
        cells = "".join(
            "  " + ", ".join(f"[{self.cell(cell)}]" for cell in row) + ",\n" for row in block.rows
        )
        caption = f"#{string(block.caption)};\n" if block.caption else ""
        return f"{caption}#ruled({len(block.head)}, ({head},),\n{cells})"
