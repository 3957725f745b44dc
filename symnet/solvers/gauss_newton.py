"""Gauss-Newton with the damping of Levenberg and Marquardt: the prediction counts as a linear function of
the parameters, so that the matrix is curved upwards in every direction.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from symnet.registry import Solver
from symnet.solvers.steps import VECTORS, conjugate_gradients, descend, line_search


def gauss_newton(
    trainer: Any,
    loss: Callable[[], float],
    slope: Callable[[], None],
    product: Callable[[], None],
    report: Callable[[float, float], bool],
) -> None:
    """The Gauss-Newton method: steps as of Newton's, with a damping that is lowered where the loss falls as
    much as the parabola that the step is taken from, and raised where it does not.

    Sources: Marquardt (1963); Nocedal and Wright, Numerical Optimization (2006), chapter 10; Martens, Deep
    learning via Hessian-free optimization (2010), section 4.1.
    """

    def step(value: float, norm: float) -> float:
        conjugate_gradients(trainer, product, min(0.5, np.sqrt(norm)) * norm)
        # The change of the parabola, g move + move B move/2; the residual is g + (B + damping) move.
        change = trainer.gradient.dot(trainer.move) + trainer.residual.dot(trainer.move)
        change = 0.5 * (change - trainer.damping * trainer.move.dot(trainer.move))
        there, whole = line_search(trainer, loss, value)
        ratio = (whole - value) / change
        if not ratio >= 0.25:
            trainer.damping *= trainer.adapt
        elif ratio > 0.75:
            trainer.damping /= trainer.adapt
        return there

    descend(trainer, loss, slope, report, step)


MEMBER = Solver(
    text="(J^T C J + damping) move = -g;  w_next = w + length*move",
    words="Newton's step, with a matrix that has no directions of negative curvature, damped.",
    settings={
        "tolerance": 1e-8,
        "damping": 1.0,
        "adapt": 4.0,
        "cg_iterations": 100,
        "search_steps": 30,
        "decrease": 1e-4,
        "shorten": 0.5,
    },
    functions=(descend, conjugate_gradients, line_search, gauss_newton),
    vectors=VECTORS,
    product="gauss_newton",
    remembers=("damping",),
    source="Marquardt, 1963; Martens, Deep learning via Hessian-free optimization, 2010, section 4",
)
