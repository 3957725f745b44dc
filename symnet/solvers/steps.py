"""What Newton's methods have in common: the loop around the steps, a system of equations solved by products
only, a search along a line.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

VECTORS = ("move", "residual", "before", "scratch")
"""The vectors that these functions need."""


def descend(
    trainer: Any,
    loss: Callable[[], float],
    slope: Callable[[], None],
    report: Callable[[float, float], bool],
    step: Callable[[float, float], float],
) -> None:
    """Take steps until the gradient is no longer than `tolerance`, or neither it nor the loss gets any
    smaller.

    `step`, given the loss and the length of the gradient, changes the parameters, and returns the loss
    then: infinite where it found no way down.
    """
    value = norm = np.inf
    done = False
    while not done:
        before, last, value = value, norm, loss()
        slope()
        norm = float(np.sqrt(trainer.gradient.dot(trainer.gradient)))
        done = not norm > trainer.tolerance or (value >= before and norm >= last)
        done = done or step(value, norm) == np.inf
        done = report(value, norm) or done


def conjugate_gradients(trainer: Any, product: Callable[[], None], enough: float) -> None:
    """Find the `move` for which (B + damping) move = -gradient, B being the matrix of second derivatives.

    It ends where the residual is no longer than `enough`; or on a direction in which the loss is not curved
    upwards, with what has been found before it, which leads downhill (the gradient itself, if it is the
    first). Sources: Steihaug (1983); Nocedal and Wright, Numerical Optimization (2006), algorithm 7.1.
    """
    move, residual, direction, scratch = trainer.move, trainer.residual, trainer.direction, trainer.scratch
    curved = trainer.product_vector
    move.fill(0.0)
    np.copyto(residual, trainer.gradient)
    np.negative(residual, out=direction)
    square = residual.dot(residual)
    for count in range(int(trainer.cg_iterations)):
        product()
        np.multiply(direction, trainer.damping, out=scratch)
        np.add(curved, scratch, out=curved)
        curvature = direction.dot(curved)
        if curvature <= np.finfo(direction.dtype).eps * direction.dot(direction):
            if count == 0:
                np.copyto(move, direction)
                np.add(residual, curved, out=residual)
            return
        length = square / curvature
        np.multiply(direction, length, out=scratch)
        np.add(move, scratch, out=move)
        np.multiply(curved, length, out=scratch)
        np.add(residual, scratch, out=residual)
        last, square = square, residual.dot(residual)
        if square <= enough**2:
            return
        np.multiply(direction, square / last, out=direction)
        np.subtract(direction, residual, out=direction)


def line_search(trainer: Any, loss: Callable[[], float], value: float) -> tuple[float, float]:
    """Change the parameters by `move`, or by the first part of it that makes the loss, which is `value`,
    small enough.

    Returns the loss there, and the loss after the whole of `move`. Where no part of it is good, the
    parameters are what they were, and the loss that is returned is infinite. Source: Armijo (1966); Nocedal
    and Wright, algorithm 3.1.
    """
    np.copyto(trainer.before, trainer.vector)
    slope, length, whole = trainer.gradient.dot(trainer.move), 1.0, np.inf
    rounding = 8 * np.finfo(trainer.vector.dtype).eps * abs(value)  # in which the last steps are lost
    for count in range(int(trainer.search_steps)):
        np.multiply(trainer.move, length, out=trainer.scratch)
        np.add(trainer.before, trainer.scratch, out=trainer.vector)
        with np.errstate(all="ignore"):  # where it overflows, the step was too long
            there = loss()
        whole = there if count == 0 else whole
        if there <= value + trainer.decrease * length * slope + rounding:
            return there, whole
        length *= trainer.shorten
    np.copyto(trainer.vector, trainer.before)
    return np.inf, whole
