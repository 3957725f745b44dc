"""How parameters start: drawn with a spread that suits the number of terms they are summed with, or 0, or 1.

A weight that a sum runs over (`sum(X[n,i]*W[i,j], i)`) is uniform within sqrt(6/(inputs + outputs)) (Glorot),
or within sqrt(6/inputs) where the sum goes into a maximum (He): inputs are the places along the axes that are
summed, outputs those along the others. What is only added starts at 0; what else multiplies starts at 1; a
table that is read row by row starts like a weight of one input.
"""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Add, Expr, Indexed, Integer, Mul, S, Sum, preorder_traversal

from symnet.equations.program import Equation, Program, elements
from symnet.index.functions import maximum
from symnet.index.recall import up_to_names
from symnet.index.reductions import binders_of
from symnet.index.symbols import Index, Tensor, indices_of, name_of


@dataclass(frozen=True, slots=True)
class Start:
    """Uniform within the root of `square`, or, where that is None, `value` everywhere."""

    square: Expr | None
    value: int = 0


def start_of(parameter: Tensor, program: Program) -> Start:
    """How `parameter` starts."""
    for equation in program.uses[parameter.name]:
        if equation.tensor.adjoint_of or equation.tensor.next_of:
            continue
        users = tuple(user.rhs for user in program.uses[equation.tensor.name])
        found = _in_equation(parameter, equation.said, users)
        if found is not None:
            return found
    return Start(None, 0)


@up_to_names
def _in_equation(
    parameter: Tensor, said: tuple[Tensor, tuple[Index, ...], Expr], users: tuple[Expr, ...]
) -> Start | None:
    """What one use says, or None where the parameter is only added there or where the use is a penalty on
    it. `users` are the formulas that read what the equation defines.
    """
    equation = Equation(*said)
    bound = {
        index
        for node in preorder_traversal(equation.rhs)
        if isinstance(node, Sum)
        for index, _ in binders_of(node)
    }
    for element in elements(equation.rhs):
        if name_of(element) != parameter.name:
            continue
        if not parameter.rank:
            return Start(None, 1) if _multiplies(element, equation.rhs) else None
        summed, other, gathered = S.One, S.One, False
        for place, extent in zip(indices_of(element), parameter.shape, strict=True):
            if place.has(Indexed):
                gathered = True
            elif isinstance(place, Index) and place not in bound:
                other *= extent
            else:
                summed *= extent
        if gathered:
            return Start(Integer(3) / other)
        if not equation.indices:
            continue  # a penalty such as the sum of squares
        if summed != 1:
            rectified = any(_rectifies(user, equation.tensor) for user in users)
            return Start(Integer(6) / (summed if rectified else summed + other))
        if _multiplies(element, equation.rhs):
            return Start(None, 1)
    return None


def _rectifies(user: Expr, tensor: Tensor) -> bool:
    """Whether the formula passes the tensor through a maximum."""
    return any(name_of(e) == tensor.name for node in user.atoms(maximum) for e in elements(node))


def _multiplies(element: Expr, rhs: Expr) -> bool:
    """Whether the element stands in a product with other elements."""
    return any(
        node.has(element) and len(elements(node)) > 1
        for term in Add.make_args(rhs)
        for node in term.atoms(Mul)
    )
