"""What a layer adds to a network's program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from sympy import Expr

from symnet.equations.program import Equation
from symnet.index.symbols import Tensor


@dataclass(frozen=True, slots=True)
class Part:
    """The tensors that a layer needs from outside, its equations, its output, and the weights that a
    regularizer may see.
    """

    given: tuple[Tensor, ...]
    equations: tuple[Equation, ...]
    output: Tensor
    weights: tuple[Tensor, ...] = ()
    values: Mapping[str, float] = field(default_factory=dict)  # known sizes


class Layer(Protocol):
    """A layer: a frozen record of its options that can say its equations."""

    FORMULA: ClassVar[str]  # as a list of layers shows it
    WORDS: ClassVar[str]

    name: str
    l1: float
    l2: float

    def part(self, suffix: str, x: Tensor, size: Expr | None) -> Part:
        """The layer's equations over its input `x`, the names of its tensors ending in `suffix`.

        `size` is the size of its output where the network gives it a name of its own. Raises SpecError.
        """
        ...
