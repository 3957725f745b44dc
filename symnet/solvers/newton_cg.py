"""Newton's method: a step to where the gradient would be zero if the loss were as curved everywhere as it
is here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from symnet.registry import Solver
from symnet.solvers.steps import VECTORS, conjugate_gradients, descend, line_search


def newton_cg(
    trainer: Any,
    loss: Callable[[], float],
    slope: Callable[[], None],
    product: Callable[[], None],
    report: Callable[[float, float], bool],
) -> None:
    """Newton's method with a line search; each system is solved by conjugate gradients, the more exactly
    the smaller the gradient is: then the steps converge faster than linearly.

    Source: Nocedal and Wright, Numerical Optimization (2006), algorithm 7.1.
    """

    def step(value: float, norm: float) -> float:
        conjugate_gradients(trainer, product, min(0.5, np.sqrt(norm)) * norm)
        there, _ = line_search(trainer, loss, value)
        return there

    descend(trainer, loss, slope, report, step)


MEMBER = Solver(
    text="(H + damping) move = -g;  w_next = w + length*move",
    words="A step to where the gradient would vanish, were the curvature the same everywhere.",
    settings={
        "tolerance": 1e-8,
        "damping": 0.0,
        "cg_iterations": 100,
        "search_steps": 30,
        "decrease": 1e-4,
        "shorten": 0.5,
    },
    functions=(descend, conjugate_gradients, line_search, newton_cg),
    vectors=VECTORS,
    product="hessian",
    source="Nocedal and Wright, Numerical Optimization, 2006, algorithm 7.1; Steihaug, 1983",
)
