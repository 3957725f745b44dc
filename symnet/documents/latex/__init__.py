"""LaTeX: an article for pdflatex, or for xelatex where something in it is Chinese, Japanese or Korean, with
packages that every distribution has; or the equations alone, for a paper.
"""

from __future__ import annotations

import re
from functools import partial

from symnet.documents.latex.equations import display, size, statement
from symnet.documents.latex.tables import table
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
from symnet.documents.typeset import is_wide_script, latex, latex_text
from symnet.messages import Language
from symnet.rendering import render

NAME, SUFFIX, WORDS = "latex", ".tex", "an article for pdflatex"


def write(document: Document) -> str:
    """The document as a LaTeX article."""
    return Article(document).filled("DOCUMENT.tex.jinja")


def fragment(document: Document) -> str:
    """The equations alone, in their order, for a paper that numbers them itself."""
    parts = ["% needs \\usepackage{amsmath,amssymb}"]
    for section in document.sections:
        inside = [block for block in statements(section.blocks) if block.label]
        if inside:
            title = "".join(part if isinstance(part, str) else latex(part) for part in section.title)
            parts.append(f"\n% {' '.join(title.split())}")
        for block in inside:
            body = statement(block, bare=True)
            parts.append(
                f"\\begin{{equation}}\n{body} \\label{{eq:symnet-{block.anchor}}}\n\\end{{equation}}"
            )
    return "\n".join(parts) + "\n"


class Article:
    """A document as LaTeX, block by block."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.labels = {s.label for section in document.sections for s in statements(section.blocks)}

    def filled(self, template: str, package: str = __name__) -> str:
        """The whole file, from a template in the folder of a package; the preamble lies in this one."""
        body = "\n".join(map(self.section, self.document.sections))
        lead = self.words(self.document.lead)
        wide = is_wide_script(body + self.document.title + lead)
        values = {
            "document": self.document,
            "text": latex_text,
            "lead": lead,
            "body": body,
            "wide": wide,
            "chinese": self.document.language == "zh",
            "say": partial(Language(self.document.language).marked, self.part),
            "drawings": "tikzpicture" in body,
        }
        preamble = render(__name__, "PREAMBLE.tex.jinja", values)
        return render(package, template, values | {"preamble": preamble})

    def words(self, text: Text) -> str:
        """Words escaped, formulas in math mode, numbers of equations as references."""
        return "".join(self.part(part) if isinstance(part, str) else f"${latex(part)}$" for part in text)

    def part(self, words: str) -> str:
        left = " " if words[:1].isspace() else ""
        right = " " if words[-1:].isspace() and words.strip() else ""
        return left + re.sub(r"\((\d+[a-z]?)\)", self.reference, latex_text(words)) + right

    def reference(self, found: re.Match[str]) -> str:
        """A number in parentheses that is an equation's as a link to it."""
        label = found[1]
        return f"({self.link(label)})" if label in self.labels else found[0]

    def link(self, label: str) -> str:
        """The number of an equation as a link to it."""
        return rf"\hyperref[eq:{label}]{{{label}}}"

    def section(self, section: Section) -> str:
        command = "section" if section.level == 1 else "subsection"
        return "\n".join((rf"\{command}{{{self.title(section)}}}", *map(self.block, section.blocks), ""))

    def title(self, section: Section) -> str:
        """A title; with formulas in it, what stands for them where there are only letters."""
        title = self.words(section.title)
        if all(isinstance(part, str) for part in section.title):
            return title
        name = section.anchor.removeprefix("adjoint-")
        letters = "".join(part if isinstance(part, str) else name for part in section.title)
        return rf"\texorpdfstring{{{title}}}{{{latex_text(letters)}}}"

    def block(self, block: Block) -> str:
        if isinstance(block, Paragraph):
            return self.words(block.text) + "\n"
        if isinstance(block, Statement):
            return self.statement(block)
        if isinstance(block, Steps):
            return "\\begin{steps}\n" + "\n".join(map(self.line, block.lines)) + "\n\\end{steps}"
        if isinstance(block, Table):
            return table(block, self.words)
        if isinstance(block, Code):
            return "\\begin{lstlisting}\n" + listing(block.text) + "\\end{lstlisting}"
        if isinstance(block, Fold):
            return "\n".join((rf"\paragraph{{{self.words(block.title)}}}", *map(self.block, block.blocks)))
        if isinstance(block, Measured):
            inner = "\n".join(map(self.block, block.blocks))
            return f"% measured\n{inner}\n% /measured"
        assert isinstance(block, Figure), "every kind of block has its form"
        return self.figure(block)

    def statement(self, block: Statement) -> str:
        """The forms below each other under one number."""
        words = f"\\noindent {latex_text(block.words)}\n" if block.words else ""
        small = size((block.index, block.matrix, block.numbers))
        body, name, tag = statement(block), "equation*", ""
        if block.label:
            name, tag = "equation", f" \\tag{{{latex_text(block.label)}}} \\label{{eq:{block.anchor}}}"
        shown = f"\\begin{{{name}}}\n{body}{tag}\n\\end{{{name}}}"
        return words + (f"{{{small}\n{shown}}}" if small else shown)

    def line(self, line: Line) -> str:
        reason = self.words(line.reason)
        if line.formula is None:
            return rf"\item {reason}"
        small = size((line.formula,))
        shown = f"\\[\n{display(line.formula)}\n\\]"
        return f"\\item {reason}\n" + (f"{{{small}\n{shown}}}" if small else shown)

    def figure(self, block: Figure) -> str:
        """A drawing where it is given for LaTeX too, no larger than the page; nothing needs to be said where
        the tables say the same.
        """
        if not block.tikz:
            return ""
        limits = r"max width=\linewidth,max totalheight=0.66\textheight"
        drawing = f"\\begin{{adjustbox}}{{{limits}}}\n{block.tikz.strip()}\n\\end{{adjustbox}}"
        caption = rf"{{\small {latex_text(block.caption)}\par}}"
        return f"\\begin{{center}}\n{drawing}\\par\\medskip\n{caption}\n\\end{{center}}"


def listing(text: str) -> str:
    """Code for a listing: ASCII, and nothing that could end it."""
    ascii_only = "".join(c if c.isascii() else "?" for c in text)
    return ascii_only.replace("\\end{lstlisting}", "\\ end{lstlisting}")
