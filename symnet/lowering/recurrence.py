"""Recurrences: equations that read themselves at an earlier or later index, and so must be computed along
that index.

Equations that depend on each other in a circle form a group. In the group every read of a member stands at t
+ c for one index t; all c <= 0 make a loop upwards, all c >= 0 a loop downwards (back-propagation through
time). Terms that read no member are computed for all t at once, before the loop:

before:  Z[n,t,k] = Sum(X[n,t,d]*U[d,k], d) + Sum(H[n,t-1,j]*W[j,k], j);  H[n,t,k] = tanh(Z[n,t,k])
after:   Z_given[n,t,k] = Sum(X[n,t,d]*U[d,k], d)
         for t = 0, 1, ...:  Z[n,t,k] = Z_given[n,t,k] + Sum(H[n,t-1,j]*W[j,k], j);  H[n,t,k] = tanh(Z[n,t,k])
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from sympy import Add, Expr

from symnet.equations.program import Equation, elements, reads
from symnet.errors import LoweringError
from symnet.index.calculus import substitute
from symnet.index.symbols import Index, Tensor, indices_of, name_of
from symnet.simplify.named_sums import unused


@dataclass(frozen=True, slots=True)
class Recurrence:
    """Equations to be computed one place of `index` after the other, in this order at each place."""

    equations: tuple[Equation, ...]
    index: Index
    size: Expr
    reverse: bool


Part = Equation | Recurrence


def equations_of(part: Part) -> tuple[Equation, ...]:
    """The equations of a recurrence, or the one that it is."""
    return (part,) if isinstance(part, Equation) else part.equations


def find_recurrences(equations: Sequence[Equation], taken: set[str]) -> tuple[Part, ...]:
    """The equations in order, those that depend on each other in a circle put together; `taken` are names
    already in use.

    Raises LoweringError where a circle has no index along which it can be computed.
    """
    parts: list[Part] = []
    for group in _groups(equations):
        if len(group) == 1 and group[0].tensor.name not in reads(group[0].rhs):
            parts.append(group[0])
            continue
        given, left = _hoisted(group, taken)
        parts.extend(given)
        parts.append(_recurrence(left))
    return tuple(parts)


def _groups(equations: Sequence[Equation]) -> list[list[Equation]]:
    """The strongly connected groups, each after what it depends on, in the order of the program as far as
    that allows.
    """
    defining = {equation.tensor.name: equation for equation in equations}
    uses = {
        name: [read for read in reads(equation.rhs) if read in defining]
        for name, equation in defining.items()
    }
    place = {equation.tensor.name: number for number, equation in enumerate(equations)}
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    groups: list[list[Equation]] = []
    for root in defining:
        if root in order:
            continue
        path = [(root, iter(uses[root]))]
        order[root] = low[root] = len(order)
        stack.append(root)
        while path:  # Tarjan's walk, without recursion: a deep network is a long path
            name, pending = path[-1]
            following = next(pending, None)
            if following is None:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[name])
                if low[name] == order[name]:
                    start = stack.index(name)
                    groups.append([equations[number] for number in sorted(place[n] for n in stack[start:])])
                    del stack[start:]
            elif following not in order:
                order[following] = low[following] = len(order)
                stack.append(following)
                path.append((following, iter(uses[following])))
            elif following in stack:
                low[name] = min(low[name], order[following])
    return groups


def _hoisted(group: Sequence[Equation], taken: set[str]) -> tuple[list[Equation], list[Equation]]:
    """What can be computed before the loop, as equations of its own, and the group without it."""
    members = {equation.tensor.name for equation in group}
    given: list[Equation] = []
    left: list[Equation] = []
    for equation in group:
        outside = [term for term in Add.make_args(equation.rhs) if not members & set(reads(term))]
        if not outside:
            left.append(equation)
            continue
        tensor = Tensor(unused(f"{equation.tensor.name}_given", taken), equation.tensor.shape)
        taken.add(tensor.name)
        given.append(replace(equation, tensor=tensor, rhs=Add(*outside)))
        inside = Add(*(term for term in Add.make_args(equation.rhs) if members & set(reads(term))))
        left.append(replace(equation, rhs=tensor[equation.indices] + inside))
    return given, left


def _recurrence(group: Sequence[Equation]) -> Recurrence:
    members = {equation.tensor.name: equation for equation in group}
    for position, index in enumerate(group[0].indices):
        offsets = _offsets(members, group[0], position)
        if offsets is None:
            continue
        steps = [offset for reads_at in offsets.values() for _, offset in reads_at]
        order = _order(
            {name: [read for read, offset in reads_at if offset == 0] for name, reads_at in offsets.items()}
        )
        if order is not None and (all(step <= 0 for step in steps) or all(step >= 0 for step in steps)):
            renamed = tuple(_with_index(members[name], position, index) for name in order)
            return Recurrence(
                renamed, index, group[0].tensor.shape[position], any(step > 0 for step in steps)
            )
    raise LoweringError(
        f"{', '.join(members)} depend on each other, and no index says which comes first",
        expected="reads at one earlier (or one later) index, such as H[n, t - 1, k]",
    )


def _offsets(
    members: Mapping[str, Equation], first: Equation, position: int
) -> dict[str, list[tuple[str, int]]] | None:
    """For each member, the members that it reads and by how much their index at `position` is ahead; None if
    it is not fixed.
    """
    found: dict[str, list[tuple[str, int]]] = {}
    for name, equation in members.items():
        same_axis = (
            len(equation.indices) > position
            and equation.tensor.shape[position] == first.tensor.shape[position]
        )
        if not same_axis:
            return None
        found[name] = []
        for element in elements(equation.rhs):
            if name_of(element) in members:
                offset = indices_of(element)[position] - equation.indices[position]
                if not offset.is_Integer:
                    return None
                found[name].append((name_of(element), int(offset)))
    return found


def _order(uses: Mapping[str, Collection[str]]) -> list[str] | None:
    """The members, each after those that it reads at the same index; None where that is a circle."""
    order: list[str] = []
    while len(order) < len(uses):
        ready = [name for name in uses if name not in order and set(uses[name]) <= set(order)]
        if not ready:
            return None
        order.extend(ready)
    return order


def _with_index(equation: Equation, position: int, index: Index) -> Equation:
    """The equation with the index at `position` called `index`; an index that already has that name takes the
    old one's.
    """
    old = equation.indices[position]
    if old == index:
        return equation
    swapped = {old: index, index: old}
    indices = tuple(swapped.get(other, other) for other in equation.indices)
    return replace(equation, indices=indices, rhs=substitute(equation.rhs, swapped))
