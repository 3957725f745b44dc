"""How derivatives are written and layers are counted. What is written down says the same in every notation;
`names.py` decides from these records what a name looks like, and every format follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sympy import Indexed, Sum

from symnet.equations.program import Equation, Program
from symnet.errors import SymnetError, nearest
from symnet.index.symbols import Role, Tensor, name_of

ADJOINTS: Mapping[str, str] = {
    "bars": "an adjoint is its tensor with a bar",
    "partial": "an adjoint is the fraction ∂L/∂Z",
    "delta": "δ at the weighted sum of a layer, ∂L/∂W elsewhere",
    "differential": "bars, and each gradient as dL = tr(W̄ᵀ dW)",
}
"""The notations for derivatives."""
SUPERSCRIPTS: Mapping[str, str] = {"bracket": "[]", "paren": "()"}
"""The brackets around the number of a layer; the others then count tensors of one name."""


@dataclass(frozen=True, slots=True)
class Notation:
    """What a reader asks for. Raises SymnetError for what there is not."""

    adjoints: str = "bars"
    superscripts: str = "bracket"

    def __post_init__(self) -> None:
        for what, name, known in (
            ("notation", self.adjoints, ADJOINTS),
            ("kind of superscripts", self.superscripts, SUPERSCRIPTS),
        ):
            if name not in known:
                expected, near = "one of " + ", ".join(known), nearest(name, known)
                raise SymnetError(f"there is no {what} {name!r}", expected=expected, suggestion=near)


@dataclass(frozen=True, slots=True)
class Names:
    """A notation for one derivation: what is derived, and which tensors have a δ, with their letter below it
    where the δ alone would not tell them apart.
    """

    notation: Notation
    loss: str = "L"
    deltas: Mapping[str, bool] = field(default_factory=dict)


COMMON = Notation()
PLAIN = Names(COMMON)


def names_for(notation: Notation, loss: Tensor, primal: Program) -> Names:
    """The names of one derivation."""
    deltas = _deltas(primal, loss) if notation.adjoints == "delta" else {}
    return Names(notation, loss.name, deltas)


def _deltas(program: Program, loss: Tensor) -> Mapping[str, bool]:
    """The weighted sums, by the letters after their first that they share with another one."""
    sums = [e.tensor.name for e in program.equations if e.tensor != loss and _is_weighted(e, program)]
    endings = [name[1:] for name in sums]
    return {name: endings.count(name[1:]) > 1 or not name.startswith("Z") for name in sums}


def _is_weighted(equation: Equation, program: Program) -> bool:
    """Whether an equation sums products of a parameter and something that is none."""
    for total in equation.rhs.atoms(Sum):
        read = {program.tensors[name_of(element)].role for element in total.function.atoms(Indexed)}
        if Role.PARAMETER in read and len(read) > 1:
            return True
    return False
