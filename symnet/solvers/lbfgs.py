"""L-BFGS, by SciPy: the curvature is estimated from the last few gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from symnet.registry import Solver


def lbfgs(
    trainer: Any,
    loss: Callable[[], float],
    slope: Callable[[], None],
    product: None,
    report: Callable[[float, float], bool],
) -> None:
    """The L-BFGS method, as SciPy has it: scipy.optimize.minimize, method "L-BFGS-B". It ends where no
    number of the gradient is larger than `tolerance`. Source: Liu and Nocedal (1989).
    """
    try:
        from scipy.optimize import minimize
    except ImportError:
        raise ImportError("lbfgs needs SciPy: pip install scipy, or symnet[lbfgs]") from None

    def at(vector: Any) -> tuple[float, Any]:
        trainer.vector[...] = vector
        value = loss()
        slope()
        return value, trainer.gradient.astype(np.float64)

    start = trainer.vector.astype(np.float64)
    value, gradient = at(start)
    norm, stopped = float(np.sqrt(gradient.dot(gradient))), False

    def told(intermediate_result: Any) -> None:
        nonlocal value, norm, stopped
        trainer.vector[...] = intermediate_result.x
        now = float(intermediate_result.fun), float(np.sqrt(trainer.gradient.dot(trainer.gradient)))
        stopped = report(value, norm)
        value, norm = now
        if stopped:
            raise StopIteration

    if np.isfinite(value):
        options = {
            "maxcor": int(trainer.memory),
            "maxls": int(trainer.search_steps),
            "gtol": trainer.tolerance,
        }
        options |= {"ftol": 0.0, "maxiter": 10**9, "maxfun": 10**9}
        found = minimize(at, start, jac=True, method="L-BFGS-B", callback=told, options=options)
        trainer.vector[...] = found.x
    if not stopped:
        report(value, norm)


MEMBER = Solver(
    text="w_next = w - length*B*g, with B from the last gradients",
    words="A step like Newton's, with a curvature estimated from the last gradients; by SciPy.",
    settings={"tolerance": 1e-8, "memory": 10, "search_steps": 20},
    functions=(lbfgs,),
    source="Liu and Nocedal, On the limited memory BFGS method for large scale optimization, 1989",
)
