"""How much of a value is rounding: every operation is made wrong by its last digit at random, and the results
are compared.

Where 1 - A is computed with A = 0.999999, six digits are gone, whatever the formula says. At such a point a
right derivation and a wrong one cannot be told apart to the last digits, so it is put aside for another. The
decision looks at the adjoints' rounding alone, never at how well they agree with anything.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy as sp

from symnet.equations.interpret import Array, Code, Interpreter, Slots
from symnet.equations.program import Program
from symnet.index.symbols import Scalar
from symnet.verify.points import Point

LAST_DIGIT = 2.0**-52
RUNS = 2
"""How often the last digits are drawn."""


class Jittery(Interpreter):
    """An interpreter whose every operation on numbers is off by up to one unit in the last digit."""

    def __init__(self, program: Program, sizes: Mapping[sp.Expr, sp.Integer], seed: int) -> None:
        super().__init__(program, sizes)
        self.random = random.Random(seed)  # noqa: S311 - nothing secret

    def compile(self, expr: Any, slots: Slots) -> Code:
        """The code for `expr`; where tensors are computed with, its value is off."""
        code = super().compile(expr, slots)
        if isinstance(expr, sp.Indexed | Scalar) or not expr.has(sp.Indexed, Scalar):
            return code  # an element is what it is; positions are exact
        draw = self.random.uniform
        return lambda scope: code(scope) * (1 + LAST_DIGIT * draw(-1, 1))


def spread(program: Program, point: Point, known: Mapping[str, Array], seed: int) -> dict[str, float]:
    """How far every tensor of `program` moves when all last digits are wrong, at the most; `known` are its
    values.
    """
    moved = dict.fromkeys(known, 0.0)
    for run in range(RUNS):
        interpreter = Jittery(program, point.interpreter(program).sizes, seed + run)
        for name, value in interpreter.run(point.given).items():
            moved[name] = max(moved[name], float(np.abs(value - known[name]).max(initial=0.0)))
    return moved
