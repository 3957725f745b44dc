"""What the story is told from: the derivations of its networks, their values at the weights that it begins
with, and the training. Each is made once, whatever languages tell of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp
from sympy import Expr, Indexed, Sum

from symnet.data import Array
from symnet.equations.interpret import evaluate
from symnet.equations.program import Program
from symnet.errors import DerivationError
from symnet.index.reductions import binders_of
from symnet.pipeline import Derivation, Network
from symnet.story.networks import POINTS, START, STEPS, WANTED, XOR, augmented, layered, perceptron
from symnet.story.rosenblatt import Lesson, learn
from symnet.training import new_trainer
from symnet.verify import Certificate

DEEP = (3, 3, 2, 1)
"""So many units has each layer of the network that shows how the blame goes on."""
LINE = np.linspace(-8.0, 8.0, 65)
"""The weights along which the loss is drawn."""
NUDGE = 1e-4


class Runs:
    """Everything that was derived, computed and trained for the story."""

    @cached_property
    def perceptron(self) -> Derivation:
        """One unit, and the rule by which it learns."""
        return perceptron().derive()

    @cached_property
    def lessons(self) -> Mapping[str, Lesson]:
        """How one unit fared with each gate."""
        return {gate: learn(self.perceptron, wanted) for gate, wanted in WANTED.items()}

    @cached_property
    def second_try(self) -> Lesson:
        """How it fares with exclusive or when it begins with what it has learned for AND."""
        last = self.lessons["AND"].moves[-1]
        return learn(self.perceptron, WANTED["XOR"], (*last.weights, last.bias))

    @cached_property
    def gates(self) -> Network:
        """Two layers of units that say yes or no."""
        return layered(2, 1, activation="sign", loss="hinge")

    @cached_property
    def refusal(self) -> str:
        """What a derivation of yes and no says."""
        try:
            self.gates.derive()
        except DerivationError as error:
            return str(error)
        raise AssertionError("no blame passes through a sign")

    @cached_property
    def xor(self) -> Derivation:
        """The network that learns exclusive or."""
        return layered(2, 1).derive()

    @cached_property
    def values(self) -> Mapping[str, Array]:
        """Every tensor and every adjoint of it at the weights that it begins with, index by index."""
        return evaluate(self.xor.derived.program, {"X": POINTS, "Y": XOR, **START})

    @cached_property
    def augmented(self) -> Derivation:
        """Its last layer, with one coefficient."""
        return augmented().derive()

    @cached_property
    def joined(self) -> Mapping[str, Array]:
        """The values of the last layer with one coefficient: the same inputs with a 1 beside each, the same
        weights with the bias below them.
        """
        ones = np.ones((len(POINTS), 1))
        given = {
            "A": np.hstack([self.values["A1"], ones]),
            "Y": XOR,
            "C": np.vstack([START["W2"], START["b2"]]),
        }
        return evaluate(self.augmented.derived.program, given)

    @cached_property
    def deep(self) -> Derivation:
        """A network of more layers."""
        return layered(*DEEP).derive()

    @cached_property
    def loss(self) -> Callable[[Mapping[str, Array]], float]:
        """The loss at other weights than those of the beginning, by the generated module."""
        run = self.xor.lambdify()
        return lambda changed: run({**START, **changed}, X=POINTS, Y=XOR)[0]

    def along(self, name: str, row: int, values: Array = LINE) -> list[tuple[float, float]]:
        """The loss for each value of one weight, the others being those of the beginning."""
        return [(float(value), self.loss({name: _with(START[name], row, value)})) for value in values]

    def nudged(self, name: str, row: int) -> float:
        """The slope of the loss along one weight, measured: a little more, a little less."""
        here = START[name].flat[row]
        more, less = (self.loss({name: _with(START[name], row, here + step)}) for step in (NUDGE, -NUDGE))
        return (more - less) / (2 * NUDGE)

    @cached_property
    def module(self) -> str:
        """The text of the module that trains the network."""
        return self.xor.generate("numpy")

    @cached_property
    def _trained(self) -> tuple[Any, tuple[float, ...]]:
        trainer = self.beginner()
        losses = []
        for _ in range(STEPS):
            losses.append(float(trainer.loss(POINTS, XOR)))
            trainer.step(POINTS, XOR)
        return trainer, (*losses, float(trainer.loss(POINTS, XOR)))

    @property
    def trained(self) -> Any:
        """The trainer after its last step."""
        return self._trained[0]

    @property
    def losses(self) -> tuple[float, ...]:
        """The loss before the first step and after each."""
        return self._trained[1]

    def beginner(self) -> Any:
        """A trainer with the weights of the beginning."""
        trainer = new_trainer(self.module)
        for name, array in START.items():
            trainer.parameters[name][...] = array
        return trainer

    @cached_property
    def certificate(self) -> Certificate:
        """What verification found of the network that learns exclusive or, and of its module."""
        return self.xor.verify(seed=0)

    @cached_property
    def certificates(self) -> tuple[Certificate, ...]:
        """The same for every derivation that the story quotes."""
        others = (self.perceptron, self.augmented, self.deep)
        return (self.certificate, *(derivation.verify(seed=0) for derivation in others))


def spelled(rhs: Expr, program: Program, at: Mapping[Expr, Expr]) -> Expr:
    """A right-hand side with its sums written out and its indices replaced by `at`."""
    numbers = {
        size: sp.Integer(program.values[size.name]) for size in program.sizes if size.name in program.values
    }
    rhs = rhs.xreplace(numbers)
    for part in sorted(rhs.atoms(Sum), key=str):
        terms = [part.function]
        for index, size in binders_of(part):
            terms = [term.xreplace({index: sp.Integer(k)}) for term in terms for k in range(int(size))]
        rhs = rhs.xreplace({part: sp.Add(*terms)})
    return rhs.xreplace(dict(at))


def at_point(expr: Expr, name: str, row: Array) -> Expr:
    """`expr` with the numbers of a row in place of the elements of the tensor `name`."""
    elements = [e for e in expr.atoms(Indexed) if str(e.base) == name]
    return expr.xreplace({e: sp.nsimplify(row[int(e.indices[-1])]) for e in elements})


def _with(array: Array, row: int, value: float) -> Array:
    changed = array.copy()
    changed.flat[row] = value
    return changed
