"""What a derivation leaves behind: the records that documents print and that verification checks. They invent
nothing.

Reading order: the primal program; its rewrites (`naming`); one `Adjoint` a tensor, from the loss back to the
first layer, each with one `Contribution` for every place where the tensor is used; and the program that is
computed, with the rewrites that made it safe for floating point (`stabilizing`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, overload

from sympy import Expr

from symnet.equations.program import Equation, Program
from symnet.index.symbols import Tensor
from symnet.simplify.rewrite import Rewrite


@dataclass(frozen=True, slots=True)
class Equality:
    """A statement that two expressions are equal, as a reason makes it."""

    left: Expr
    right: Expr

    def __str__(self) -> str:
        return f"{self.left} = {self.right}"


@dataclass(frozen=True, slots=True)
class Named:
    """A tensor that a reason calls by its name."""

    tensor: Tensor

    def __str__(self) -> str:
        return self.tensor.name


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a derivation: `before` becomes `after`; both stand for the same number at every value of
    the indices.

    The free indices are those of the adjoint's equation, except in a step with `wrt`: there `after` is the
    partial derivative of `before` with respect to the element `wrt`, and the free indices are those of the
    equation that is differentiated together with the indices of the sums around the occurrence. `wrt` is an
    element, or a whole Sum where the element stands inside it: then the next step differentiates the summand.
    """

    # "differentiate", "reuse"; "contract", "decide", "pull", "settle"; "collect", "substitute", "group"
    rule: str
    before: Expr
    after: Expr
    reason: str  # a message, whose parts are expressions
    wrt: Expr | None = None


Record = TypeVar("Record")


class Later(Sequence[Record]):
    """Records that are made when they are looked at: code needs no steps, only documents and verification
    do.
    """

    def __init__(self, make: Callable[[], tuple[Record, ...]]) -> None:
        self._make: Callable[[], tuple[Record, ...]] | None = make
        self._made: tuple[Record, ...] = ()

    @property
    def all(self) -> tuple[Record, ...]:
        """The records."""
        if self._make is not None:
            self._made, self._make = self._make(), None
        return self._made

    @overload
    def __getitem__(self, place: int) -> Record: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Record, ...]: ...
    def __getitem__(self, place: int | slice) -> Record | tuple[Record, ...]:
        return self.all[place]

    def __len__(self) -> int:
        return len(self.all)

    def __iter__(self) -> Iterator[Record]:
        return iter(self.all)

    def __eq__(self, other: Any) -> bool:
        return self.all == (other.all if isinstance(other, Later) else other)

    def __hash__(self) -> int:
        return hash(self.all)


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one place where a tensor is used adds to its adjoint."""

    use: Equation  # the equation that reads the tensor
    occurrence: Expr  # the element as it stands there, such as W1[i, j]
    # the local derivative: "differentiate" for each level of sums, then "reuse" where a value is named again
    local: tuple[Step, ...]
    # the chain rule: the sum over the indices of `use` of its adjoint * local derivative * deltas
    definition: Expr
    steps: tuple[Step, ...]  # from `definition` to `result`; may be empty

    @property
    def result(self) -> Expr:
        """The contribution in its final form, over the free indices of the adjoint."""
        return self.steps[-1].after if self.steps else self.definition


@dataclass(frozen=True, slots=True)
class Adjoint:
    """The derivative of the loss with respect to every element of one tensor, and how it came about."""

    of: Tensor
    equation: Equation  # defines the adjoint tensor; its indices are those of the tensor
    contributions: Sequence[Contribution]
    # after the contributions: "collect" where there are several, "reuse", "substitute", "group"
    steps: Sequence[Step]


@dataclass(frozen=True, slots=True)
class Middle:
    """C in a product J^T C J v that stands for the Hessian's: how it turns tangents J v into what is carried
    back.
    """

    before: Program  # where J leads: from the parameters to the tensors in the middle
    directions: Mapping[str, Tensor]  # their tangents, by what they are the tangents of
    results: Mapping[str, Tensor]  # C times those
    after: Program  # what computes that
    head: Derived  # the loss as a function of the tensors in the middle
    curved: bool = True  # C is the Hessian of `head`; otherwise its gradient on a diagonal


@dataclass(frozen=True, slots=True)
class Further:
    """What is derived beyond the gradients, by deriving the derived program again: second derivatives, or
    their products with directions; a Jacobian.
    """

    name: str  # what it is, and the method that computes it: "hessian", "product", "jacobian"
    words: str  # in a sentence
    directions: Mapping[str, Tensor]  # what is given beside the data: for each parameter a direction, or none
    # by "W1" for a product, by "W1, b1" for a block of a Hessian, by "A2, W1" for a Jacobian
    results: Mapping[str, Tensor]
    equations: tuple[Equation, ...]  # what a machine evaluates after the gradients, in order, made safe
    parts: tuple[Derived, ...]  # how that came about
    middle: Middle | None = None  # of a product that is not the Hessian's own


@dataclass(frozen=True, slots=True)
class Derived:
    """A whole derivation."""

    stated: Program  # the network as it was written
    primal: Program  # the same, with sums under nonlinear functions named
    naming: tuple[Rewrite, ...]  # from `stated` to `primal`
    loss: Tensor
    wrt: tuple[Tensor, ...]  # what the gradients are taken with respect to
    adjoints: tuple[Adjoint, ...]  # from the loss back
    program: Program  # `primal` followed by the adjoint equations: the derivation, as a person reads it
    live: Program  # `program` without the adjoints whose formula was put in elsewhere
    # what a machine evaluates: `live` made safe for floating point, then the updates of the optimizer
    computed: Program
    stabilizing: tuple[Rewrite, ...]  # from `program` to `computed`
    updates: tuple[Equation, ...]  # the optimizer's equations, the last part of `computed`
    # the number of each equation as it is printed, by the tensor that it defines: "7", or "7a"
    labels: Mapping[str, str]
    further: tuple[Further, ...] = ()  # what else is derived from `program`

    def adjoint(self, name: str) -> Adjoint:
        """The adjoint of the tensor called `name`."""
        return next(adjoint for adjoint in self.adjoints if adjoint.of.name == name)

    @property
    def gradients(self) -> Mapping[str, Adjoint]:
        """The adjoints of the tensors that were asked for, by the tensor's name."""
        found = {adjoint.of.name: adjoint for adjoint in self.adjoints}
        return {tensor.name: found[tensor.name] for tensor in self.wrt}
