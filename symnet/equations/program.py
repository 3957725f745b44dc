"""Equations and programs: the one form in which symnet holds a network, its adjoints and its updates.

A program is an ordered list of equations in single assignment: every tensor is either given or defined by one
equation. `T[n, j] = rhs` holds for every n and j in T's shape. A tensor read outside its range is zero.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

from sympy import Expr, Indexed

from symnet.index.reductions import Binder
from symnet.index.symbols import Index, Role, Scalar, Size, Tensor, name_of


@dataclass(frozen=True, slots=True)
class Equation:
    """`tensor[indices] = rhs`, for all values of the indices."""

    tensor: Tensor
    indices: tuple[Index, ...]
    rhs: Expr
    origin: str = ""  # the part of the network that it belongs to: "layer 1", "loss", "update of W1"
    words: str = ""  # what it says, as a teacher would put it

    def __hash__(self) -> int:
        """That of the tensor, which one equation of a program defines."""
        return hash(self.tensor)

    @property
    def lhs(self) -> Expr:
        return self.tensor[self.indices]

    @property
    def said(self) -> tuple[Tensor, tuple[Index, ...], Expr]:
        """What it says, without what is said about it."""
        return self.tensor, self.indices, self.rhs

    @property
    def binders(self) -> tuple[Binder, ...]:
        """The free indices with their sizes."""
        return tuple(zip(self.indices, self.tensor.shape, strict=True))

    def __str__(self) -> str:
        return f"{self.lhs} = {self.rhs}"


@dataclass(frozen=True)
class Program:
    """The equations in an order in which they can be evaluated, and every tensor by name.

    `values` holds what is known of the sizes and hyperparameters (`{"D": 2, "learning_rate": 0.5}`);
    everything else stays symbolic.
    """

    tensors: Mapping[str, Tensor]
    equations: tuple[Equation, ...]
    values: Mapping[str, float] = field(default_factory=dict)

    @cached_property
    def defining(self) -> Mapping[str, Equation]:
        """The equation that defines each intermediate tensor."""
        return {equation.tensor.name: equation for equation in self.equations}

    @cached_property
    def numbers(self) -> Mapping[str, int]:
        """The number, from 1, of the equation that defines each intermediate tensor."""
        return {equation.tensor.name: number for number, equation in enumerate(self.equations, start=1)}

    @cached_property
    def uses(self) -> Mapping[str, tuple[Equation, ...]]:
        """The equations that read each tensor, in order."""
        found: dict[str, list[Equation]] = {name: [] for name in self.tensors}
        for equation in self.equations:
            for name in reads(equation.rhs):
                found[name].append(equation)
        return {name: tuple(equations) for name, equations in found.items()}

    @cached_property
    def is_circular(self) -> bool:
        """Whether an equation reads itself or one that comes later: whether there is a recurrence."""
        numbers = self.numbers
        return any(
            numbers.get(name, 0) >= number
            for number, equation in enumerate(self.equations, start=1)
            for name in reads(equation.rhs)
        )

    @cached_property
    def sizes(self) -> tuple[Size, ...]:
        """The symbolic sizes, in order of appearance."""
        seen: dict[Size, None] = {}
        for tensor in self.tensors.values():
            for extent in tensor.shape:
                found = [extent] if isinstance(extent, Size) else sorted(extent.atoms(Size), key=str)
                seen.update(dict.fromkeys(found))
        return tuple(seen)

    def of_role(self, *roles: Role) -> tuple[Tensor, ...]:
        """The tensors of these roles, in order."""
        return tuple(tensor for tensor in self.tensors.values() if tensor.role in roles)

    def sources(self, *names: str) -> frozenset[str]:
        """The tensors that `names` are computed from, themselves included."""
        found, pending = set[str](), list(names)
        while pending:
            name = pending.pop()
            if name not in found:
                found.add(name)
                pending.extend(reads(self.defining[name].rhs) if name in self.defining else ())
        return frozenset(found)

    def arguments(self, *names: str, drawn: bool = False) -> tuple[Tensor, ...]:
        """The data that `names` are computed from: inputs, then targets, then with `drawn` random numbers.
        In this order the methods of a generated module take them.
        """
        needed = self.sources(*names)
        found = self.of_role(Role.INPUT) + self.of_role(Role.TARGET)
        found += self.of_role(Role.RANDOM) if drawn else ()
        return tuple(tensor for tensor in found if tensor.name in needed)

    def without(self, names: Collection[str]) -> Program:
        """This program without the equations that define `names`."""
        return replace(
            self,
            tensors={name: tensor for name, tensor in self.tensors.items() if name not in names},
            equations=tuple(e for e in self.equations if e.tensor.name not in names),
        )

    def extended(self, equations: Iterable[Equation], given: Iterable[Tensor] = ()) -> Program:
        """This program followed by `equations`, which may read the further tensors `given`."""
        added = tuple(equations)
        tensors = {t.name: t for t in given} | {e.tensor.name: e.tensor for e in added}
        return replace(self, tensors={**self.tensors, **tensors}, equations=self.equations + added)

    def __str__(self) -> str:
        return "\n".join(f"({number}) {equation}" for number, equation in enumerate(self.equations, start=1))


def elements(expr: Expr) -> set[Expr]:
    """Every element of a tensor that stands anywhere in `expr`: Indexed and Scalar."""
    return expr.atoms(Indexed, Scalar)


@lru_cache(maxsize=1 << 14)
def reads(expr: Expr) -> tuple[str, ...]:
    """The names of the tensors that `expr` reads, sorted."""
    return tuple(sorted({name_of(element) for element in elements(expr)}))
