"""One step of training as equations: an optimizer's formula over every parameter and its gradient.

The formula is stated for one weight; it holds for every element of every parameter. What an optimizer
remembers is a tensor of role `state`, one for each parameter, or one for all where it is a single number
(adam's count of steps).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sympy import Expr, Indexed

from symnet.derivation.derive import Updates
from symnet.equations.program import Equation
from symnet.index.symbols import Index, Role, Scalar, Tensor, name_of
from symnet.registry import member, settings_of, template

LETTERS = tuple(map(Index, "ijklpq"))


def updates(kind: str, settings: Mapping[str, float], pairs: Sequence[tuple[Tensor, Tensor]]) -> Updates:
    """The states and hyperparameters that the optimizer `kind` needs, the values of the latter, and its
    equations.

    `pairs` are parameters with their gradients. A parameter W1 becomes W1_next; a state m of it is W1_m and
    becomes W1_m_next. Raises SpecError for an optimizer or a setting that does not exist.
    """
    values = settings_of("optimizers", kind, settings)
    given = [Tensor(name, (), Role.HYPERPARAMETER) for name in values]
    program = template("optimizers", member("optimizers", kind))
    states = program.of_role(Role.STATE)
    given += [Tensor(state.name, (), Role.STATE) for state in states if not state.rank]
    equations: list[Equation] = []
    for parameter, gradient in pairs:
        named = {"w": parameter, "g": gradient}
        named |= {
            s.name: Tensor(f"{parameter.name}_{s.name}", parameter.shape, Role.STATE)
            for s in states
            if s.rank
        }
        given += [tensor for name, tensor in named.items() if name not in ("w", "g")]
        for equation in program.equations:
            tensor = _defined(equation.tensor, parameter, named)
            if all(tensor.name != earlier.tensor.name for earlier in equations):
                named[equation.tensor.name] = tensor
                equations.append(_instance(equation, tensor, named, parameter.name))
    return given, values, equations


def _defined(own: Tensor, parameter: Tensor, named: Mapping[str, Tensor]) -> Tensor:
    """The tensor that an equation of the formula defines for one parameter: W1_next for w_next, W1_m_hat for
    m_hat.
    """
    stem = own.name.removesuffix("_next")
    follows = stem != own.name
    if not own.rank:
        return Tensor(own.name, (), next_of=stem if follows else "")
    name = f"{parameter.name}_next" if own.name == "w_next" else f"{parameter.name}_{own.name}"
    return Tensor(name, parameter.shape, next_of=named[stem].name if follows else "")


def _instance(equation: Equation, tensor: Tensor, named: Mapping[str, Tensor], parameter: str) -> Equation:
    """The equation over one parameter's elements, whatever the number of their indices."""
    indices = LETTERS[: tensor.rank]

    def element(own: Expr) -> Expr:
        found = named.get(name_of(own))
        return own if found is None else found[LETTERS[: found.rank]]

    changes = {own: element(own) for own in equation.rhs.atoms(Indexed, Scalar)}
    origin = f"update of {parameter}" if tensor.rank else "update"
    return Equation(tensor, indices, equation.rhs.xreplace(changes), origin, equation.words)
