"""What only the same turn of a loop reads has no place for each turn: every turn writes it anew.

before:  for t:  dO[t,n,k] = dH[t,n,k]*tanh(C[t,n,k]);  dZ[t,n,k] = D[t,n,k]*dO[t,n,k]
after:   for t:  dO[n,k] = dH[t,n,k]*tanh(C[t,n,k]);  dZ[t,n,k] = D[t,n,k]*dO[n,k]

Memory of one turn stays in the nearest cache.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from sympy import Expr, Indexed

from symnet.equations.program import Equation, elements
from symnet.index.symbols import Role, Tensor, indices_of, name_of
from symnet.lowering.recurrence import Part, Recurrence, equations_of


def passing(stretches: Iterable[Sequence[Part]], kept: Collection[str]) -> dict[str, int]:
    """The tensors that only the turn that computes them reads, each with the axis along which it has one
    place for every turn.
    """
    parts = [part for stretch in stretches for part in stretch]
    reads: dict[str, list[tuple[Part, tuple[Expr, ...]]]] = defaultdict(list)
    for part in parts:
        for equation in equations_of(part):
            for element in elements(equation.rhs):
                reads[name_of(element)].append((part, indices_of(element)))
    found: dict[str, int] = {}
    for loop in [part for part in parts if isinstance(part, Recurrence)]:
        for equation in loop.equations:
            tensor, axis = equation.tensor, equation.indices.index(loop.index)
            own = tensor.role is Role.INTERMEDIATE and not tensor.next_of and tensor.name not in kept
            uses = reads[tensor.name]
            if own and tensor.rank > 1 and all(p is loop and at[axis] == loop.index for p, at in uses):
                found[tensor.name] = axis
    return found


def without_turns(part: Part, axes: Mapping[str, int]) -> Part:
    """The recurrence, in which these tensors lack these axes; an equation as it is."""
    if not isinstance(part, Recurrence):
        return part
    return replace(part, equations=tuple(_equation(equation, axes) for equation in part.equations))


def without_axis(tensor: Tensor, axis: int) -> Tensor:
    """The tensor without an axis."""
    return replace(tensor, shape=(*tensor.shape[:axis], *tensor.shape[axis + 1 :]))


def _equation(equation: Equation, axes: Mapping[str, int]) -> Equation:
    tensor, indices = equation.tensor, equation.indices
    if tensor.name in axes:
        axis = axes[tensor.name]
        tensor, indices = without_axis(tensor, axis), (*indices[:axis], *indices[axis + 1 :])
    short = {e: _short(e, axes[name_of(e)]) for e in elements(equation.rhs) if name_of(e) in axes}
    return replace(equation, tensor=tensor, indices=indices, rhs=equation.rhs.xreplace(short))


def _short(element: Indexed, axis: int) -> Expr:
    """The element without its place along an axis."""
    return Indexed(element.base, *(place for k, place in enumerate(indices_of(element)) if k != axis))
