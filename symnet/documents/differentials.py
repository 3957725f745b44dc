"""Derivatives as differentials: how the loss changes, dL, in terms of how one tensor does, dW."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sympy import Expr, Sum

from symnet.documents import typeset as t
from symnet.documents.mathematics import MULTIPLY, POWER, Printer
from symnet.documents.names import tensor_name
from symnet.documents.typeset import Node, row
from symnet.equations.program import Equation
from symnet.index.calculus import is_negative
from symnet.index.symbols import Tensor, indices_of

if TYPE_CHECKING:
    from symnet.documents.matrices import MatrixPrinter

D = t.Name("d", "upright")
TRACE = t.Name("tr", "upright", r"\operatorname{tr}")


def change(of: Node) -> Node:
    """How something changes: d in front of it."""
    return row(D, t.Fence(of) if isinstance(of, t.Row) else of)


def change_of_loss(printer: Printer) -> Node:
    """How the loss changes."""
    return change(tensor_name(Tensor(printer.names.loss, ()), names=printer.names))


def in_elements(equation: Equation, of: Tensor, printer: Printer) -> Node:
    """DL = Σ W̄ dW, element by element, of the adjoint that an equation defines."""
    indices = equation.indices
    terms = row(printer.show(equation.lhs), t.INVISIBLE, change(printer.show(of[indices])))
    return row(change_of_loss(printer), t.EQUALS, summed(indices, printer), terms)


def summed(indices: tuple[Expr, ...], printer: Printer) -> Node:
    """The sum over indices; nothing where there are none."""
    return t.Sum(t.joined([printer.show(index) for index in indices], t.COMMA)) if indices else t.Row(())


def as_trace(adjoint: Tensor, of: Tensor, matrices: MatrixPrinter) -> Node:
    """DL = tr(W̄ᵀ dW) of an adjoint; of a vector and of a number without the trace, which changes nothing."""
    moved = change(matrices.tensor(of))
    factor = matrices.tensor(adjoint, t.TOP if of.rank else None)
    product = row(factor, t.INVISIBLE, moved)
    traced = row(TRACE, t.Fence(product)) if of.rank > 1 else product
    return row(change_of_loss(matrices.scalars), t.EQUALS, traced)


def local(after: Expr, wrt: Expr, left: Node, printer: Printer) -> Node:
    """d(left) = after dwrt, where nothing but `wrt` changes."""
    by = printer.show(wrt)
    moved = change(by if indices_of(wrt) or wrt.is_Symbol else t.Fence(by))
    sign = (t.MINUS_SIGN,) if is_negative(after) else ()
    size = -after if sign else after
    if size == 1:
        return row(change(left), t.EQUALS, *sign, moved)
    slope = printer.show(size, POWER if size.has(Sum) else MULTIPLY)
    return row(change(left), t.EQUALS, *sign, slope, t.INVISIBLE, moved)
