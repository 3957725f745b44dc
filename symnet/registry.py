"""The catalogue: each member is one file that holds its textbook formula, in the language of equations, and
nothing else.

A file `activations/sigmoid.py` defines `MEMBER = Formula("A[n,j] = sigmoid(Z[n,j])", ...)` and is found by
its being there; no list is edited. What a formula may read is declared once for each folder, in `GIVEN`. A
formula is read once, and instantiated by renaming: its tensors become the network's, its sizes the network's
sizes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module
from math import isfinite
from typing import Any, TypeGuard

from sympy import Expr, Rational

from symnet.discovery import modules, names, offered
from symnet.equations.parse import parse_program
from symnet.equations.program import Equation, Program
from symnet.equations.spread import spread
from symnet.errors import ShapeError, SpecError, nearest
from symnet.index.recall import replaced
from symnet.index.symbols import Role, Scalar, Size, Tensor, base
from symnet.sizes import Sizes

GIVEN = {
    "activations": "Z: input[N, H]",
    "losses": "A: input[N, K]\nY: target[N, K]",
    "regularizers": "W: parameter[I, J]",
    "optimizers": "w: parameter[I]\ng: input[I]",
    "schedules": "learning_rate: hyperparameter\nstep: state",
}
"""What the formulas of each folder may read, unless one says otherwise. The first axis of an activation, a
loss or a regularizer stands for all axes but the last of an array that has more.
"""

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
    given: str = ""  # what it reads, where that is not what its folder reads
    declarations: str = ""  # further tensors: an optimizer's state, an activation's parameters
    output: str = ""  # losses: what a prediction is, when it is not the output itself


@dataclass(frozen=True, slots=True)
class Solver:
    """A member of `solvers`: what it solves, in words and as a formula to read; its functions, the last of
    which is the solver; the numbers that may be set, and what the trainer must have for it.
    """

    text: str
    words: str
    settings: Mapping[str, float]
    functions: tuple[Callable[..., Any], ...]
    vectors: tuple[str, ...] = ()  # of the length of all parameters, to work in
    product: str = ""  # what is multiplied by directions: "hessian", "gauss_newton"; empty where nothing is
    remembers: tuple[str, ...] = ()  # the settings that it changes as it goes
    source: str = ""


@cache
def solvers() -> Mapping[str, Solver]:
    """The solvers by name, in alphabetical order."""
    found = modules("symnet.solvers")
    return {name: module.MEMBER for name, module in found.items() if hasattr(module, "MEMBER")}


def solver(name: str) -> Solver | None:
    """The solver of that name, or None where that is none: an optimizer."""
    return solvers().get(name) if isinstance(name, str) else None


@cache
def members(folder: str) -> Mapping[str, Formula]:
    """The members of one folder of the catalogue, by name, in alphabetical order."""
    return {name: module.MEMBER for name, module in modules(f"symnet.{folder}").items()}


@cache
def _known(folder: str) -> tuple[str, ...]:
    """What the members of one folder are called; each is read when it is asked for."""
    return names(f"symnet.{folder}")


def catalogue() -> dict[str, Mapping[str, Any]]:
    """Every member of every folder, solvers too: each with its text, words, settings and source."""
    return {folder: members(folder) for folder in GIVEN} | {"solvers": solvers()}


def member(folder: str, name: str, place: str = "") -> Formula:
    """The member called `name`; raises SpecError with the nearest name where there is none."""
    known = _known(folder)
    if not isinstance(name, str) or name not in known:
        others = solvers() if folder == "optimizers" else {}
        kind = {"losses": "loss"}.get(folder, folder[:-1])
        raise SpecError(
            f"there is no {kind} {name!r}",
            place=place,
            expected="one of " + ", ".join([*known, *others]),
            suggestion=nearest(str(name), [*known, *others]),
        )
    found: Formula = import_module(f"symnet.{folder}.{name}").MEMBER
    return found


def settings_of(folder: str, name: str, given: Mapping[str, float], place: str = "") -> dict[str, float]:
    """The settings of a member with the values `given` in place of its own; raises SpecError for one that
    it does not have.
    """
    return with_values(name, member(folder, name, place).settings, given, place)


def trainer_settings(name: str, given: Mapping[str, float], place: str = "") -> dict[str, float]:
    """The same of an optimizer or a solver, whichever has that name."""
    found = solver(name)
    if found is None:
        return settings_of("optimizers", name, given, place)
    known = with_values(name, found.settings, given, place)
    for setting, value in known.items():
        counts = isinstance(found.settings[setting], int)
        if value < counts or (counts and value != int(value)):
            expected = "a whole number from 1 on" if counts else "a number that is not negative"
            raise SpecError(f"{setting} of {name} is {value!r}", place=place, expected=expected)
    return known


def with_values(
    name: str, settings: Mapping[str, float], given: Mapping[str, float], place: str
) -> dict[str, float]:
    """The `settings` of the member `name`, with the values `given` in place of its own."""
    known = dict(settings)
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
    sizes: Sizes | None = None,
    suffix: str = "",
) -> Instance:
    """A member over the network's tensors: `tensors` maps each name that it reads to a tensor.

    What it defines or declares besides has its own name with `suffix`, unless `tensors` maps it. Settings
    are put in as exact numbers.
    """
    formula = member(folder, name)
    values = {**formula.settings, **(settings or {})}
    found = instance(_text(folder, formula), tensors, values, sizes=sizes, suffix=suffix)
    words = tuple(replace(equation, words=formula.words) for equation in found.equations)
    return Instance(found.own, words)


def template(folder: str, formula: Formula) -> Program:
    """The equations of a member as they are written, with what they may read declared."""
    return parsed(_text(folder, formula))


def _text(folder: str, formula: Formula) -> str:
    settings = "".join(f"{name}: hyperparameter\n" for name in formula.settings)
    return "\n".join((formula.given or GIVEN[folder], settings, formula.declarations, formula.text))


def slots(folder: str, formula: Formula) -> tuple[Tensor, ...]:
    """What a formula reads that the network gives it, in the order in which it is declared."""
    given = parsed(formula.given or GIVEN[folder])
    return tuple(given.tensors.values())


@dataclass(frozen=True, slots=True)
class Instance:
    """A formula over tensors of a network: its other tensors by their names in the formula, and its
    equations.
    """

    own: Mapping[str, Tensor]
    equations: tuple[Equation, ...]


def instance(
    text: str,
    tensors: Mapping[str, Tensor],
    values: Mapping[str, float],
    own_sizes: Mapping[Expr, Expr] | None = None,
    sizes: Sizes | None = None,
    suffix: str = "",
) -> Instance:
    """The equations of `text` over `tensors`: each name that stands there is that tensor now, and its sizes
    the tensor's. Those in `own_sizes` are what they say, and every other name ends in `suffix`.

    What is stated for rows is spread over the axes that the tensors have. Two tensors that are to agree may
    have different sizes of one value: `sizes` makes them one. Raises ShapeError where they are not equal,
    or where a tensor has too few axes.
    """
    sizes = sizes or Sizes()
    rows = _rows(parsed(text), tensors, sizes)
    program = _spread(text, tuple((size, _stand_ins(lead)) for size, lead in rows))
    changes: dict[Expr, Expr] = {Scalar(name): exact(value) for name, value in values.items()}
    for _, lead in rows:
        changes.update(zip(_stand_ins(lead), lead, strict=True))
    changes.update(own_sizes or {})
    told: dict[Expr, str] = {}
    for name, tensor in tensors.items():
        own = program.tensors[name]
        if own.rank != tensor.rank:
            raise ShapeError(f"{tensor.name} has {_axes(tensor.rank)}", expected=_axes(own.rank))
        if own.role in ENDS:
            _agree(own, tensor, changes, told, sizes, suffix)
    new = {
        name: tensors.get(name) or _suffixed(own, suffix, changes) for name, own in program.tensors.items()
    }
    for name, tensor in new.items():
        made = base if tensor.rank else Scalar
        changes.setdefault(made(name), made(tensor.name))
    pairs = tuple(changes.items())
    equations = tuple(
        replace(e, tensor=new[e.tensor.name], rhs=replaced(e.rhs, pairs)) for e in program.equations
    )
    others = {n: t for n, t in new.items() if n not in tensors and n not in values}
    return Instance(others, equations)


def _suffixed(own: Tensor, suffix: str, changes: Mapping[Expr, Expr]) -> Tensor:
    shape = tuple(extent.xreplace(changes) for extent in own.shape)
    stem = own.next_of or own.name
    name = stem + suffix + own.name.removeprefix(stem)
    return replace(own, name=name, shape=shape, next_of=own.next_of and stem + suffix)


def _agree(
    own: Tensor,
    tensor: Tensor,
    changes: dict[Expr, Expr],
    told: dict[Expr, str],
    sizes: Sizes,
    suffix: str,
) -> None:
    """Takes the sizes of `tensor` for those that the formula gives `own`; `told` is which tensor said so of
    each.
    """
    for axis, (old, new) in enumerate(zip(own.shape, tensor.shape, strict=True), start=1):
        for unknown in [size for size in old.atoms(Size) if size not in changes][:1]:
            changes[unknown] = sizes.solve(old, unknown, new, suffix)
            told[unknown] = tensor.name
        if sizes.unify(old.xreplace(changes), new) is None:
            other = next((told[size] for size in old.atoms(Size) if size in told), "what reads it")
            raise ShapeError(
                f"axis {axis} of {tensor.name} is of size {sizes.told(new)}, and {other} wants "
                f"{sizes.told(old.xreplace(changes))}",
                expected=f"the same size in {tensor.name} and {other}",
            )


ENDS = (Role.INPUT, Role.TARGET, Role.PARAMETER, Role.STATE)
"""The roles of the tensors whose shapes say how large the sizes of a formula are."""


def _rows(
    program: Program, tensors: Mapping[str, Tensor], sizes: Sizes
) -> tuple[tuple[Size, tuple[Expr, ...]], ...]:
    """The sizes of first axes that stand for several axes of a tensor, with the sizes of these."""
    found: dict[Size, tuple[Expr, ...]] = {}
    for name, tensor in tensors.items():
        own = program.tensors[name]
        if own.role not in ENDS or own.rank == tensor.rank:
            continue
        extra = tensor.rank - own.rank
        if extra < 0 or not own.shape or not isinstance(own.shape[0], Size):
            declared = f"{name}[{', '.join(map(str, own.shape))}]"
            raise ShapeError(
                f"{tensor.name} has {_axes(tensor.rank)}, and {declared} is wanted",
                expected=f"{'at least ' * bool(own.shape)}{_axes(own.rank)}",
            )
        lead = tensor.shape[: extra + 1]
        first = found.setdefault(own.shape[0], lead)
        if len(first) != len(lead) or None in map(sizes.unify, first, lead):
            raise ShapeError(
                f"{tensor.name} is of shape {_shape(tensor.shape)}, and begins with other sizes than "
                f"{_shape(found[own.shape[0]])}",
                expected="the same sizes up to the last axis",
            )
    return tuple(found.items())


def _stand_ins(lead: tuple[Expr, ...]) -> tuple[Size, ...]:
    """Sizes that no formula has, for those of a network: a formula's D and a network's D are two things."""
    return tuple(Size(f"{str(size)[0]}'{number}") for number, size in enumerate(lead))


@cache
def _spread(text: str, rows: tuple[tuple[Size, tuple[Expr, ...]], ...]) -> Program:
    return spread(parsed(text), dict(rows)) if rows else parsed(text)


def _axes(count: int) -> str:
    return "1 axis" if count == 1 else f"{count} axes"


def _shape(sizes: Iterable[Expr]) -> str:
    return f"[{', '.join(map(str, sizes))}]"


@cache
def parsed(text: str) -> Program:
    """The program of a text of the catalogue, read once."""
    return parse_program(text)


def exact(value: float) -> Expr:
    """A number as the decimal that it is written as: 0.1 is one tenth."""
    return Rational(repr(value))


def is_name(text: object) -> TypeGuard[str]:
    """Whether `text` may be the name of a tensor, a size or a layer: ASCII letters, digits, underscores."""
    return isinstance(text, str) and NAME.fullmatch(text) is not None


@cache
def layer_kinds() -> Mapping[str, Any]:
    """The kinds of layers, by name: each file in `layers/` that defines LAYER, and what other packages offer
    as entry points of the group symnet.layers. The names of symnet's own cannot be taken.
    """
    found = modules("symnet.layers")
    own = {name: module.LAYER for name, module in found.items() if hasattr(module, "LAYER")}
    return {**offered("symnet.layers"), **own}


def width(activation: str) -> str:
    """How many numbers an activation takes to give H, as a size: H, or 2*H where half of them are gates."""
    (slot, *_) = slots("activations", member("activations", activation))
    return str(slot.shape[-1])
