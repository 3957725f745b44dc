"""The parts of Newton's methods on functions that are known: parabolas, saddles, flat places."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest

from symnet.backends.numpy.solving import VECTORS, plain
from symnet.registry import solvers
from symnet.solvers.newton_cg import newton_cg
from symnet.solvers.steps import conjugate_gradients, line_search

SIZE = 6


class Function:
    """A function of a vector with its gradient and Hessian, as a solver sees a trainer; it counts its products."""

    def __init__(self, value, gradient, hessian, start, **settings):
        known = solvers()["newton_cg"]
        self.trainer = SimpleNamespace(**known.settings | settings)
        for name in (*VECTORS, *known.vectors):
            setattr(self.trainer, name, np.zeros(len(start)))
        self.trainer.vector[...] = start
        self.functions = value, gradient, hessian
        self.products = 0
        self.history = []

    def loss(self):
        return float(self.functions[0](self.trainer.vector))

    def slope(self):
        self.trainer.gradient[...] = self.functions[1](self.trainer.vector)

    def product(self):
        self.products += 1
        np.dot(
            self.functions[2](self.trainer.vector), self.trainer.direction, out=self.trainer.product_vector
        )

    def report(self, value, norm):
        self.history.append((value, norm))
        return False

    def minimize(self):
        newton_cg(self.trainer, self.loss, self.slope, self.product, self.report)
        return self.trainer.vector


def parabola(eigenvalues, **settings):
    rng = np.random.default_rng(0)
    turn, _ = np.linalg.qr(rng.normal(size=(SIZE, SIZE)))
    matrix = turn * eigenvalues @ turn.T
    target = rng.normal(size=SIZE)
    return (
        matrix,
        target,
        Function(
            lambda x: 0.5 * x @ matrix @ x - target @ x,
            lambda x: matrix @ x - target,
            lambda x: matrix,
            np.zeros(SIZE),
            **settings,
        ),
    )


@pytest.mark.parametrize("distinct", [1, 3, SIZE])
def test_a_parabola_takes_as_many_products_as_it_has_curvatures(distinct):
    """In exact arithmetic conjugate gradients end after as many steps as there are distinct eigenvalues."""
    matrix, target, function = parabola(1.0 + np.arange(SIZE) % distinct)
    function.slope()
    conjugate_gradients(function.trainer, function.product, 1e-10)
    assert function.products == distinct
    np.testing.assert_allclose(function.trainer.move, np.linalg.solve(matrix, target), rtol=1e-9)


def test_damping_is_added_to_every_curvature():
    matrix, target, function = parabola(np.arange(1.0, SIZE + 1), damping=0.7)
    function.slope()
    conjugate_gradients(function.trainer, function.product, 1e-10)
    expected = np.linalg.solve(matrix + 0.7 * np.eye(SIZE), target)
    np.testing.assert_allclose(function.trainer.move, expected, rtol=1e-9)
    residual = matrix @ expected + 0.7 * expected - target
    np.testing.assert_allclose(function.trainer.residual, residual, atol=1e-9)


@pytest.mark.parametrize("eigenvalues", [-np.ones(SIZE), np.arange(SIZE) - 2.0, np.zeros(SIZE)])
def test_where_it_is_not_curved_upwards_the_move_still_leads_downhill(eigenvalues):
    _, _, function = parabola(eigenvalues)
    function.slope()
    conjugate_gradients(function.trainer, function.product, 1e-10)
    assert function.trainer.gradient @ function.trainer.move < 0
    assert function.products <= SIZE


def test_the_line_search_goes_as_far_as_is_good_and_back_where_nothing_is():
    square = Function(lambda x: x @ x, lambda x: 2 * x, lambda x: 2 * np.eye(1), np.array([1.0]))
    square.slope()
    square.trainer.move[...] = -7.0
    there, whole = line_search(square.trainer, square.loss, 1.0)
    assert square.trainer.vector == pytest.approx(1 - 7 / 4)  # 1 - 7 and 1 - 7/2 are no better than 1
    assert (there, whole) == (pytest.approx(0.75**2), 36.0)
    square.slope()
    square.trainer.move[...] = square.trainer.vector  # uphill
    before = square.trainer.vector.copy()
    assert line_search(square.trainer, square.loss, there)[0] == np.inf
    np.testing.assert_array_equal(square.trainer.vector, before)


def test_steps_that_overflow_are_shortened():
    steep = Function(
        lambda x: np.exp(x[0]) + np.exp(-x[0]),
        lambda x: np.exp(x) - np.exp(-x),
        lambda x: 1e-3 * np.eye(1),  # much too flat: the steps are much too long
        np.array([20.0]),
        search_steps=60,
        tolerance=1e-6,
    )
    assert steep.minimize() == pytest.approx(0.0, abs=1e-6)


def test_newton_finds_the_bottom_of_a_bent_valley_and_converges_faster_than_linearly():
    """Rosenbrock's function, from its usual start: Nocedal and Wright, exercise 2.1."""
    valley = Function(
        lambda x: 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2,
        lambda x: np.array([-400 * x[0] * (x[1] - x[0] ** 2) - 2 * (1 - x[0]), 200 * (x[1] - x[0] ** 2)]),
        lambda x: np.array([[1200 * x[0] ** 2 - 400 * x[1] + 2, -400 * x[0]], [-400 * x[0], 200]]),
        np.array([-1.2, 1.0]),
    )
    np.testing.assert_allclose(valley.minimize(), [1.0, 1.0], atol=1e-8)
    norms = [norm for _, norm in valley.history]
    assert len(norms) < 80
    assert norms[-1] <= 1e-8
    assert norms[-1] < 1e-3 * norms[-2]
    losses = [value for value, _ in valley.history]
    assert all(b < a for a, b in pairwise(losses))


def test_it_ends_where_rounding_leaves_nothing_to_gain():
    """A tolerance that cannot be met is no endless loop."""
    _, _, function = parabola(np.geomspace(1e-4, 1e4, SIZE), tolerance=0.0)
    function.minimize()
    assert len(function.history) < 100


def test_what_is_written_out_has_no_annotations_and_is_the_same_function():
    for solver in solvers().values():
        for function in solver.functions:
            text = "\n".join(plain(function))
            assert "->" not in text
            assert ": Any" not in text
            made: dict[str, object] = {"np": np}
            exec(text, made)
            assert made[function.__name__].__doc__ == function.__doc__
