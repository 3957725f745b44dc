"""The alphabet of index equations: sizes, indices, tensors and their elements.

A tensor's element `X[n, i]` is a SymPy `Indexed`; a tensor without indices (a loss, a learning rate) is a
`Scalar`. Sizes (`N`, `D`) and indices (`n`, `i`) are symbols of classes of their own, so that no name can be
taken for another kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from typing import Any

from sympy import Expr, Indexed, IndexedBase, Integer, Symbol


class Size(Symbol):
    """The extent of an axis, such as N: a positive whole number, known when a module is instantiated."""

    __slots__ = ()

    def __new__(cls, name: str) -> Size:
        return super().__new__(cls, name, integer=True, positive=True)


class Index(Symbol):
    """A position along an axis, such as n in X[n, i]; it runs from 0 to the axis's size less one."""

    __slots__ = ()

    def __new__(cls, name: str) -> Index:
        return super().__new__(cls, name, integer=True)


class Scalar(Symbol):
    """The value of a tensor without indices, such as the loss L."""

    __slots__ = ()

    def __new__(cls, name: str) -> Scalar:
        return super().__new__(cls, name, real=True)


class Role(StrEnum):
    """What a tensor is for."""

    INPUT = "input"
    TARGET = "target"
    PARAMETER = "parameter"
    STATE = "state"  # what is remembered from step to step: by an optimizer, by a layer
    RANDOM = "random"  # numbers from 0 to 1, drawn anew for each step of training
    HYPERPARAMETER = "hyperparameter"  # a number set before training, such as the learning rate
    DIRECTION = "direction"  # what a parameter is moved along: second derivatives are multiplied by it
    INTERMEDIATE = "intermediate"


GIVEN_ROLES = frozenset(Role) - {Role.INTERMEDIATE}
"""The roles of tensors that come from outside; every other tensor has one defining equation."""


@cache
def base(name: str) -> IndexedBase:
    """The SymPy base of the tensor called `name`."""
    return IndexedBase(name)


@lru_cache(maxsize=1 << 14)
def indexed(name: str, *places: Expr) -> Indexed:
    """The element at `places` of the tensor called `name`; one and the same object for who asks again."""
    return Indexed(base(name), *places)


@dataclass(frozen=True, slots=True)
class Tensor:
    """A named array: its shape is a tuple of sizes (symbols, whole numbers, or expressions of them)."""

    name: str
    shape: tuple[Expr, ...]
    role: Role = Role.INTERMEDIATE
    integer: bool = False  # holds whole numbers (tokens, positions of maxima); nothing is derived through it
    adjoint_of: str = ""  # the tensor whose adjoint this is: dW1 for W1
    tangent_of: str = ""  # the tensor whose change along the directions this is: vZ1 for Z1, vdZ1 for dZ1
    # ("A2", "W1"): the derivative of A2 by W1, with A2's axes first; ("L", "W1", "b1"): a second derivative
    quotient: tuple[str, ...] = ()
    frozen: bool = False  # a parameter that training leaves as it is
    initial: float = 0.0  # what a state starts with
    next_of: str = ""  # the tensor whose value after an update this is: W1_next for W1

    def __hash__(self) -> int:
        """That of the name, which tells the tensors of a program apart: they are looked up all the time."""
        return hash(self.name)

    def __getitem__(self, indices: Any) -> Expr:
        """The element at `indices`; `tensor[()]` for a tensor without indices."""
        indices = indices if isinstance(indices, tuple) else (indices,)
        if len(indices) != len(self.shape):
            raise ValueError(f"{self.name} has {len(self.shape)} indices, not {len(indices)}")
        return indexed(self.name, *indices) if indices else Scalar(self.name)

    @property
    def is_derivative(self) -> bool:
        """Whether its shape is that of what it is a derivative of: an adjoint, a tangent, a Jacobian."""
        return bool(self.adjoint_of or self.tangent_of or self.quotient)

    @property
    def rank(self) -> int:
        return len(self.shape)


def name_of(element: Expr) -> str:
    """The name of the tensor that an element (Indexed or Scalar) belongs to."""
    return element.base.label.name if isinstance(element, Indexed) else element.name


def indices_of(element: Expr) -> tuple[Expr, ...]:
    """The index expressions of an element; none for a scalar."""
    return tuple(element.indices) if isinstance(element, Indexed) else ()


def size(value: int | str | Expr) -> Expr:
    """A size from a whole number or a name."""
    if isinstance(value, Expr):
        return value
    return Integer(value) if isinstance(value, int) else Size(value)
