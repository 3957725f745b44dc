"""The catalogue: each member is one file that holds its textbook formula, in the language of equations, and
nothing else.

A file `activations/sigmoid.py` defines `MEMBER = Formula("A[n,j] = sigmoid(Z[n,j])", ...)` and is found by
its being there; no list is edited. What a formula may read is declared once for each folder, in `GIVEN`. A
formula is read once, and instantiated by renaming: its tensors become the network's, its sizes the network's
sizes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from math import isfinite
from typing import Any, TypeGuard

from sympy import Expr, Rational

from symnet.discovery import modules
from symnet.equations.parse import parse_program
from symnet.equations.program import Equation, Program
from symnet.errors import SpecError, nearest
from symnet.index.symbols import Scalar, Tensor, base

GIVEN = {
    "activations": "Z: input[N, H]",
    "losses": "A: input[N, K]\nY: target[N, K]",
    "regularizers": "W: parameter[I, J]",
    "optimizers": "w: parameter[I]\ng: input[I]",
}
"""What the formulas of each folder may read."""

NAME = re.compile(r"[A-Za-z]\w{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Formula:
    """A member of the catalogue: its equations, what they say in words, the numbers that may be set, and
    where they are from.
    """

    text: str
    words: str
    settings: Mapping[str, float] = field(default_factory=dict)
    source: str = ""
    declarations: str = ""  # further tensors: an optimizer's state
    output: str = ""  # losses: what a prediction is, when it is not the output itself


@cache
def members(folder: str) -> Mapping[str, Formula]:
    """The members of one folder of the catalogue, by name, in alphabetical order."""
    return {name: module.MEMBER for name, module in modules(f"symnet.{folder}").items()}


def member(folder: str, name: str, place: str = "") -> Formula:
    """The member called `name`; raises SpecError with the nearest name where there is none."""
    known = members(folder)
    kind = {"losses": "loss"}.get(folder, folder[:-1])
    if not isinstance(name, str) or name not in known:
        raise SpecError(
            f"there is no {kind} {name!r}",
            place=place,
            expected="one of " + ", ".join(known),
            suggestion=nearest(str(name), known),
        )
    return known[name]


def settings_of(folder: str, name: str, given: Mapping[str, float], place: str = "") -> dict[str, float]:
    """The settings of a member with the values `given` in place of its own; raises SpecError for one that it
    does not have.
    """
    known = dict(member(folder, name, place).settings)
    for setting, value in given.items():
        if setting not in known:
            raise SpecError(
                f"{name} has no setting {setting!r}",
                place=place,
                expected="one of " + ", ".join(known) if known else "no settings",
                suggestion=nearest(setting, known),
            )
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            raise SpecError(f"{setting} of {name} is {value!r}", place=place, expected="a number")
        known[setting] = value
    return known


def instantiate(
    folder: str,
    name: str,
    tensors: Mapping[str, Tensor],
    settings: Mapping[str, float] | None = None,
    origin: str = "",
) -> tuple[Equation, ...]:
    """The equations of a member over the network's tensors: `tensors` maps each name in its text to a tensor.

    A tensor that its text defines and `tensors` does not map keeps its name and gets the shape that follows.
    Settings are put in as exact numbers.
    """
    formula = member(folder, name)
    values = {**formula.settings, **(settings or {})}
    return tuple(
        replace(equation, origin=origin, words=formula.words)
        for equation in renamed(_text(folder, formula), tensors, values)
    )


def template(folder: str, formula: Formula) -> Program:
    """The equations of a member as they are written, with what they may read declared."""
    return _parsed(_text(folder, formula))


def _text(folder: str, formula: Formula) -> str:
    settings = "".join(f"{name}: hyperparameter\n" for name in formula.settings)
    return "\n".join((GIVEN[folder], settings, formula.declarations, formula.text))


def renamed(text: str, tensors: Mapping[str, Tensor], values: Mapping[str, float]) -> tuple[Equation, ...]:
    """The equations of `text` with its tensors, and so their sizes, replaced, and numbers put in for
    `values`.
    """
    program = _parsed(text)
    changes: dict[Expr, Expr] = {Scalar(name): exact(value) for name, value in values.items()}
    for name, tensor in tensors.items():
        own = program.tensors[name]
        if tensor.rank:
            changes[base(name)] = base(tensor.name)
        else:
            changes[Scalar(name)] = Scalar(tensor.name)
        changes.update({old: new for old, new in zip(own.shape, tensor.shape, strict=True) if old.is_Symbol})
    return tuple(_renamed(equation, tensors, changes) for equation in program.equations)


def _renamed(equation: Equation, tensors: Mapping[str, Tensor], changes: Mapping[Expr, Expr]) -> Equation:
    tensor = tensors.get(equation.tensor.name)
    if tensor is None:
        tensor = replace(
            equation.tensor, shape=tuple(extent.xreplace(changes) for extent in equation.tensor.shape)
        )
    return replace(equation, tensor=tensor, rhs=equation.rhs.xreplace(changes))


@cache
def _parsed(text: str) -> Program:
    return parse_program(text)


def exact(value: float) -> Expr:
    """A number as the decimal that it is written as: 0.1 is one tenth."""
    return Rational(repr(value))


def is_name(text: object) -> TypeGuard[str]:
    """Whether `text` may be the name of a tensor, a size or a layer: ASCII letters, digits, underscores."""
    return isinstance(text, str) and NAME.fullmatch(text) is not None


@cache
def layer_kinds() -> Mapping[str, Any]:
    """The kinds of layers, by name: each file in `layers/` that defines LAYER."""
    found = modules("symnet.layers")
    return {name: module.LAYER for name, module in found.items() if hasattr(module, "LAYER")}
