"""Slides, with LaTeX's beamer: one step of the derivation a slide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from symnet.documents.breaking import broken, parts_of
from symnet.documents.latex import Article
from symnet.documents.latex.equations import display, size, statement
from symnet.documents.latex.tables import table
from symnet.documents.outline import (
    Block,
    Code,
    Document,
    Figure,
    Fold,
    Measured,
    Paragraph,
    Section,
    Statement,
    Steps,
    Table,
)
from symnet.documents.typeset import Matrix, Node, is_tall, latex_text

NAME, SUFFIX, WORDS = "beamer", "-slides.tex", "slides for pdflatex, one step a slide"
LINE = 30.0
"""So many em fit on a line of a slide."""
ROWS, TALL_ROWS = 8, 4
"""So many rows of a table are on one slide; so many that have sums or fractions in them."""


def write(document: Document) -> str:
    """The document as LaTeX slides."""
    return _Slides(document).filled("SLIDES.tex.jinja", __name__)


class _Slides(Article):
    """A document as slides. Words that follow each other share one; so do an equation and what is said of it;
    each step has its own, below the formula that it comes from. The code is not on slides.
    """

    def section(self, section: Section) -> str:
        command = "section" if section.level == 1 else "subsection"
        title = self.title(section)
        return "\n".join((rf"\{command}{{{title}}}", *self.slides(section.blocks, title), ""))

    def slides(self, blocks: Iterable[Block], title: str) -> Iterator[str]:
        """Blocks as slides under a title."""
        shown = (b for b in blocks if not isinstance(b, Code) and (not isinstance(b, Figure) or b.tikz))
        for said, group in groupby(shown, key=lambda block: isinstance(block, Paragraph)):
            if said:
                words = [self.words(block.text) for block in group if isinstance(block, Paragraph)]
                yield _frame(title, "\n\n\\medskip\n".join(words))
            else:
                for block in group:
                    yield from self.slide(block, title)

    def slide(self, block: Block, title: str) -> Iterator[str]:
        """One block as slides."""
        if isinstance(block, Statement):
            yield _frame(title, self.statement(block))
        elif isinstance(block, Steps):
            yield from self.steps(block, title)
        elif isinstance(block, Table):
            cells = (part for cells in block.rows for cell in cells for part in cell)
            tall = any(not isinstance(part, str) and is_tall(part) for part in cells)
            count = TALL_ROWS if tall else ROWS
            for start in range(0, len(block.rows), count):
                part = Table(block.head, block.rows[start : start + count])
                yield _frame(title, table(part, self.words, LINE, long=False), latex_text(block.caption))
        elif isinstance(block, Fold):
            yield from self.slides(block.blocks, self.words(block.title))
        elif isinstance(block, Measured):
            yield from ("% measured", *self.slides(block.blocks, title), "% /measured")
        elif isinstance(block, Figure):
            yield _frame(title, self.figure(block))

    def steps(self, block: Steps, title: str) -> Iterator[str]:
        """Each step on a slide, with the formula of the one before it in grey."""
        before: Node | None = None
        for number, line in enumerate(block.lines, start=1):
            shown = "" if before is None else f"{{\\color{{black!45}}\n{_formula(before)}}}\n"
            reason = self.words(line.reason)
            formula = "" if line.formula is None else f"\n{_formula(line.formula)}"
            yield _frame(title, f"{shown}{reason}{formula}", f"{number}/{len(block.lines)}")
            before = line.formula if line.formula is not None and _height(line.formula) < HALF else None

    def statement(self, block: Statement) -> str:
        words = f"{latex_text(block.words)}\n" if block.words else ""
        label = rf"\hypertarget{{eq:{block.anchor}}}{{}}" if block.label else ""
        tag = f" \\tag{{{latex_text(block.label)}}}" if block.label else ""
        forms = [form for form in (block.index, block.matrix, block.numbers) if form is not None]
        body = _fitted(
            statement(block, LINE), sum(map(_height, forms)) + _high(block.numbers), size(forms, LINE)
        )
        return f"{label}{words}\\begin{{equation*}}\n{body}{tag}\n\\end{{equation*}}"

    def link(self, label: str) -> str:
        return rf"\hyperlink{{eq:{label}}}{{{label}}}"


HIGH, HALF = 7, 3
"""So many lines of formulas fit on a slide; so many on its half."""


def _height(formula: Node) -> int:
    """How many lines a formula has."""
    return len(broken(formula, LINE))


def _high(numbers: Node | None) -> int:
    """How many lines the matrices of a worked example have more than one."""
    parts = parts_of(numbers) if numbers is not None else ()
    return max((len(part.rows) for part in parts if isinstance(part, Matrix)), default=1) - 1


def _formula(formula: Node) -> str:
    """A formula in display."""
    body = _fitted(display(formula, LINE), _height(formula), size((formula,), LINE))
    return f"\\[\n{body}\n\\]"


def _fitted(body: str, height: int, small: str) -> str:
    """A formula in smaller type where it is too wide, and made smaller where it is higher than a slide."""
    if height > HIGH:
        return rf"\resizebox*{{!}}{{0.72\textheight}}{{$\displaystyle {body}$}}"
    return rf"\mbox{{{small}$\displaystyle {body}$}}" if small else body


def _frame(title: str, body: str, beside: str = "") -> str:
    """One slide; braces that its body begins with would be read as a second title."""
    small = rf"\hfill{{\small\color{{black!50}}{beside}}}" if beside else ""
    return f"\\begin{{frame}}{{{title}{small}}}\\relax\n{body}\n\\end{{frame}}"
