"""A layer written as equations: for anything that no other layer covers.

Its text declares one input, which is the output of the layer before; the tensor that its last equation
defines is its output. Its parameters keep their names.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from sympy import Expr

from symnet.equations.parse import parse_program
from symnet.errors import ShapeError, SpecError
from symnet.index.symbols import Role, Tensor
from symnet.layers.part import Part
from symnet.registry import renamed


@dataclass(frozen=True, slots=True)
class Equations:
    """A layer of `kind = "equations"`: `text` in symnet's language. Raises EquationError and SpecError."""

    FORMULA: ClassVar[str] = "X: input[N, D]\n... = ...X[n,i]..."
    WORDS: ClassVar[str] = "Equations of your own over what the layer before gives."

    text: str
    name: str = ""
    l1: float = 0.0
    l2: float = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.text, str):
            raise SpecError(f"text is {self.text!r}", expected="equations as text")

    def part(self, suffix: str, x: Tensor, size: Expr | None) -> Part:
        """The layer's equations over `x`."""
        program = parse_program(self.text)
        inputs = program.of_role(Role.INPUT)
        if len(inputs) != 1 or not program.equations:
            raise SpecError(
                f"a layer of equations reads one input, and this one declares {len(inputs)}",
                expected="one declaration such as X: input[N, D], and an equation for the output",
            )
        others = program.of_role(Role.TARGET, Role.STATE)
        if others:
            raise SpecError(
                f"a layer of equations declares the {others[0].role} {others[0].name}",
                expected="an input and parameters; targets and the loss belong to the network",
            )
        if not all(extent.is_Symbol for extent in inputs[0].shape):
            raise SpecError(
                f"the input {inputs[0].name} of a layer is declared with a number",
                expected="names, such as X: input[N, D]: the layer before says how large they are",
            )
        if inputs[0].rank != x.rank:
            raise ShapeError(
                f"{inputs[0].name} has {inputs[0].rank} axes, and the layer before gives {x.rank}"
            )
        sizes = dict(zip(inputs[0].shape, x.shape, strict=True))
        given = tuple(
            replace(tensor, shape=tuple(extent.xreplace(sizes) for extent in tensor.shape))
            for tensor in program.of_role(Role.PARAMETER, Role.HYPERPARAMETER)
        )
        equations = renamed(self.text, {inputs[0].name: x}, {})
        weights = tuple(tensor for tensor in given if tensor.role == Role.PARAMETER and tensor.rank == 2)
        return Part(given, equations, equations[-1].tensor, weights, program.values)


LAYER = Equations
