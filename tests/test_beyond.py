"""Second derivatives as a user asks for them: as equations, as functions, as pages, with certificates."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import symnet
from symnet.backends.numpy.load import load
from symnet.documents import formats
from symnet.errors import DataError, DerivationError, SymnetError
from symnet.pipeline import Network

SHAPES = {"W1": (3, 4), "b1": (4,), "W2": (4, 2), "b2": (2,)}


@pytest.fixture(scope="module")
def derivation():
    layers = [symnet.Dense(4, activation="tanh"), symnet.Dense(2, activation="sigmoid")]
    network = symnet.Network(
        inputs={"X": ("N", 3)}, targets={"Y": ("N", 2)}, layers=layers, loss="bce", l2=0.1
    )
    return network.derive()


@pytest.fixture(scope="module")
def point():
    rng = np.random.default_rng(0)
    parameters = {name: rng.normal(size=shape) for name, shape in SHAPES.items()}
    directions = {name: rng.normal(size=shape) for name, shape in SHAPES.items()}
    return (
        parameters,
        directions,
        {"X": rng.normal(size=(5, 3)), "Y": rng.integers(0, 2, (5, 2)).astype(float)},
    )


def differences(derivation, point):
    """The Hessian along the directions, by central differences of the gradient."""
    parameters, directions, data = point
    gradient = derivation.lambdify()
    ahead, behind = (
        gradient({k: p + sign * 1e-5 * directions[k] for k, p in parameters.items()}, **data)[1]
        for sign in (1, -1)
    )
    return {name: (ahead[name] - behind[name]) / 2e-5 for name in SHAPES}


def test_products_and_blocks_agree_with_differences_of_the_gradient(derivation, point):
    parameters, directions, data = point
    expected = differences(derivation, point)
    product = derivation.hvp().lambdify()(parameters, directions, **data)
    blocks = derivation.hessian().lambdify()(parameters, **data)
    for name in SHAPES:
        np.testing.assert_allclose(product[name], expected[name], rtol=1e-6, atol=1e-8)
        rows = [np.tensordot(blocks[name, by], directions[by], directions[by].ndim) for by in SHAPES]
        np.testing.assert_allclose(sum(rows), product[name], rtol=1e-10)
        turned = np.moveaxis(blocks[name, "W1"], [-2, -1], [0, 1])
        np.testing.assert_allclose(blocks["W1", name], turned, rtol=1e-12)


def test_matched_losses_are_curved_before_their_activation(derivation, point):
    """There Gauss-Newton's matrix is positive: no division by what may be zero."""
    parameters, directions, data = point
    product = derivation.gauss_newton()
    assert "curvature in Z2" in product.further.words
    found = product.lambdify()(parameters, directions, **data)
    assert sum((found[name] * directions[name]).sum() for name in SHAPES) > 0
    other = derivation.gauss_newton("A2").lambdify()(parameters, directions, **data)
    for name in SHAPES:
        assert other[name].shape == found[name].shape


def test_the_jacobian_of_the_prediction(derivation, point):
    parameters, _, data = point
    jacobian = derivation.jacobian()
    found = jacobian.lambdify()(parameters, X=data["X"], Y=data["Y"])
    assert found["A2", "W1"].shape == (5, 2, 3, 4)
    only = derivation.jacobian("Z2", "b2")
    assert list(only) == [("Z2", "b2")]
    with pytest.raises(DerivationError, match="no tensor Z3"):
        derivation.jacobian("Z3")


def test_they_are_equations_with_steps(derivation):
    hessian = derivation.hessian()
    assert len(hessian) == 10
    assert hessian["b1", "W1"] == hessian["W1", "b1"]
    assert hessian["W1", "b1"].steps
    assert hessian["b2", "b2"].latex("matrix").startswith(r"\frac{\partial^{2} L}{\partial \mathbf{b}^{[2]}")
    assert derivation.hvp()["W1"].latex("matrix").startswith(r"\dot{\bar{\mathbf{W}}}^{[1]} = ")
    assert "W1" in derivation.fisher()
    assert hessian._repr_html_().startswith("<math")


def test_logistic_regression_in_one_line():
    network = symnet.Network.from_equations("""
        X: input[N, D]
        y: target[N]
        w: parameter[D]
        z[n] = sum(X[n,i]*w[i], i)
        p[n] = sigmoid(z[n])
        L = -sum(y[n]*log(p[n]) + (1 - y[n])*log(1 - p[n]), n)
    """)
    hessian = network.derive().hessian()
    assert hessian["w", "w"].latex("matrix") == (
        r"\frac{\partial^{2} L}{\partial \mathbf{w} \partial \mathbf{w}^{\top}} = "
        r"\mathbf{X}^{\top} \operatorname{diag} ( \mathbf{p} \odot ( 1 - \mathbf{p} ) ) \mathbf{X}"
    )
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(7, 3)), rng.normal(size=3)
    p = 1 / (1 + np.exp(-x @ w))
    found = hessian.lambdify()({"w": w}, X=x, y=rng.integers(0, 2, 7).astype(float))
    np.testing.assert_allclose(found["w", "w"], x.T @ np.diag(p * (1 - p)) @ x, rtol=1e-12)


@pytest.mark.parametrize("kind", ["hvp", "gauss_newton", "fisher", "hessian"])
def test_each_has_its_certificate_and_its_page(derivation, kind):
    whole = derivation.second(kind)
    certificate = whole.verify()
    assert certificate.passed
    assert "further derivatives" in {finding.check for finding in certificate.findings}
    for form in formats():
        text = whole.document(form)
        assert "Second derivatives" in text
        last = len(whole.derived.program.equations) + len(whole.derived.updates)
        assert f"({last + len(whole.derived.further[0].equations)})" in text or form in ("latex", "beamer")


@pytest.mark.parametrize("loss", ["mse", "sse", "bce_with_logits", "cross_entropy", "mae", "huber"])
@pytest.mark.parametrize("kind", ["hvp", "gauss_newton", "fisher"])
def test_products_for_losses_of_every_scale(loss, kind):
    """A loss is divided by the number of samples, or by that of all outputs, or by nothing."""
    network = symnet.Network(
        inputs={"X": ("N", 2)},
        targets={"Y": ("N", 3)},
        layers=[symnet.Dense(2, activation="tanh"), symnet.Dense(3)],
        loss=loss,
    )
    findings = network.derive().second(kind).verify().findings
    (finding,) = (finding for finding in findings if finding.check == "further derivatives")
    assert finding.passed, finding


def test_what_is_wrong_is_said(derivation, point):
    parameters, directions, data = point
    with pytest.raises(SymnetError, match="hess") as caught:
        derivation.second("hess")
    assert caught.value.suggestion == "hessian"
    with pytest.raises(DataError, match="directions are missing"):
        derivation.hvp().lambdify()(parameters, **data)
    with pytest.raises(DataError, match="no directions to take"):
        derivation.hessian().lambdify()(parameters, directions, **data)
    with pytest.raises(DataError, match="no array for Y"):
        derivation.hessian().lambdify()(parameters, X=data["X"])
    with pytest.raises(DerivationError, match="W3"):
        derivation.hessian("W3")


NOTHING = """
X: input[N,D]
A[n] = sum(X[n,i]**2, i)
L = sum(A[n], n)/N
"""
STRAIGHT = """
X: input[N,D]
Y: target[N]
W: parameter[D]
b: parameter
A[n] = sum(X[n,i]*W[i], i) + b
L = sum(abs(A[n] - Y[n]), n)/N + sum(W[i]*W[i], i)
"""


@pytest.mark.parametrize("kind", ["hvp", "gauss_newton", "fisher", "hessian", "jacobian"])
def test_with_nothing_to_derive_by_that_is_said(kind):
    with pytest.raises(DerivationError, match="nothing to derive by"):
        getattr(Network.from_equations(NOTHING).derive(), kind)()


@pytest.mark.parametrize("kind", ["gauss_newton", "jacobian"])
def test_without_a_prediction_that_is_said(kind):
    network = Network.from_equations("X: input[N]\nw: parameter\nL = sum(w*X[n], n)")
    with pytest.raises(DerivationError, match="no prediction"):
        getattr(network.derive(), kind)()


@pytest.mark.parametrize(
    ("kind", "read"),
    [("hvp", ""), ("gauss_newton", "X"), ("fisher", "XY"), ("hessian", ""), ("jacobian", "X")],
)
@pytest.mark.parametrize("backend", ["numpy", "c"])
def test_a_method_takes_the_arrays_that_it_reads(kind, read, backend):
    """What sizes of its workspace are read off, N, is among them; the rest of the data is not."""
    further = getattr(Network.from_equations(STRAIGHT).derive(), kind)()
    method = getattr(load(further.derivation.module(backend)).Trainer, further.further.name)
    taken = set(inspect.signature(method).parameters) - {"self", "directions"}
    assert taken == set(read or "X")
