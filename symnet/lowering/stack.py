"""Equal updates become one: every parameter lies in one long vector, and the update equations are written for
the vector.

before:  W1_next[i,j] = W1[i,j] - learning_rate*dW1[i,j];  b1_next[j] = b1[j] - learning_rate*db1[j];  ...
after:   parameters_next[p] = parameters[p] - learning_rate*gradient[p]

Two updates are equal if they are the same up to the names of tensors and indices. Updates that differ
(weights that decay, biases that do not) make two vectors. An update that is not elementwise stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sympy import Add, Expr, Indexed, Mul, Sum
from sympy.concrete.expr_with_limits import ExprWithLimits

from symnet.equations.program import Equation, elements
from symnet.index.recall import replaced
from symnet.index.symbols import Index, Role, Tensor, base, indices_of, name_of
from symnet.simplify.named_sums import unused


@dataclass(frozen=True, slots=True)
class Stack:
    """Tensors that lie one after another in vectors: for each vector, the tensors of the program that are
    parts of it, in order.
    """

    vectors: tuple[Tensor, ...]  # the parameters, their gradients, then what the optimizer remembers
    parts: tuple[tuple[Tensor, ...], ...]
    equations: tuple[Equation, ...]
    originals: tuple[tuple[Equation, ...], ...]  # for each equation, those of the program that it stands for


def stack_updates(
    updates: Sequence[Equation], tensors: Mapping[str, Tensor], taken: set[str]
) -> tuple[tuple[Stack, ...], tuple[Equation, ...]]:
    """The stacks, and the updates that belong to none. `taken` are names already in use."""
    families: dict[tuple[object, ...], list[_Family]] = {}
    known = _Updates(updates)
    stacked: set[str] = set()
    for equation in updates:
        if tensors.get(equation.tensor.next_of, equation.tensor).role is Role.PARAMETER:
            family = _family(equation, known, tensors)
            if family is not None:
                families.setdefault(family.key(), []).append(family)
                stacked |= {other.tensor.name for other in family.equations}
    loose = (equation for equation in updates if equation.tensor.name not in stacked)
    ordered = sorted(families.values(), key=lambda members: -len(members))
    return tuple(_stack(members, tensors, taken) for members in ordered), tuple(loose)


def pack(vectors: Mapping[str, Sequence[Tensor]], taken: set[str]) -> Stack:
    """The stack of tensors that lie in vectors of these names though no update is written for them."""
    made = []
    for wanted, members in vectors.items():
        name = unused(wanted, taken)
        taken.add(name)
        made.append(Tensor(name, (_length(members),), members[0].role))
    return Stack(tuple(made), tuple(map(tuple, vectors.values())), (), ())


def _length(members: Sequence[Tensor]) -> Expr:
    return Add(*(Mul(*tensor.shape) for tensor in members))


@dataclass(frozen=True, slots=True)
class _Family:
    """The updates of one parameter and of all that the optimizer remembers for it."""

    equations: tuple[Equation, ...]
    members: tuple[Tensor, ...]  # the parameter, its gradient, its states, in order of appearance

    def key(self) -> tuple[object, ...]:
        """The same for families that are equal but for names."""
        names = {tensor.name: f"_{k}" for k, tensor in enumerate(self.members)}
        names |= {equation.tensor.name: f"_next{k}" for k, equation in enumerate(self.equations)}
        return tuple(_renamed(equation.rhs, names, (Index("_p"),)) for equation in self.equations)


class _Updates:
    """The updates, by what they define and by whose next value that is."""

    def __init__(self, updates: Sequence[Equation]) -> None:
        self.position = {update.tensor.name: number for number, update in enumerate(updates)}
        self.defining = {update.tensor.name: update for update in updates}
        self.after: dict[str, list[Equation]] = {}
        for update in updates:
            self.after.setdefault(update.tensor.next_of, []).append(update)


def _family(equation: Equation, updates: _Updates, tensors: Mapping[str, Tensor]) -> _Family | None:
    """The family of one parameter's update, or None where something in it is not elementwise."""
    shape = equation.tensor.shape
    if not shape:
        return None
    members: dict[str, Tensor] = {equation.tensor.next_of: tensors[equation.tensor.next_of]}
    chosen: list[Equation] = []
    pending = [equation]
    while pending:
        update = pending.pop()
        if update in chosen:
            continue
        chosen.append(update)
        if update.tensor.shape != shape or update.rhs.has(ExprWithLimits, Sum):
            return None
        for element in sorted(elements(update.rhs), key=_spelled):
            tensor = tensors[name_of(element)]
            if tensor.rank == 0:
                continue
            if indices_of(element) != update.indices:
                return None
            if tensor.name in updates.defining:
                pending.append(updates.defining[tensor.name])
            else:
                members.setdefault(tensor.name, tensor)
                pending.extend(updates.after.get(tensor.name, ()))
        if update.rhs.atoms(Index) - {index for e in update.rhs.atoms(Indexed) for index in e.indices}:
            return None
    ordered = tuple(sorted(chosen, key=lambda update: updates.position[update.tensor.name]))
    rank = {Role.PARAMETER: 0, Role.STATE: 2}
    return _Family(ordered, tuple(sorted(members.values(), key=lambda tensor: rank.get(tensor.role, 1))))


def _spelled(element: Expr) -> str:
    """How an element is written, up to its indices."""
    return f"{name_of(element)}[" if indices_of(element) else name_of(element)


def _renamed(expr: Expr, names: Mapping[str, str], indices: tuple[Index, ...]) -> Expr:
    own = sorted((e for e in expr.atoms(Indexed) if name_of(e) in names), key=name_of)
    return replaced(expr, tuple((e, Indexed(base(names[name_of(e)]), *indices)) for e in own))


def _stack(families: Sequence[_Family], tensors: Mapping[str, Tensor], taken: set[str]) -> Stack:
    first = families[0]
    parts = tuple(zip(*(family.members for family in families), strict=True))
    length = _length(parts[0])
    index = Index("p")
    vectors = []
    for members in parts:
        name = unused(_vector_name(members[0], first.members[0]), taken)
        taken.add(name)
        vectors.append(replace(members[0], name=name, shape=(length,), adjoint_of=""))
    names = {member.name: vector.name for member, vector in zip(first.members, vectors, strict=True)}
    for equation in first.equations:
        now = names.get(equation.tensor.next_of)
        name = f"{now}_next" if now else equation.tensor.name.replace(first.members[0].name, vectors[0].name)
        names[equation.tensor.name] = unused(name, taken)
        taken.add(names[equation.tensor.name])
    equations = tuple(
        replace(
            equation,
            tensor=Tensor(
                names[equation.tensor.name], (length,), next_of=names.get(equation.tensor.next_of, "")
            ),
            indices=(index,),
            rhs=_renamed(equation.rhs, names, (index,)),
        )
        for equation in first.equations
    )
    originals = tuple(zip(*(family.equations for family in families), strict=True))
    return Stack(tuple(vectors), parts, equations, originals)


def _vector_name(member: Tensor, parameter: Tensor) -> str:
    if member == parameter:
        return "vector"
    if member.role is Role.STATE:
        return member.name.removeprefix(f"{parameter.name}_")
    return "gradient"
