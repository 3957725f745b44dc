"""Tables: each column as wide as it needs to be, what is wider than its share on several lines."""

from __future__ import annotations

from collections.abc import Callable

from symnet.documents.breaking import broken, width
from symnet.documents.outline import Table, Text
from symnet.documents.typeset import Node, latex, latex_text

TABLE = 40.0
"""So many em of a table's type fit on a line."""
NARROW = 7.0
"""A column of at most so many em keeps its width."""
Words = Callable[[Text], str]
"""How text is printed."""


def table(block: Table, words: Words, room: float = TABLE, long: bool = True) -> str:
    """A table that goes on over pages where it is `long`."""
    shares = _shares(block, room)
    columns = "".join(_column(block, number, share) for number, share in enumerate(shares))
    head = " & ".join(rf"\textit{{{latex_text(cell)}}}" for cell in block.head) + r" \\"
    rows = "\n".join(
        " & ".join(_cell(cell, share, words) for cell, share in zip(cells, shares, strict=True)) + r" \\"
        for cells in block.rows
    )
    caption = f"\\caption*{{{latex_text(block.caption)}}} \\\\\n" if block.caption and long else ""
    name, place, ends = ("longtable", "[l]", "\n\\endhead") if long else ("tabular", "[t]", "")
    return (
        "{\\small\\renewcommand{\\arraystretch}{1.35}\n"
        f"\\begin{{{name}}}{place}{{@{{}}{columns}@{{}}}}\n{caption}\\toprule\n{head}\n\\midrule{ends}\n{rows}\n"
        f"\\bottomrule\n\\end{{{name}}}}}"
    )


def _shares(block: Table, room: float) -> list[float]:
    """The width of each column: what it needs, or where that is too much, its part of what is left."""
    needed = [max(map(_width, column)) for column in _columns(block)]
    left = room - 1.2 * (len(needed) - 1) - sum(need for need in needed if need <= NARROW)
    wide = sum(need for need in needed if need > NARROW)
    return [need if need <= NARROW or wide <= left else need * left / wide for need in needed]


def _columns(block: Table) -> list[tuple[Text, ...]]:
    return list(zip(tuple((cell,) for cell in block.head), *block.rows, strict=True))


def _column(block: Table, number: int, share: float) -> str:
    """Left, or where words are wider than the column, as a paragraph."""
    cells = _columns(block)[number]
    wordy = any(_width(cell) > share + 0.1 and not _is_formula(cell) for cell in cells)
    return rf">{{\raggedright\arraybackslash}}p{{{share:.1f}em}}" if wordy else "l"


def _is_formula(cell: Text) -> bool:
    return len(cell) == 1 and not isinstance(cell[0], str)


def _width(cell: Text) -> float:
    return sum(_length(part) if isinstance(part, str) else width(part) for part in cell)


def _length(words: str) -> float:
    """About how wide words are, in em: a character of an East Asian script is one."""
    return sum(0.5 if character.isascii() else 1.0 for character in words)


def _cell(cell: Text, share: float, words: Words) -> str:
    """A cell; a formula that is wider than its column on several lines, or in smaller type at the least."""
    if not _is_formula(cell):
        return words(cell)
    (formula,) = cell
    assert not isinstance(formula, str), "just decided"
    lines = broken(formula, share)
    if len(lines) == 1:
        return _fitted(formula, share)
    first, *others = lines
    rest = (rf"\enspace {_fitted(line.node, share - 0.5)}" for line in others)
    body = r" \\ ".join((_fitted(first.node, share), *rest))
    return rf"\begin{{tabular}}[t]{{@{{}}l@{{}}}}{body}\end{{tabular}}"


def _fitted(formula: Node, share: float) -> str:
    shown = rf"$\displaystyle {latex(formula)}$"
    return rf"\resizebox{{{share:.1f}em}}{{!}}{{{shown}}}" if width(formula) > 1.15 * share + 0.1 else shown
