"""A layer written as equations: for anything that no other layer covers.

Its text declares its inputs, in the order in which `inputs` names them; the tensor that its last equation
defines is its output. Its parameters keep their names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from symnet.equations.parse import parse_program
from symnet.errors import SpecError
from symnet.index.symbols import Role, Tensor
from symnet.layers.layer import Layer, Sample, Stated
from symnet.sizes import Sizes


@dataclass(frozen=True, slots=True)
class Equations(Layer):
    """A layer of `kind = "equations"`: `text` in symnet's language. Raises EquationError and SpecError."""

    FORMULA: ClassVar[str] = "X: input[N, D]\n... = ...X[n,i]..."
    WORDS: ClassVar[str] = "Equations of your own over what the layer before gives."

    text: str

    def __post_init__(self) -> None:
        super(Equations, self).__post_init__()
        if not isinstance(self.text, str):
            raise SpecError(f"text is {self.text!r}", expected="equations as text")

    def stated(self, *x: Tensor, known: Sizes) -> Stated:
        """The text, checked for what only a network may declare."""
        program = parse_program(self.text)
        inputs = program.of_role(Role.INPUT)
        if not inputs or not program.equations:
            raise SpecError(
                f"a layer of equations reads an input, and this one declares {len(inputs)}",
                expected="a declaration such as X: input[N, D], and an equation for the output",
            )
        others = program.of_role(Role.TARGET)
        if others:
            raise SpecError(
                f"a layer of equations declares the {others[0].role} {others[0].name}",
                expected="an input and parameters; targets and the loss belong to the network",
            )
        if not all(extent.is_Symbol for tensor in inputs for extent in tensor.shape):
            raise SpecError(
                f"the input {inputs[0].name} of a layer is declared with a number",
                expected="names, such as X: input[N, D]: the layer before says how large they are",
            )
        return Stated(self.text, keeps_names=True)


LAYER = Equations
SAMPLES = (
    Sample(Equations("X: input[N, D]\nw: parameter[D]\nS[n,i] = sin(w[i]*X[n,i])"), ("N", 3)),
    Sample(
        Equations("X: input[N, D]\nV: input[N, D]\nS[n,i] = X[n,i]*sigmoid(V[n,i])", inputs=("X", "V")),
        ("N", 3),
        ("N", 3),
    ),
)
