"""A worked example: the values of tensors, beside the equations that define them.

A number is rounded to four significant digits, and never looks more exact than it is: 0.5 is a half, 0.5000
is what rounds to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symnet.documents import typeset as t
from symnet.documents.breaking import width
from symnet.documents.matrices import Convention, MatrixPrinter, matrix_expression
from symnet.documents.shapes import parts_of
from symnet.documents.typeset import Node, row
from symnet.equations.program import Equation, Program
from symnet.index.symbols import Tensor
from symnet.lowering import matrix as m

Values = Mapping[str, NDArray[Any]]
DIGITS, MOST, ROOM = 4, 8, 36.0
"""The digits of a number; the most rows and columns of a matrix; so many em a line of numbers may take."""


def number(value: float) -> Node:
    """A number, rounded."""
    value = float(value)
    if value < 0:
        return row(t.MINUS_SIGN, number(-value))
    if not np.isfinite(value):
        return t.Name("∞", "upright", r"\infty") if value > 0 else t.Words("not a number")
    short = f"{value:.{DIGITS}g}"
    text = short if float(short) == value else f"{value:#.{DIGITS}g}".rstrip(".")
    digits, _, power = text.partition("e")
    if not power:
        return t.Number(digits)
    return row(t.Number(digits), t.TIMES, t.Script(t.Number("10"), None, _whole(int(power))))


def _whole(value: int) -> Node:
    return t.Number(str(value)) if value >= 0 else row(t.MINUS_SIGN, t.Number(str(-value)))


def fits(values: NDArray[Any]) -> bool:
    """Whether an array can be shown: as a number, or as a matrix that is not large."""
    return values.ndim <= 2 and all(0 < extent <= MOST for extent in values.shape)


def shown(values: NDArray[Any], convention: Convention = "rows", turned: bool = False) -> Node:
    """An array as it stands in a matrix equation: vectors are columns; `turned` is its transpose."""
    if values.ndim == 0:
        return number(float(values))
    table = values[:, None] if values.ndim == 1 else values
    if (convention == "columns" and values.ndim == 2) != turned:
        table = table.T
    return t.Matrix(tuple(tuple(number(entry) for entry in cells) for cells in table.tolist()))


class NumberPrinter(MatrixPrinter):
    """Prints matrix forms with the values of tensors in place of their names."""

    def __init__(self, tensors: Mapping[str, Tensor], values: Values, convention: Convention) -> None:
        super().__init__(tensors)
        self.values, self.convention = values, convention

    def tensor(self, tensor: Tensor, above: Node | None = None) -> Node:
        """The value of a tensor; its transpose where that mark stands above."""
        return shown(self.values[tensor.name], self.convention, turned=above == t.TOP)


def in_numbers(
    name: Node, equation: Equation, program: Program, values: Values, convention: Convention
) -> Node | None:
    """What an equation says in numbers: with those that it reads put in, where there is room, and what comes
    out. None where that is not known, or too large.
    """
    found = values.get(equation.tensor.name)
    if found is None or not fits(found):
        return None
    result = row(name, t.EQUALS, shown(found, convention))
    form = matrix_expression(equation, program, convention)
    if form is None or not _is_shown(form, values) or isinstance(form, m.MatrixRead | m.Constant):
        return result
    inside = NumberPrinter(program.tensors, values, convention).show(form)
    whole = row(name, t.EQUALS, inside, t.EQUALS, shown(found, convention))
    return whole if width(whole) <= ROOM else result


def _is_shown(form: m.MatrixExpr, values: Values) -> bool:
    """Whether everything that a form reads is a matrix or a vector that can be shown: numbers beside each
    other could be taken for one.
    """
    if isinstance(form, m.MatrixRead):
        return form.tensor.rank > 0 and form.tensor.name in values and fits(values[form.tensor.name])
    return all(_is_shown(part, values) for part in parts_of(form))


def given(named: list[tuple[Node, NDArray[Any]]], convention: Convention) -> list[Node]:
    """What is given, as many values on a line as there is room for."""
    lines: list[Node] = []
    for name, values in named:
        part = row(name, t.EQUALS, shown(values, convention))
        longer = row(lines[-1], t.COMMA, t.Words(""), part) if lines else part
        if lines and width(longer) <= ROOM:
            lines[-1] = longer
        else:
            lines.append(part)
    return lines
