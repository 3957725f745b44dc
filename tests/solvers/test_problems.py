"""Problems whose answers are known from elsewhere: a formula, or SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import least_squares, minimize

from symnet.backends.numpy.load import load
from symnet.layers.dense import Dense
from symnet.network import Training
from symnet.pipeline import Network

RNG = np.random.default_rng(6)


def trained(stated, *data, start=None):
    trainer = load(stated.derive().generate("numpy")).Trainer()
    for name, value in (start or {}).items():
        trainer.parameters[name][...] = value
    return trainer, trainer.fit(*data)


def test_logistic_regression_converges_in_a_dozen_steps_to_the_optimum_of_scipy():
    x = RNG.normal(size=(60, 4))
    y = (x @ [1.0, -2.0, 0.5, 0.0] + 0.3 + RNG.normal(size=60) > 0).astype(float)[:, None]
    stated = Network(
        inputs={"X": ("N", 4)},
        targets={"Y": ("N", 1)},
        layers=[Dense(1)],
        loss="bce_with_logits",
        l2=0.01,
        training=Training("newton_cg"),
    )
    trainer, history = trained(stated, x, y)
    assert len(history) <= 12
    assert trainer.gradient_norms[-1] < 1e-8

    def loss(theta):
        z = x @ theta[:4] + theta[4]
        return np.mean(np.logaddexp(0.0, z) - y[:, 0] * z) + 0.01 * np.square(theta[:4]).sum()

    best = minimize(loss, np.zeros(5), method="BFGS", options={"gtol": 1e-9})
    found = np.concatenate([trainer.parameters["W1"].ravel(), trainer.parameters["b1"].ravel()])
    assert history[-1] == pytest.approx(loss(found), rel=1e-12)
    np.testing.assert_allclose(found, best.x, atol=1e-5)
    assert history[-1] <= best.fun + 1e-12


@pytest.mark.parametrize("kind", ["newton_cg", "gauss_newton", "lbfgs"])
def test_linear_least_squares_end_at_the_normal_equations(kind):
    x, y = RNG.normal(size=(30, 5)), RNG.normal(size=(30, 1))
    text = "X: input[N, 5]\nY: target[N, 1]\nW: parameter[5]\nA[n] = sum(X[n,i]*W[i], i)\nL = sum((A[n] - Y[n,0])**2, n)/2"
    trainer, history = trained(Network.from_equations(text, training=Training(kind)), x, y)
    np.testing.assert_allclose(trainer.parameters["W"], np.linalg.solve(x.T @ x, x.T @ y)[:, 0], atol=1e-8)
    assert len(history) < 30


def test_gauss_newton_fits_a_curve_as_scipy_does():
    """A decay with noise: the residuals do not vanish. Its matrix is that of Levenberg and Marquardt."""
    t = np.linspace(0.0, 4.0, 25)
    y = 2.5 * np.exp(-1.3 * t) + 0.5 + 0.05 * RNG.normal(size=25)
    text = (
        "t: input[N]\ny: target[N]\na: parameter\nk: parameter\nc: parameter\n"
        "f[n] = a*exp(-k*t[n]) + c\nL = sum((f[n] - y[n])**2, n)/2"
    )
    start = {"a": 1.0, "k": 0.3, "c": 0.0}
    trainer, history = trained(
        Network.from_equations(text, training=Training("gauss_newton")), t, y, start=start
    )
    best = least_squares(
        lambda p: p[0] * np.exp(-p[1] * t) + p[2] - y, [1.0, 0.3, 0.0], xtol=1e-15, gtol=1e-12
    )
    found = [float(trainer.parameters[name]) for name in "akc"]
    np.testing.assert_allclose(found, best.x, rtol=1e-6)
    assert history[-1] == pytest.approx(best.cost, rel=1e-9)
    assert trainer.gradient_norms[-1] < 1e-8
    assert len(history) < 40
    assert trainer.damping < 1e-3  # far from the minimum it was 1


def test_the_product_of_gauss_newton_is_that_of_the_jacobian():
    """J^T C J v, from the module's own predictions by complex steps: nothing of it is derived."""
    x = RNG.normal(size=(6, 3))
    stated = Network(
        inputs={"X": ("N", 3)},
        targets={"Y": ("N", 2)},
        layers=[Dense(4, activation="tanh"), Dense(2)],
        loss="sse",
        training=Training("gauss_newton"),
    )
    trainer = load(stated.derive().generate("numpy")).Trainer()
    trainer.initialize(2)
    names = list(trainer.parameters)
    shapes = [trainer.parameters[name].shape for name in names]

    def predict(vector):
        parts = dict(
            zip(names, np.split(vector, np.cumsum([int(np.prod(s)) for s in shapes])[:-1]), strict=True)
        )
        w1, b1, w2, b2 = (parts[name].reshape(shape) for name, shape in zip(names, shapes, strict=True))
        return (np.tanh(x @ w1 + b1) @ w2 + b2).ravel()

    steps = trainer.vector + 1e-30j * np.eye(trainer.vector.size)
    jacobian = np.stack([predict(row).imag / 1e-30 for row in steps], axis=1)
    along = RNG.normal(size=trainer.vector.size)
    trainer.product(along, x)
    np.testing.assert_allclose(
        trainer.product_vector, 2 * jacobian.T @ (jacobian @ along), rtol=1e-10, atol=1e-12
    )
