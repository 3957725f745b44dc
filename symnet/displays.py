"""What a notebook shows of an object: the pieces that the `_repr_*_` methods are put together of.

Mathematics is MathML, which notebooks show as it stands; a drawing is a picture with its own style in it, so
that nothing leaks between it and the notebook.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Sequence

from symnet.documents.figures.drawing import Drawing
from symnet.documents.figures.svg import svg
from symnet.documents.mathematics import Printer
from symnet.documents.mathml import mathml
from symnet.documents.matrices import matrix_equation
from symnet.documents.notation import PLAIN, Names
from symnet.documents.typeset import latex
from symnet.equations.program import Equation, Program

Labelled = Iterable[tuple[str, Equation]]
"""Equations with their numbers in the document."""


def picture(drawing: Drawing) -> str:
    """A drawing as HTML."""
    data = base64.b64encode(svg(drawing, alone=True).encode()).decode()
    size = f'width="{drawing.width:.0f}" style="max-width:100%;background:#fdfdfc;border-radius:4px"'
    return f'<img alt="{html.escape(drawing.title)}" {size} src="data:image/svg+xml;base64,{data}">'


def equations_html(program: Program, labelled: Labelled, names: Names = PLAIN) -> str:
    """Equations as a table: the number, the index form and, where there is one, the matrix form."""
    printer = Printer(program.tensors, names=names)
    rows = []
    for label, equation in labelled:
        forms = (printer.equation(equation), matrix_equation(equation, program, "rows", names))
        rows.append((f"({label})", *(mathml(form, display=True) if form else "" for form in forms)))
    return table((), rows)


def equations_latex(program: Program, labelled: Labelled, names: Names = PLAIN) -> str:
    """Equations below each other, each after its number."""
    printer = Printer(program.tensors, names=names)
    lines = [rf"({label}) & \displaystyle {latex(printer.equation(e))}" for label, e in labelled]
    return r"$\begin{array}{rl} " + r" \\ ".join(lines) + r" \end{array}$"


def equations_text(labelled: Labelled) -> str:
    """Equations below each other as a terminal shows them."""
    return "\n".join(f"{f'({label})':>6}  {equation}" for label, equation in labelled)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are HTML already; every cell begins at the left."""

    def row(cells: Sequence[str], cell: str) -> str:
        shown = "".join(f'<{cell} style="text-align:left">{text}</{cell}>' for text in cells)
        return f"<tr>{shown}</tr>"

    top = f"<thead>{row(head, 'th')}</thead>" if head else ""
    return f"<table>{top}<tbody>{''.join(row(cells, 'td') for cells in rows)}</tbody></table>"
