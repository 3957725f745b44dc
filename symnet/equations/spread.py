"""A formula stated for rows holds for arrays of more axes: its first axis stands for all but the last.

    A[n,j] = sigmoid(Z[n,j])               over Z[N, T, H]:   A[n,t,j] = sigmoid(Z[n,t,j])
    L = sum((A[n,j] - Y[n,j])**2, n, j)/N  over A[N, T, K]:   L = sum((A[n,t,j] - Y[n,t,j])**2, n, t, j)/(N*T)

An axis's size gives way to several, and so does every index that runs over it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from sympy import Expr, Indexed, Mul

from symnet.equations.program import Equation, Program
from symnet.errors import ShapeError
from symnet.index.calculus import fresh
from symnet.index.reductions import ArgMax, argmax, binders_of, total
from symnet.index.symbols import Index, Size, Tensor, base

Sizes = tuple[Expr, ...]


def spread(program: Program, axes: Mapping[Size, Sizes]) -> Program:
    """`program` with each axis whose size is in `axes` spread over the axes of the sizes given for it.

    Raises ShapeError where a formula does more with an index of such an axis than to run over it.
    """
    tensors = {name: _spread_tensor(tensor, axes) for name, tensor in program.tensors.items()}
    equations = tuple(_spread_equation(equation, axes) for equation in program.equations)
    return replace(program, tensors=tensors, equations=equations)


def _spread_tensor(tensor: Tensor, axes: Mapping[Size, Sizes]) -> Tensor:
    shape = tuple(part for extent in tensor.shape for part in axes.get(extent, (extent,)))
    return replace(tensor, shape=shape)


def _spread_equation(equation: Equation, axes: Mapping[Size, Sizes]) -> Equation:
    taken = {index.name for index in equation.rhs.atoms(Index)} | {index.name for index in equation.indices}
    work = _Spreading(axes, taken)
    scope: dict[Index, tuple[Index, ...]] = {}
    indices: list[Index] = []
    for index, size in equation.binders:
        if size in axes:
            scope[index] = work.names(index, axes[size])
        indices += scope.get(index, (index,))
    return replace(
        equation,
        tensor=_spread_tensor(equation.tensor, axes),
        indices=tuple(indices),
        rhs=work.expression(equation.rhs, scope),
    )


class _Spreading:
    """The spreading of one equation's right-hand side."""

    def __init__(self, axes: Mapping[Size, Sizes], taken: Collection[str]) -> None:
        self.axes = axes
        self.taken = set(taken)

    def names(self, index: Index, sizes: Sizes) -> tuple[Index, ...]:
        """The index itself for the first axis; for each other one the letter of its size, where that is
        free.
        """
        found = [index]
        for size in sizes[1:]:
            letter = str(size)[0].lower()
            found.append(fresh(self.taken, letter if letter.isalpha() else "t"))
            self.taken.add(found[-1].name)
        return tuple(found)

    def expression(self, expr: Expr, scope: Mapping[Index, tuple[Index, ...]]) -> Expr:
        if isinstance(expr, Indexed):
            places: list[Expr] = []
            for place in expr.indices:
                if place in scope:
                    places += scope[place]
                else:
                    places.append(self.expression(place, scope))
            return Indexed(base(expr.base.label.name), *places)
        if isinstance(expr, Index) and expr in scope:
            raise ShapeError(
                f"{expr} is more than a position here: the formula holds for one axis only",
                expected="an array of two axes",
            )
        if expr in self.axes:
            return Mul(*self.axes[expr])
        if hasattr(expr, "limits"):
            return self.reduction(expr, scope)
        if not expr.args:
            return expr
        return expr.func(*(self.expression(argument, scope) for argument in expr.args))

    def reduction(self, expr: Expr, scope: Mapping[Index, tuple[Index, ...]]) -> Expr:
        inner = dict(scope)
        binders: list[tuple[Index, Expr]] = []
        for index, size in binders_of(expr):
            inner.pop(index, None)
            if size in self.axes and not isinstance(expr, ArgMax):
                inner[index] = self.names(index, self.axes[size])
                binders += zip(inner[index], self.axes[size], strict=True)
            else:
                binders.append((index, self.expression(size, scope)))
        body = self.expression(expr.function, inner)
        if isinstance(expr, ArgMax):
            return argmax(body, *binders)
        return total(body, tuple(binders))
