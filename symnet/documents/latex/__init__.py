"""LaTeX: an article that pdflatex compiles, with packages that every distribution has."""

from __future__ import annotations

from functools import partial

from symnet.documents.breaking import lines, width
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
from symnet.documents.typeset import Node, latex, latex_text
from symnet.messages import Language
from symnet.rendering import environment

NAME, SUFFIX, WORDS = "latex", ".tex", "an article for pdflatex"


def write(document: Document) -> str:
    """The document as a LaTeX article."""
    template = environment(__name__).get_template("DOCUMENT.tex.jinja")
    return template.render(
        document=document,
        say=partial(Language(document.language).marked, _part),
        text=latex_text,
        inline=_text,
        body="\n".join(map(_section, document.sections)),
    )


def _text(text: Text) -> str:
    """Words escaped, formulas in math mode, numbers of equations as references."""
    return "".join(
        latex_text(part) if isinstance(part, str) and part.strip() == part else _part(part) for part in text
    )


def _part(part: str | Node) -> str:
    if not isinstance(part, str):
        return f"${latex(part)}$"
    left = " " if part[:1].isspace() else ""
    right = " " if part[-1:].isspace() and part.strip() else ""
    return f"{left}{latex_text(part)}{right}"


def _section(section: Section) -> str:
    command = "section" if section.level == 1 else "subsection"
    title = _text(section.title)
    plain = latex_text("".join(part for part in section.title if isinstance(part, str)))
    title = (
        title
        if title == plain
        else rf"\texorpdfstring{{{title}}}{{{plain}{latex_text(section.anchor.removeprefix('adjoint-'))}}}"
    )
    return "\n".join((rf"\{command}{{{title}}}", *map(_block, section.blocks), ""))


def _block(block: object) -> str:
    if isinstance(block, Paragraph):
        return _text(block.text) + "\n"
    if isinstance(block, Statement):
        return _statement(block)
    if isinstance(block, Steps):
        return "\\begin{steps}\n" + "\n".join(map(_line, block.lines)) + "\n\\end{steps}"
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Code):
        return "\\begin{lstlisting}\n" + _listing(block.text) + "\\end{lstlisting}"
    if isinstance(block, Fold):
        return "\n".join((rf"\paragraph{{{_text(block.title)}}}", *map(_block, block.blocks)))
    if isinstance(block, Measured):
        inner = "\n".join(map(_block, block.blocks))
        return f"% measured\n{inner}\n% /measured"
    assert isinstance(block, Figure), "every kind of block has its form"
    return ""  # a drawing needs no words where the tables say the same


def _listing(text: str) -> str:
    """Code for a listing: ASCII, and nothing that could end it."""
    ascii_only = "".join(c if c.isascii() else "?" for c in text)
    return ascii_only.replace("\\end{lstlisting}", "\\ end{lstlisting}")


def _statement(block: Statement) -> str:
    """The two forms below each other under one number."""
    words = f"\\noindent {latex_text(block.words)}\n" if block.words else ""
    forms = [_aligned(form) for form in (block.index, block.matrix, block.numbers) if form is not None]
    if block.shapes:
        forms.append(rf"\text{{\footnotesize\color{{black!60}}{_text(block.shapes)}}}")
    body = " \\\\\n".join(forms)
    if not block.label:
        return f"{words}\\begin{{gather*}}\n{body}\n\\end{{gather*}}"
    if len(forms) > 1:
        body = f"\\begin{{gathered}}\n{body}\n\\end{{gathered}}"
    tag = f" \\tag{{{block.label}}}"
    return f"{words}\\begin{{equation}}\n{body}{tag} \\label{{eq:{block.label}}}\n\\end{{equation}}"


LINE = 36.0
"""So many em fit on a line beside an equation's number."""


def _aligned(node: Node) -> str:
    """A formula, on several lines where it is too wide for one."""
    found = lines(node, LINE)
    if max(map(width, found)) > LINE * 1.12:
        return rf"\resizebox{{0.94\linewidth}}{{!}}{{$\displaystyle {latex(node)}$}}"
    if len(found) == 1:
        return latex(node)
    first, *rest = map(latex, found)
    rows = [first.replace(" = ", " ={} & ", 1), *(rf"& \quad {line}" for line in rest)]
    body = " \\\\\n".join(rows)
    return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"


def _line(line: Line) -> str:
    reason = _text(line.reason)
    if line.formula is None:
        return rf"\item {reason}"
    return f"\\item {reason}\n\\[\n{_aligned(line.formula)}\n\\]"


TABLE = 40.0
"""So many em of a table's type fit on a line."""
NARROW = 7.0
"""A column of at most so many em keeps its width."""


def _table(block: Table) -> str:
    columns = "l" * len(block.head)
    head = " & ".join(rf"\textit{{{latex_text(cell)}}}" for cell in block.head) + r" \\"
    shares = _shares(block)
    rows = "\n".join(
        " & ".join(_cell(cell, share) for cell, share in zip(cells, shares, strict=True)) + r" \\"
        for cells in block.rows
    )
    caption = f"\\caption*{{{latex_text(block.caption)}}} \\\\\n" if block.caption else ""
    return (
        "{\\small\\renewcommand{\\arraystretch}{1.35}\n"
        f"\\begin{{longtable}}[l]{{@{{}}{columns}@{{}}}}\n{caption}\\toprule\n{head}\n\\midrule\n\\endhead\n{rows}\n"
        "\\bottomrule\n\\end{longtable}}"
    )


def _shares(block: Table) -> list[float]:
    """The width of each column: what it needs, or where that is too much, its part of what is left."""
    needed = [
        max(map(_cell_width, column))
        for column in zip(*((*((c,) for c in block.head),), *block.rows), strict=True)
    ]
    room = TABLE - 1.2 * (len(needed) - 1) - sum(need for need in needed if need <= NARROW)
    wide = sum(need for need in needed if need > NARROW)
    return [need if need <= NARROW or wide <= room else need * room / wide for need in needed]


def _cell_width(cell: Text) -> float:
    return sum(0.5 * len(part) if isinstance(part, str) else width(part) for part in cell)


def _cell(cell: Text, share: float) -> str:
    """A cell, made smaller where it is wider than its column."""
    text = "".join(
        latex_text(part) if isinstance(part, str) else rf"$\displaystyle {latex(part)}$" for part in cell
    )
    return rf"\resizebox{{{share:.1f}em}}{{!}}{{{text}}}" if _cell_width(cell) > share + 0.1 else text
