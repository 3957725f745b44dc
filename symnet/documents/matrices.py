"""The matrix form as a tree of layout: a printing of the nodes that the code is lowered from, in either
convention.

Samples in rows: Z = X W + 1 b^T. Samples in columns: every matrix is the transpose of what it is in rows, so
that the whole expression is transposed and each matrix read turns over; vectors stay columns, and numbers
numbers: Z = W X + b 1^T.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import singledispatchmethod
from typing import Literal

from sympy import Integer, Mul, S

from symnet.documents import typeset as t
from symnet.documents.mathematics import (
    ADD,
    ATOM,
    FUNCTIONS,
    MULTIPLY,
    POWER,
    RELATIONS,
    SYMMETRIC,
    Printer,
    is_decimal,
)
from symnet.documents.names import tensor_name
from symnet.documents.notation import PLAIN, Names
from symnet.documents.shapes import parts_of, terms_of
from symnet.documents.typeset import Node, row
from symnet.equations.program import Equation, Program
from symnet.index import functions as f
from symnet.index.symbols import Role, Tensor
from symnet.lowering import matrix as m
from symnet.lowering.lower import axes_of, lower_equation

Convention = Literal["rows", "columns"]
ONE = m.Constant(S.One)
NAMES = {function.__name__: name for function, name in FUNCTIONS.items()}
NUMBER_FIRST = tuple(function.__name__ for function in SYMMETRIC)
SPELLED: dict[str, Callable[[m.MatrixExpr], m.MatrixExpr]] = {
    f.expm1.__name__: lambda x: m.Add(((1, m.Apply("exp", (x,))), (-1, ONE))),
    f.log1p.__name__: lambda x: m.Apply("log", (m.Add(((1, ONE), (1, x))),)),
    f.logcosh.__name__: lambda x: m.Apply("log", (m.Apply("cosh", (x,)),)),
    f.bell.__name__: lambda x: m.Apply("exp", (_negative(m.Power(x, Integer(2))),)),
    f.sech.__name__: lambda x: m.Quotient(ONE, m.Apply("cosh", (x,))),
    f.inverse.__name__: lambda x: m.Quotient(ONE, x),
    f.decay.__name__: lambda x: m.Apply("exp", (_negative(m.Apply("absolute", (x,))),)),
    f.rise.__name__: lambda x: m.Apply("exp", (m.Apply("minimum", (x, m.Constant(S.Zero))),)),
}
"""Functions that a machine computes in its own way and a person reads as what they are made of."""
SIGNS = {function.__name__: signs for function, signs in RELATIONS.items()}


def _negative(form: m.MatrixExpr) -> m.MatrixExpr:
    return m.Scale((m.Constant(S.NegativeOne),), form)


def matrix_expression(
    equation: Equation, program: Program, convention: Convention = "rows"
) -> m.MatrixExpr | None:
    """The right-hand side of an equation as a matrix; None where it is none (a gather, more than two axes,
    positions of maxima).
    """
    if equation.tensor.rank > 2 or equation.tensor.integer:
        return None
    form = m.matrix_form(lower_equation(equation, program), axes_of(equation))
    if form is None or not _is_readable(form):
        return None
    if convention == "columns":
        form = _in_columns(form) if equation.tensor.rank == 1 else _turned(form)
    return form


def matrix_equation(
    equation: Equation, program: Program, convention: Convention = "rows", names: Names = PLAIN
) -> Node | None:
    """The equation in matrix form; None where it has none."""
    form = matrix_expression(equation, program, convention)
    if form is None:
        return None
    printer = MatrixPrinter(program.tensors, names)
    return row(printer.tensor(equation.tensor), t.EQUALS, printer.show(form))


def _is_readable(form: m.MatrixExpr) -> bool:
    """Whether the form says more than the index form: not where slices or choices would need words."""
    if isinstance(form, m.Apply) and form.function in ("where", "floor"):
        return False
    if isinstance(form, m.MatrixRead):
        return not form.at
    return all(map(_is_readable, parts_of(form)))


def _turned(form: m.MatrixExpr) -> m.MatrixExpr:
    """The transpose of `form`, in terms of matrices that are transposes of what they are in rows."""
    if isinstance(form, m.MatrixRead):
        return form if form.tensor.rank != 1 else m.Transpose(form)
    if isinstance(form, m.Ones):
        return m.Transpose(form)
    if isinstance(form, m.Transpose):
        return _in_columns(form.of)
    if isinstance(form, m.Diagonal):
        return m.Diagonal(_in_columns(form.of))
    if isinstance(form, m.MatMul):
        return m.MatMul(tuple(map(_turned, reversed(form.factors))))
    return _rebuilt(form, turned=True)


def _in_columns(form: m.MatrixExpr) -> m.MatrixExpr:
    """`form` itself, in terms of matrices that are transposes of what they are in rows."""
    if isinstance(form, m.MatrixRead):
        return m.Transpose(form) if form.tensor.rank == 2 else form
    if isinstance(form, m.Transpose):
        return _turned(form.of)
    if isinstance(form, m.Diagonal):
        return m.Diagonal(_in_columns(form.of))
    if isinstance(form, m.MatMul):
        return m.MatMul(tuple(map(_in_columns, form.factors)))
    return form if isinstance(form, m.Ones) else _rebuilt(form, turned=False)


def _rebuilt(form: m.MatrixExpr, turned: bool) -> m.MatrixExpr:
    """An elementwise form with its parts turned over, or put in columns."""
    change = _turned if turned else _in_columns
    if isinstance(form, m.Hadamard):
        return m.Hadamard(tuple(map(change, form.factors)))
    if isinstance(form, m.Add):
        return m.Add(tuple((sign, change(part)) for sign, part in form.terms))
    if isinstance(form, m.Scale):
        above, below = (tuple(map(_in_columns, numbers)) for numbers in (form.above, form.below))
        return m.Scale(above, change(form.of), below)
    if isinstance(form, m.Quotient):
        return m.Quotient(change(form.above), change(form.below))
    if isinstance(form, m.Power):
        return m.Power(change(form.base), form.exponent)
    return m.Apply(form.function, tuple(map(change, form.args))) if isinstance(form, m.Apply) else form


class MatrixPrinter:
    """Prints matrix forms: capital letters bold, transposes as exponents, the elementwise product as a
    circled dot.
    """

    def __init__(self, tensors: Mapping[str, Tensor], names: Names = PLAIN) -> None:
        self.scalars = Printer(tensors, names=names)

    def tensor(self, tensor: Tensor, above: Node | None = None) -> Node:
        """The name of a tensor, bold unless it is a number."""
        if tensor.role == Role.HYPERPARAMETER:
            return self.scalars.symbol(tensor.name)
        if tensor.quotient:
            name = self.scalars.quotient(tensor)
            return name if above is None else t.Script(t.Fence(name), None, above)
        return tensor_name(tensor, bold=tensor.rank > 0, above=above, names=self.scalars.names)

    def show(self, form: m.MatrixExpr, least: int = 0) -> Node:
        """`form`, in brackets where it binds less tightly than `least`."""
        node, binding = self.form(form)
        return t.Fence(node) if binding < least else node

    @singledispatchmethod
    def form(self, form: m.MatrixExpr) -> tuple[Node, int]:
        """A form and how tightly it binds."""
        raise TypeError(f"{type(form).__name__} has no printed form; add it in matrices.py")

    @form.register
    def _(self, form: m.MatrixRead) -> tuple[Node, int]:
        return self.tensor(form.tensor), ATOM

    @form.register
    def _(self, form: m.Constant) -> tuple[Node, int]:
        return self.scalars.form(form.value)

    @form.register
    def _(self, form: m.Ones) -> tuple[Node, int]:
        return t.Name("1", "bold"), ATOM

    @form.register
    def _(self, form: m.Transpose) -> tuple[Node, int]:
        if isinstance(form.of, m.MatrixRead):
            return self.tensor(form.of.tensor, above=t.TOP), ATOM
        return t.Script(self.show(form.of, ATOM), None, t.TOP), POWER

    @form.register
    def _(self, form: m.Diagonal) -> tuple[Node, int]:
        if isinstance(form.of, m.Ones):
            return t.Name("I", "bold"), ATOM
        return row(t.Name("diag", "upright", r"\operatorname{diag}"), t.Fence(self.show(form.of))), ATOM

    @form.register
    def _(self, form: m.MatMul) -> tuple[Node, int]:
        return t.joined([self.show(factor, POWER) for factor in form.factors], t.INVISIBLE), MULTIPLY

    @form.register
    def _(self, form: m.Hadamard) -> tuple[Node, int]:
        if len(form.factors) > 1 and len(set(form.factors)) == 1:
            return self.form(m.Power(form.factors[0], Integer(len(form.factors))))
        factors = sorted(form.factors, key=_hadamard_order)
        return t.joined([self.show(factor, POWER) for factor in factors], t.HADAMARD), MULTIPLY

    @form.register
    def _(self, form: m.Scale) -> tuple[Node, int]:
        """A minus and numbers in front; what it is divided by below, if that reads well."""
        form = _with_decimal(form)
        numbers = [number for number in form.above if number != m.Constant(S.NegativeOne)]
        negative = (len(form.above) - len(numbers)) % 2 == 1
        if numbers == [] and not form.below:
            inside, binding = self.form(form.of)
            inside = t.Fence(inside) if binding < MULTIPLY else inside
            return (row(t.MINUS_SIGN, inside), ADD) if negative else (inside, binding)
        front = [self.show(number, POWER) for number in numbers]
        if form.below:
            below = t.joined(
                [self.show(number, 0 if len(form.below) == 1 else POWER) for number in form.below],
                t.INVISIBLE,
            )
            above = t.joined(front, t.INVISIBLE) if front else t.Number("1")
            simple = not front and isinstance(form.of, m.MatrixRead | m.Constant | m.Add)
            if simple:
                return _signed(negative, t.Fraction(self.show(form.of), below))
            front = [t.Fraction(above, below)]
        if front and not form.below and _leads_with_one(form.of):
            front.append(t.TIMES)
        return _signed(negative, t.joined([*front, self.show(form.of, MULTIPLY)], t.INVISIBLE))

    @form.register
    def _(self, form: m.Add) -> tuple[Node, int]:
        terms = terms_of(form)
        parts: list[Node] = []
        for sign, part in terms:
            shown = self.show(part, MULTIPLY)
            if sign < 0:
                parts += [t.MINUS if parts else t.MINUS_SIGN, shown]
            else:
                parts += [*([t.PLUS] if parts else []), shown]
        return row(*parts), ADD

    @form.register
    def _(self, form: m.Quotient) -> tuple[Node, int]:
        return t.Fraction(self.show(form.above), self.show(form.below)), MULTIPLY

    @form.register
    def _(self, form: m.Power) -> tuple[Node, int]:
        exponent = self.scalars.show(form.exponent)
        elementwise = row(t.Sign("∘", r"\circ", "prefix"), exponent)
        is_number = isinstance(form.base, m.MatrixRead) and not form.base.tensor.rank
        base = self.show(form.base, ATOM)
        if isinstance(base, t.Script | t.Fraction):
            base = t.Fence(base)
        return t.Script(base, None, exponent if is_number else elementwise), POWER

    @form.register
    def _(self, form: m.Apply) -> tuple[Node, int]:
        if form.function in SIGNS:
            return t.Fence(self.relation(form), "[]"), ATOM
        if form.function == f.absolute.__name__:
            return t.Fence(self.show(form.args[0]), "||"), ATOM
        if form.function == "sqrt":
            return t.Root(self.show(form.args[0])), ATOM
        if form.function in SPELLED:
            return self.form(SPELLED[form.function](form.args[0]))
        name = NAMES.get(form.function) or t.Name(form.function, "upright")
        arguments = form.args
        if form.function in NUMBER_FIRST:
            arguments = tuple(sorted(arguments, key=lambda argument: not isinstance(argument, m.Constant)))
        return row(name, t.Fence(t.joined([self.show(argument) for argument in arguments], t.COMMA))), ATOM

    def relation(self, form: m.Apply) -> Node:
        left, right = form.args
        sign, turned = SIGNS[form.function]
        if isinstance(left, m.Constant) and not isinstance(right, m.Constant):
            return row(self.show(right), turned, self.show(left))
        return row(self.show(left), sign, self.show(right))


def _with_decimal(form: m.Scale) -> m.Scale:
    """The same with the numbers above and below as one decimal, where that is how the number is written."""
    above, below = (
        [part for part in parts if isinstance(part, m.Constant) and part.value.is_Rational]
        for parts in (form.above, form.below)
    )
    coefficient = Mul(*(part.value for part in above)) / Mul(*(part.value for part in below))
    if not is_decimal(coefficient):
        return form
    rest = tuple(part for part in form.above if part not in above)
    return m.Scale(
        (m.Constant(coefficient), *rest), form.of, tuple(part for part in form.below if part not in below)
    )


def _leads_with_one(form: m.MatrixExpr) -> bool:
    """Whether a product begins with the vector of ones, which must not be read as a digit of the number
    before it.
    """
    first = form.factors[0] if isinstance(form, m.MatMul) else form
    return isinstance(first, m.Ones) or (isinstance(first, m.Transpose) and isinstance(first.of, m.Ones))


def _signed(negative: bool, node: Node) -> tuple[Node, int]:
    return (row(t.MINUS_SIGN, node), ADD) if negative else (node, MULTIPLY)


def _hadamard_order(form: m.MatrixExpr) -> tuple[int, bool]:
    """The adjoint first, then names, then what needs brackets."""
    adjoint = isinstance(form, m.MatrixRead) and bool(form.tensor.adjoint_of)
    return (0 if adjoint or isinstance(form, m.MatMul) else 1, isinstance(form, m.Add))


def shape_form(tensor: Tensor, printer: Printer, convention: Convention = "rows") -> Node:
    """The shape as people write it: N × H1, turned over where samples are columns; a vector is a column."""
    if not tensor.shape:
        return t.Name("number", "upright")
    extents = [printer.show(extent, MULTIPLY) for extent in tensor.shape]
    if tensor.rank == 2 and convention == "columns":
        extents.reverse()
    return t.joined([*extents, t.Number("1")] if tensor.rank == 1 else extents, t.Sign("×", r"\times"))
