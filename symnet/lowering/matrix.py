"""The matrix form of an array expression: `Sum_n A1[n,i]*dZ2[n,j]` is A1^T dZ2.

A tensor with axes (n, j) is a matrix, one with the axis (j) a column vector, one without axes a number. A
form has rows and columns: an axis each, or none where there is one of them. The order of the factors follows
from the axes of the result: the chain of products starts at its rows and ends at its columns. Expressions of
rank three, gathers, and sums that are no chain have no matrix form.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sympy import Expr, S

from symnet.index.symbols import Tensor
from symnet.lowering.nodes import ArrayExpr, Axes, Axis, Contract, Elementwise, Iota, Number, Read, SizeValue

Shape = tuple[Axis | None, Axis | None]
"""Rows and columns; None where there is one."""


@dataclass(frozen=True, slots=True)
class MatrixRead:
    """A tensor: a matrix (n, j), a column vector (j) or a number."""

    tensor: Tensor
    at: tuple[
        Expr | None, ...
    ] = ()  # for a slice, the position at each axis of the tensor that is fixed, None at the others


@dataclass(frozen=True, slots=True)
class Constant:
    """A number made of numbers and sizes."""

    value: Expr


@dataclass(frozen=True, slots=True)
class Ones:
    """The column vector of ones, one for each place of an axis."""

    axis: Axis


@dataclass(frozen=True, slots=True)
class Transpose:
    """The transpose of a matrix or a column vector."""

    of: MatrixExpr


@dataclass(frozen=True, slots=True)
class Diagonal:
    """The matrix that has a column vector on its diagonal and zeros elsewhere."""

    of: MatrixExpr


@dataclass(frozen=True, slots=True)
class MatMul:
    """The ordered product of two factors or more."""

    factors: tuple[MatrixExpr, ...]


@dataclass(frozen=True, slots=True)
class Hadamard:
    """The elementwise product of factors of one shape."""

    factors: tuple[MatrixExpr, ...]


@dataclass(frozen=True, slots=True)
class Scale:
    """A matrix, multiplied by what is a number (or divided, where the number stands below)."""

    above: tuple[MatrixExpr, ...]
    of: MatrixExpr
    below: tuple[MatrixExpr, ...] = ()


@dataclass(frozen=True, slots=True)
class Add:
    """The sum of terms of one shape, each with its sign: +1 or -1. A Constant among them stands at every
    place.
    """

    terms: tuple[tuple[int, MatrixExpr], ...]


@dataclass(frozen=True, slots=True)
class Quotient:
    """The elementwise quotient of two of one shape; a Constant above stands at every place."""

    above: MatrixExpr
    below: MatrixExpr


@dataclass(frozen=True, slots=True)
class Power:
    """The elementwise power."""

    base: MatrixExpr
    exponent: Expr


@dataclass(frozen=True, slots=True)
class Apply:
    """A named function, elementwise."""

    function: str
    args: tuple[MatrixExpr, ...]


MatrixExpr = (
    MatrixRead
    | Constant
    | Ones
    | Transpose
    | Diagonal
    | MatMul
    | Hadamard
    | Scale
    | Add
    | Quotient
    | Power
    | Apply
)

Part = tuple[MatrixExpr, Shape]
"""A factor of a chain with its shape."""


def matrix_form(expr: ArrayExpr, axes: Axes | None = None) -> MatrixExpr | None:
    """`expr` as a matrix over `axes` (its own ones, unless given): rows and columns, or a column vector, or a
    number.

    None where there is no such form.
    """
    axes = expr.axes if axes is None else axes
    if len(axes) > 2:
        return None
    rows, columns = (*axes, None, None)[:2]
    try:
        return _form(expr, (rows, columns))
    except _NoMatrixForm:
        return None


class _NoMatrixForm(Exception):
    """Some part of the expression is no matrix."""


def _form(expr: ArrayExpr, shape: Shape) -> MatrixExpr:
    """`expr` as a matrix of exactly this shape; a number stays a number."""
    if isinstance(expr, Number | SizeValue):
        return Constant(expr.value)
    if not set(expr.axes) <= set(shape):
        raise _NoMatrixForm
    if isinstance(expr, Read):
        return _read(expr, shape)
    if isinstance(expr, Contract):
        if len(expr.axes) == 1 and None not in shape:
            (axis,) = expr.axes
            return _spread(_chain(expr.operands, expr.over, (axis, None)), axis, shape)
        return _chain(expr.operands, expr.over, shape)
    if isinstance(expr, Elementwise):
        return _elementwise(expr, shape)
    raise _NoMatrixForm


def _read(expr: Read, shape: Shape) -> MatrixExpr:
    at = tuple(None if isinstance(place, Axis) else place for place in expr.places)
    matrix = MatrixRead(expr.tensor, at if any(place is not None for place in at) else ())
    if not expr.axes:
        return matrix
    if len(expr.axes) == 2:
        return matrix if expr.axes == shape else Transpose(matrix)
    return _spread(matrix, expr.axes[0], shape)


def _spread(vector: MatrixExpr, axis: Axis, shape: Shape) -> MatrixExpr:
    """A column vector over `axis` as a matrix of `shape`: itself, its transpose, or repeated by a product
    with ones.
    """
    rows, columns = shape
    if axis == rows and columns is not None and isinstance(vector, MatMul):
        return MatMul((*vector.factors, Transpose(Ones(columns))))
    if axis == rows:
        return vector if columns is None else MatMul((vector, Transpose(Ones(columns))))
    return Transpose(vector) if rows is None else MatMul((Ones(rows), Transpose(vector)))


def _elementwise(expr: Elementwise, shape: Shape) -> MatrixExpr:
    diagonal = _diagonal((expr,), *shape)
    if diagonal is not None:
        return diagonal
    if expr.function in ("add", "subtract"):
        return Add(tuple(_terms(expr, shape)))
    if expr.function == "negative":
        return Scale((Constant(S.NegativeOne),), _form(expr.args[0], shape))
    if expr.function == "multiply":
        return _product(expr.args, shape)
    if expr.function == "divide":
        above, below = expr.args
        if not below.axes:
            return Scale((), _form(above, shape), (_form(below, (None, None)),))
        return Quotient(_form(above, shape), _form(below, shape))
    if expr.function == "power":
        base, exponent = expr.args
        if not isinstance(exponent, Number):
            raise _NoMatrixForm
        return Power(_form(base, shape), exponent.value)
    return Apply(expr.function, tuple(_form(argument, shape) for argument in expr.args))


def _terms(expr: ArrayExpr, shape: Shape, sign: int = 1) -> list[tuple[int, MatrixExpr]]:
    """The terms of a sum or difference, from left to right."""
    if isinstance(expr, Elementwise) and expr.function == "add":
        return [term for part in expr.args for term in _terms(part, shape, sign)]
    if isinstance(expr, Elementwise) and expr.function == "subtract":
        return [*_terms(expr.args[0], shape, sign), *_terms(expr.args[1], shape, -sign)]
    if isinstance(expr, Elementwise) and expr.function == "negative":
        return _terms(expr.args[0], shape, -sign)
    return [(sign, _form(expr, shape))]


def _product(args: tuple[ArrayExpr, ...], shape: Shape) -> MatrixExpr:
    """Numbers in front; then a Hadamard product, or an outer product where two vectors span the shape."""
    numbers = tuple(_form(argument, (None, None)) for argument in args if not argument.axes)
    others = [argument for argument in args if argument.axes]
    rows, columns = shape
    diagonal = _diagonal(others, rows, columns)
    if diagonal is not None:
        return Scale(numbers, diagonal) if numbers else diagonal
    if not others:
        return Scale(numbers[:-1], numbers[-1]) if len(numbers) > 1 else numbers[0]
    if rows is not None and columns is not None and all(len(argument.axes) == 1 for argument in others):
        down = _hadamard([_form(a, (rows, None)) for a in others if a.axes == (rows,)])
        across = _hadamard([_form(a, (columns, None)) for a in others if a.axes == (columns,)])
        if down is not None and across is not None:
            product: MatrixExpr = MatMul((down, Transpose(across)))
            return Scale(numbers, product) if numbers else product
    value = _hadamard([_form(argument, shape) for argument in others])
    assert value is not None
    return Scale(numbers, value) if numbers else value


def _diagonal(factors: Sequence[ArrayExpr], rows: Axis | None, columns: Axis | None) -> MatrixExpr | None:
    """[i = j] times factors that depend on one of the two alone: they stand on a diagonal."""
    if rows is None or columns is None:
        return None
    pair = (Iota(rows), Iota(columns))
    delta = {Elementwise("equal", pair), Elementwise("equal", pair[::-1])}
    others = [factor for factor in factors if factor not in delta]
    axes = {axis for factor in others for axis in factor.axes}
    if len(others) == len(factors) or len(axes) > 1:
        return None
    axis = axes.pop() if axes else rows
    value = _hadamard([_form(factor, (axis, None)) for factor in others])
    return Diagonal(Ones(axis) if value is None else value)


def _hadamard(factors: Sequence[MatrixExpr]) -> MatrixExpr | None:
    if not factors:
        return None
    return factors[0] if len(factors) == 1 else Hadamard(tuple(factors))


def _chain(operands: tuple[ArrayExpr, ...], over: Axes, shape: Shape) -> MatrixExpr:
    """The product of the operands in the order that leads from the rows of the result to its columns.

    Operands over the same axes are multiplied elementwise first. A vector at an axis where two matrices meet
    stands between them as a diagonal matrix; elsewhere it is spread over one of them.
    """
    numbers = tuple(_form(operand, (None, None)) for operand in operands if not operand.axes)
    groups: dict[frozenset[Axis], list[ArrayExpr]] = {}
    for operand in operands:
        if len(operand.axes) > 2:
            raise _NoMatrixForm
        if operand.axes:
            groups.setdefault(frozenset(operand.axes), []).append(operand)
    links = [_Link(tuple(group), group[0].axes) for group in groups.values()]
    if len(links) == 1 and shape == (None, None) and len(links[0].axes) == 1 and len(links[0].operands) == 2:
        link = links.pop()
        left, right = (_form(operand, (link.axes[0], None)) for operand in link.operands)
        parts = [Transpose(left), right]
    else:
        links, between = _absorb(links, shape)
        parts = _walk(links, between, *shape)
        links += between.values()
    if links:
        raise _NoMatrixForm
    value = parts[0] if len(parts) == 1 else MatMul(tuple(parts))
    return Scale(numbers, value) if numbers else value


@dataclass(frozen=True, slots=True)
class _Link:
    """Operands over the same axes, one or two of them, which are multiplied elementwise."""

    operands: tuple[ArrayExpr, ...]
    axes: Axes

    def seen_from(self, axis: Axis | None) -> tuple[MatrixExpr, Axis | None]:
        """The link as a matrix with `axis` as its rows, and its columns; without rows where `axis` is
        None.
        """
        other = next((a for a in self.axes if a != axis), None)
        form = _hadamard([_form(operand, (axis, other)) for operand in self.operands])
        assert form is not None
        return form, other


def _absorb(links: list[_Link], shape: Shape) -> tuple[list[_Link], dict[Axis, _Link]]:
    """The links with no axis that more than two of them (the result counted) share, where spreading a vector
    can see to that, or taking it between the two; and those between, by their axis.
    """
    found, between = list(links), dict[Axis, _Link]()
    for link in [link for link in links if len(link.axes) == 1]:
        axis = link.axes[0]
        meeting = [other for other in found if axis in other.axes]
        if len(meeting) == 3 and axis not in shape and sum(len(other.axes) for other in meeting) == 5:
            found.remove(link)
            between[axis] = link
        elif len(meeting) + (axis in shape) > 2:
            host = next((other for other in meeting if len(other.axes) == 2), None)
            if host is None:
                raise _NoMatrixForm
            found.remove(link)
            found[found.index(host)] = _Link((*host.operands, *link.operands), host.axes)
    for axis in {axis for link in found for axis in link.axes}:
        if sum(axis in link.axes for link in found) + (axis in shape) > 2:
            raise _NoMatrixForm
    return found, between


def _walk(
    links: list[_Link], between: dict[Axis, _Link], start: Axis | None, end: Axis | None
) -> list[MatrixExpr]:
    """The factors met on the way from `start` to `end`; takes them out of `links` and `between`."""
    parts: list[MatrixExpr] = []
    here = start
    if here is None:  # a row vector or a number: begin at a vector, or at ones
        vectors = [link for link in links if len(link.axes) == 1 and link.axes[0] != end]
        leading = [link.axes[0] for link in links if len(link.axes) == 2]
        first = min(vectors, key=lambda link: link.axes[0] not in leading, default=None)
        if first is None and end is not None:
            first = next((link for link in links if link.axes == (end,)), None)
        if first is not None:
            links.remove(first)
            parts.append(first.seen_from(None)[0])
            here = first.axes[0]
        else:
            free = [axis for link in links for axis in link.axes if axis != end]
            here = next((axis for axis in free if sum(axis in link.axes for link in links) == 1), None)
            if here is None:
                raise _NoMatrixForm
            parts.append(Transpose(Ones(here)))
    while True:
        link = next((link for link in links if here in link.axes), None)
        if link is None:
            break
        links.remove(link)
        form, here = link.seen_from(here)
        parts.append(form)
        if here is None:
            break
        if here in between:
            parts.append(Diagonal(between.pop(here).seen_from(here)[0]))
    if here is not None and here != end:
        parts.append(Ones(here))
    elif here is None and end is not None:
        raise _NoMatrixForm
    return parts
