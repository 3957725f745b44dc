"""How much of a value is rounding: every operation is made wrong by its last digit at random, and the results
are compared.

Where 1 - A is computed with A = 0.999999, six digits are gone, whatever the formula says. At such a point a
right derivation and a wrong one cannot be told apart to the last digits, so it is put aside for another. The
decision looks at the adjoints' rounding alone, never at how well they agree with anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy as sp

from symnet.equations.arrays import ArrayInterpreter, Axes
from symnet.equations.interpret import Array
from symnet.equations.program import Program
from symnet.index.symbols import Scalar
from symnet.verify.points import Point

LAST_DIGIT = 2.0**-52
RUNS = 2
"""How often the last digits are drawn."""


class Jittery(ArrayInterpreter):
    """An interpreter whose every operation on numbers is off by up to one unit in the last digit."""

    def __init__(self, program: Program, sizes: Mapping[sp.Expr, sp.Integer], seed: int) -> None:
        super().__init__(program, sizes)
        self.random = np.random.default_rng(seed)

    def value(self, expr: Any, axes: Axes) -> Any:
        """The value of `expr`; where tensors are computed with, it is off."""
        value = super().value(expr, axes)
        if isinstance(expr, sp.Indexed | Scalar) or not expr.has(sp.Indexed, Scalar):
            return value  # an element is what it is; positions are exact
        return value * (1 + LAST_DIGIT * self.random.uniform(-1, 1, np.shape(value)))


def spread(program: Program, point: Point, known: Mapping[str, Array], seed: int) -> dict[str, float]:
    """How far every tensor of `program` moves when all last digits are wrong, at the most; `known` are its
    values.
    """
    moved = dict.fromkeys(known, 0.0)
    for run in range(RUNS):
        interpreter = Jittery(program, point.known, seed + run)
        for name, value in interpreter.run(point.given).items():
            moved[name] = max(moved[name], float(np.abs(value - known[name]).max(initial=0.0)))
    return moved
