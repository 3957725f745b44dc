"""One step of training as equations: an optimizer's formula over every parameter and its gradient.

The formula is stated for one weight; it holds for every element of every parameter. What an optimizer
remembers is a tensor of role `state`, one for each parameter, or one for all where it is a single number
(adam's count of steps).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sympy import Add, Expr, Indexed, sqrt

from symnet.derivation.derive import Updates
from symnet.equations.program import Equation, reads
from symnet.index.functions import maximum, minimum
from symnet.index.recall import replaced
from symnet.index.reductions import total
from symnet.index.symbols import Index, Role, Scalar, Tensor, name_of
from symnet.messages import say
from symnet.network import Training
from symnet.registry import member, settings_of, template

LETTERS = tuple(map(Index, "ijklpq"))
STEP, RATE = "step", "learning_rate"
Pairs = Sequence[tuple[Tensor, Tensor]]
"""Parameters with their gradients."""


def updates(kind: str, settings: Mapping[str, float], pairs: Pairs) -> Updates:
    """The states and hyperparameters that the optimizer `kind` needs, the values of the latter, and its
    equations.

    `pairs` are parameters with their gradients. A parameter W1 becomes W1_next; a state m of it is W1_m and
    becomes W1_m_next. Raises SpecError for an optimizer or a setting that does not exist.
    """
    return trained_by(Training(kind, settings), pairs)


def trained_by(training: Training, pairs: Pairs) -> Updates:
    """What one step of training adds: the learning rate of the step, gradients that are clipped, and the
    optimizer's formula over every parameter.

    Raises SpecError where something of it does not exist.
    """
    step = _Step()
    rate = step.rate(training)
    step.optimize(training, step.clipped(training, pairs), rate)
    return step.given, step.values, step.equations


class _Step:
    """The tensors, values and equations of one step while they are collected."""

    def __init__(self) -> None:
        self.given: list[Tensor] = []
        self.values: dict[str, float] = {}
        self.equations: list[Equation] = []

    def number(self, name: str, value: float) -> Expr:
        """A hyperparameter of this value."""
        self.given.append(Tensor(name, (), Role.HYPERPARAMETER))
        self.values[name] = value
        return Scalar(name)

    def define(self, name: str, rhs: Expr, words: str, like: Tensor | None = None) -> Tensor:
        """An equation for a number, or for a tensor of the shape of `like`."""
        tensor = Tensor(name, like.shape if like else ())
        origin = f"update of {like.name}" if like else "update"
        self.equations.append(Equation(tensor, LETTERS[: tensor.rank], rhs, origin, words))
        return tensor

    def count(self) -> None:
        """The number of steps taken, which goes up by one, unless it is there already."""
        if all(tensor.name != STEP for tensor in self.given):
            self.given.append(Tensor(STEP, (), Role.STATE))
            tensor = Tensor(f"{STEP}_next", (), next_of=STEP)
            self.equations.append(Equation(tensor, (), Scalar(STEP) + 1, "update", say("Steps are counted.")))

    def rate(self, training: Training) -> Expr:
        """The learning rate of this step."""
        rate: Expr = Scalar(RATE)
        if training.schedule != "constant":
            settings = settings_of("schedules", training.schedule, training.schedule_settings)
            for name, value in settings.items():
                self.number(name, value)
            formula = member("schedules", training.schedule)
            program = template("schedules", formula)
            self.given += [t for t in program.of_role(Role.STATE) if t.name != STEP]
            for equation in program.equations:
                self.equations.append(replace(equation, origin="update", words=formula.words))
            rate = Scalar("rate")
            if any(STEP in reads(equation.rhs) for equation in program.equations):
                self.count()
        if training.warmup:
            share = minimum((Scalar(STEP) + 1) / self.number("warmup", training.warmup), 1)
            words = say("In the first steps the learning rate rises.")
            rate = self.define("warm_rate", rate * share, words)[()]
            self.count()
        return rate

    def clipped(self, training: Training, pairs: Pairs) -> Pairs:
        """The gradients, none of them too large."""
        values = {w.name: element(g) for w, g in pairs}
        if training.clip_value is not None:
            bound = self.number("clip_value", training.clip_value)
            words = say("No number of a gradient is larger than the bound.")
            values = {name: minimum(maximum(value, -bound), bound) for name, value in values.items()}
            pairs = [(w, self.define(f"{w.name}_cut", values[w.name], words, w)) for w, _ in pairs]
        if training.clip_norm is not None and pairs:
            bound = self.number("clip_norm", training.clip_norm)
            squares = [_squares(values[w.name], w) for w, _ in pairs]
            norm = self.define("norm", sqrt(Add(*squares)), say("The length of all gradients together."))[()]
            words = say("Where they are too long together, all gradients are shortened alike.")
            share = self.define("share", bound / maximum(norm, bound), words)[()]
            pairs = [(w, self.define(f"{w.name}_short", share * element(g), words, w)) for w, g in pairs]
        return pairs

    def optimize(self, training: Training, pairs: Pairs, rate: Expr) -> None:
        """The optimizer's formula over every parameter."""
        values = settings_of("optimizers", training.optimizer, training.settings)
        for name, value in values.items():
            self.number(name, value)
        program = template("optimizers", member("optimizers", training.optimizer))
        states = program.of_role(Role.STATE)
        known = {tensor.name for tensor in self.given}
        self.given += [state for state in states if not state.rank and state.name not in known]
        formulas = [replace(e, rhs=e.rhs.xreplace({Scalar(RATE): rate})) for e in program.equations]
        defined = {equation.tensor.name for equation in self.equations}
        for parameter, gradient in pairs:
            named = {"w": parameter, "g": gradient}
            named |= {
                s.name: replace(s, name=f"{parameter.name}_{s.name}", shape=parameter.shape)
                for s in states
                if s.rank
            }
            self.given += [tensor for name, tensor in named.items() if name not in ("w", "g")]
            for equation in formulas:
                tensor = _defined(equation.tensor, parameter, named)
                if tensor.name not in defined:
                    defined.add(tensor.name)
                    named[equation.tensor.name] = tensor
                    self.equations.append(_instance(equation, tensor, named, parameter.name))


def element(tensor: Tensor) -> Expr:
    """An element of a tensor at the letters that updates use."""
    return tensor[LETTERS[: tensor.rank]]


def _squares(value: Expr, tensor: Tensor) -> Expr:
    """The sum of the squares of `value` over all elements of `tensor`."""
    return total(value**2, tuple(zip(LETTERS, tensor.shape, strict=False)))


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

    own = sorted(equation.rhs.atoms(Indexed, Scalar), key=name_of)
    rhs = replaced(equation.rhs, tuple(zip(own, map(element, own), strict=True)))
    origin = f"update of {parameter}" if tensor.rank else "update"
    return Equation(tensor, indices, rhs, origin, equation.words)
