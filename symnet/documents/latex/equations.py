"""Formulas in display: aligned at their relations, and broken where they are too wide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from symnet.documents.breaking import broken, parts_of, width
from symnet.documents.outline import Statement, Text
from symnet.documents.typeset import Node, Row, Sign, Words, latex, latex_text, row

LINE = 36.0
"""So many em fit on a line beside an equation's number."""
SIZES = ((1.0, ""), (0.9, r"\small"), (0.8, r"\footnotesize"), (0.7, r"\scriptsize"))
"""Sizes of type, for what nothing else makes narrow enough."""
SHAPES = 0.8
"""The size of type of the shapes below an equation."""


class Aligned(NamedTuple):
    """A line of a display in two columns, with the width of each."""

    left: str
    right: str
    widths: tuple[float, float]


def statement(block: Statement, line: float = LINE, bare: bool = False) -> str:
    """The forms of a statement below each other, aligned, as the inside of an equation; a `bare` one has
    neither shapes nor the numbers of an example.
    """
    forms = [list(rows(form, line)) for form in (block.index, block.matrix) if form is not None]
    if block.shapes and not bare:
        forms.append(list(_shapes(block.shapes, line)))
    if block.numbers is not None and not bare:
        forms.append(list(rows(block.numbers, line)))
    return _together(forms, line)


def display(node: Node, line: float = LINE) -> str:
    """A formula without a number."""
    return _together([list(rows(node, line))], line)


def size(nodes: Iterable[Node | None], line: float = LINE) -> str:
    """The command of the size of type in which formulas fit: empty for that of the text."""
    widest = max((max(sum(r.widths) for r in rows(n, line)) for n in nodes if n is not None), default=0.0)
    return next((command for share, command in SIZES if widest * share <= line * 1.12), SIZES[-1][1])


def rows(node: Node, line: float = LINE) -> Iterator[Aligned]:
    """A formula as lines in two columns: what stands before the first relation, and the rest."""
    first, *others = broken(node, line)
    parts = parts_of(first.node)
    place = next((k for k, part in enumerate(parts) if _is_relation(part)), 0)
    left, right = Row(parts[:place]), Row(parts[place:])
    yield Aligned(latex(left), latex(right), (width(left), width(right)))
    for further in others:
        relation = further.depth == 0 and _is_relation(parts_of(further.node)[0])
        indent = "" if relation else r"\quad" * (further.depth + 1) + " "
        needed = (0.0, width(further.node) + (0.0 if relation else 1.0 * (further.depth + 1)))
        yield Aligned("", indent + latex(row(further.node)), needed)


def _is_relation(part: Node) -> bool:
    return isinstance(part, Words) or (isinstance(part, Sign) and part.kind == "relation")


def _shapes(shapes: Text, line: float) -> Iterator[Aligned]:
    """The shapes below a statement, in small grey type."""
    for part in shapes:
        for further in [latex_text(part)] if isinstance(part, str) else broken(part, line / SHAPES):
            inside = further if isinstance(further, str) else f"${latex(further.node)}$"
            wide = 0.5 * len(inside) if isinstance(further, str) else width(further.node)
            shown = rf"\text{{\footnotesize\color{{black!60}}{inside}}}"
            yield Aligned("", shown, (0.0, SHAPES * wide))


def _together(forms: list[list[Aligned]], line: float) -> str:
    """Forms aligned with each other, or each by itself where that would be too wide."""
    every = [aligned for form in forms for aligned in form]
    if len(every) == 1:
        return " ".join(filter(None, (every[0].left, every[0].right)))
    left, right = (max(aligned.widths[k] for aligned in every) for k in (0, 1))
    if len(forms) == 1 or left + right <= line:
        return _environment("aligned", [f"{aligned.left} & {aligned.right}".strip() for aligned in every])
    return _environment("gathered", [_together([form], line) for form in forms])


def _environment(name: str, lines: list[str]) -> str:
    body = " \\\\\n".join(lines)
    return f"\\begin{{{name}}}\n{body}\n\\end{{{name}}}"
