"""The shapes in a matrix form: Z = X W + 1 b^T is (N × D)(D × H) + (N × 1)(1 × H), so that everyone can see
that it fits.
"""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Expr, S

from symnet.documents import typeset as t
from symnet.documents.mathematics import MULTIPLY, Printer
from symnet.documents.typeset import Node, row
from symnet.index.symbols import Role, Tensor
from symnet.lowering import matrix as m

Extents = tuple[Expr, Expr]
"""Rows and columns."""
CROSS = t.Sign("×", r"\times")


def extents_of(form: m.MatrixExpr, turned: bool = False) -> Extents | None:
    """Rows and columns of a form, None for what is a number; `turned` where a matrix is the transpose of its
    array.
    """
    if isinstance(form, m.MatrixRead):
        shape = tuple(
            size for size, at in zip(form.tensor.shape, form.at or (None,) * 2, strict=False) if at is None
        )
        if len(shape) == 2:
            return (shape[1], shape[0]) if turned else (shape[0], shape[1])
        return (shape[0], S.One) if shape else None
    if isinstance(form, m.Ones):
        return form.axis.size, S.One
    if isinstance(form, m.Diagonal):
        extents = extents_of(form.of, turned)
        return extents and (extents[0], extents[0])
    if isinstance(form, m.Transpose):
        extents = extents_of(form.of, turned)
        return extents and (extents[1], extents[0])
    if isinstance(form, m.MatMul):
        first, last = extents_of(form.factors[0], turned), extents_of(form.factors[-1], turned)
        return (first[0], last[1]) if first and last and (first[0], last[1]) != (S.One, S.One) else None
    return next((found for part in parts_of(form) if (found := extents_of(part, turned))), None)


def parts_of(form: m.MatrixExpr) -> tuple[m.MatrixExpr, ...]:
    """The forms that `form` is made of."""
    if isinstance(form, m.MatMul | m.Hadamard):
        return form.factors
    if isinstance(form, m.Add):
        return tuple(part for _, part in form.terms)
    if isinstance(form, m.Scale):
        return (*form.above, form.of, *form.below)
    if isinstance(form, m.Quotient):
        return (form.above, form.below)
    if isinstance(form, m.Transpose | m.Diagonal):
        return (form.of,)
    if isinstance(form, m.Power):
        return (form.base,)
    return form.args if isinstance(form, m.Apply) else ()


def fitting(form: m.MatrixExpr, printer: Printer, turned: bool = False) -> Node | None:
    """The shapes of the factors and terms of `form`, None where it holds no product of matrices."""
    if isinstance(form, m.MatMul):
        return row(*(t.Fence(_extents(extents_of(factor, turned), printer)) for factor in form.factors))
    if isinstance(form, m.Scale):
        return fitting(form.of, printer, turned)
    if isinstance(form, m.Add) and any(fitting(part, printer, turned) for _, part in form.terms):
        shown = [_term(part, printer, turned) for _, part in terms_of(form)]
        return t.joined([term for term in shown if term is not None], t.PLUS)
    return None


def terms_of(form: m.Add) -> tuple[tuple[int, m.MatrixExpr], ...]:
    """The terms as they are written: what has a minus last, and before it sums of parameters alone."""
    return tuple(
        sorted(form.terms, key=lambda term: (term[0] < 0, _is_penalty(term[1]), _is_compound(term[1])))
    )


def _is_compound(form: m.MatrixExpr) -> bool:
    """Whether a term is multiplied by a sum of numbers, such as (1 - b)."""
    return isinstance(form, m.Scale) and any(isinstance(number, m.Add) for number in form.above)


def _is_penalty(form: m.MatrixExpr) -> bool:
    return extents_of(form) is None and all(tensor.role == Role.PARAMETER for tensor in _tensors(form))


def _tensors(form: m.MatrixExpr) -> Iterator[Tensor]:
    if isinstance(form, m.MatrixRead):
        yield form.tensor
    for part in parts_of(form):
        yield from _tensors(part)


def _term(form: m.MatrixExpr, printer: Printer, turned: bool) -> Node | None:
    """The shapes of a term's factors, or its own; None for a number."""
    extents = extents_of(form, turned)
    return fitting(form, printer, turned) or (extents and t.Fence(_extents(extents, printer)))


def _extents(extents: Extents | None, printer: Printer) -> Node:
    assert extents is not None, "a factor of a product of matrices is no number"
    return t.joined([printer.show(extent, MULTIPLY) for extent in extents], CROSS)
