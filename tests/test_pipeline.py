"""The public interface: what a user of the package may rely on."""

from __future__ import annotations

import base64
import re
from xml.etree import ElementTree

import numpy as np
import pytest

import symnet
from symnet.errors import DataError, DerivationError, SpecError, SymnetError

EQUATIONS = """
X: input[N, D]
W: parameter[D, H]
b: parameter[H]
Y: target[N, H]
Z[n,j] = sum(X[n,i]*W[i,j], i) + b[j]
A[n,j] = sigmoid(Z[n,j])
L = sum((A[n,j]-Y[n,j])**2, n, j)/2
"""


@pytest.fixture(scope="module")
def network():
    return symnet.Network(
        inputs={"X": ("N", 3)},
        targets={"Y": ("N", 2)},
        layers=[symnet.Dense(2, activation="sigmoid")],
        loss="sse",
    )


@pytest.fixture(scope="module")
def derivation(network):
    return network.derive(wrt=["X"])


def arrays(seed=0):
    random = np.random.default_rng(seed)
    return {"W1": random.normal(size=(3, 2)), "b1": random.normal(size=2)}, {
        "X": random.normal(size=(5, 3)),
        "Y": random.normal(size=(5, 2)),
    }


def test_three_ways_in_are_one_network(tmp_path, network):
    spec = tmp_path / "one.toml"
    spec.write_text(
        '[network]\nloss = "sse"\n[inputs]\nX = ["N", 3]\n[targets]\nY = ["N", 2]\n'
        '[[layers]]\nkind = "dense"\nunits = 2\nactivation = "sigmoid"\n'
    )
    from_file = symnet.Network.from_toml(spec)
    assert from_file.program == network.program
    parameters, data = arrays()
    written = symnet.Network.from_equations(EQUATIONS)
    twice = written.evaluate(W=parameters["W1"], b=parameters["b1"], **data)["L"] * 2
    np.testing.assert_allclose(twice, network.evaluate(**parameters, **data)["L"], rtol=1e-14)


def test_gradients_are_equations_with_steps(derivation):
    assert list(derivation.gradients) == ["W1", "b1", "X"]
    gradient = derivation.gradients["W1"]
    assert str(gradient) == "dW1[i, j] = Sum(X[n, i]*dZ1[n, j], (n, 0, N - 1))"
    assert gradient.steps
    assert gradient.steps[-1].after == gradient.equation.rhs
    assert (
        gradient.latex(form="matrix") == r"\bar{\mathbf{W}}^{[1]} = \mathbf{X}^{\top} \bar{\mathbf{Z}}^{[1]}"
    )
    columns = gradient.latex(form="matrix", convention="columns")
    assert columns == r"\bar{\mathbf{W}}^{[1]} = \bar{\mathbf{Z}}^{[1]} \mathbf{X}^{\top}"
    with pytest.raises(SymnetError, match="no form"):
        gradient.latex(form="matrx")


def test_lambdify_gives_loss_and_gradients(derivation):
    parameters, data = arrays()
    loss, gradients = derivation.lambdify()(parameters, **data)
    a = 1 / (1 + np.exp(-(data["X"] @ parameters["W1"] + parameters["b1"])))
    delta = 2 * (a - data["Y"]) * a * (1 - a)
    np.testing.assert_allclose(loss, ((a - data["Y"]) ** 2).sum(), rtol=1e-13)
    np.testing.assert_allclose(gradients["W1"], data["X"].T @ delta, rtol=1e-12)
    np.testing.assert_allclose(gradients["b1"], delta.sum(0), rtol=1e-12)
    np.testing.assert_allclose(gradients["X"], delta @ parameters["W1"].T, rtol=1e-12)


def test_lambdify_says_what_is_missing(derivation):
    function = derivation.lambdify()
    parameters, data = arrays()
    with pytest.raises(DataError, match="parameter b1"):
        function({"W1": parameters["W1"]}, **data)
    with pytest.raises(DataError, match="no array for Y"):
        function(parameters, X=data["X"])
    with pytest.raises(SymnetError):
        function(parameters, X=data["X"][:, :2], Y=data["Y"])


def test_documents_modules_and_certificates(derivation):
    for form, start in (("html", "<!DOCTYPE html>"), ("latex", "%"), ("markdown", "#")):
        assert derivation.document(form).lstrip().startswith(start)
    compile(derivation.generate("numpy"), "trainer.py", "exec")
    assert derivation.verify(seed=3).passed
    with pytest.raises(SymnetError, match="html"):
        derivation.document("htlm")
    with pytest.raises(SymnetError, match="numpy"):
        derivation.generate("nunpy")


def test_a_notebook_shows_them(network, derivation):
    for shown in (network, derivation, derivation.gradients["W1"]):
        assert shown._repr_latex_().startswith("$")
        assert "<math" in shown._repr_html_()
    drawn = base64.b64decode(re.search(r'src="data:image/svg\+xml;base64,(.*?)"', network._repr_html_())[1])
    assert ElementTree.fromstring(drawn).tag == "{http://www.w3.org/2000/svg}svg"
    assert repr(network).splitlines()[2] == "   (2)  A1[n, j] = sigmoid(Z1[n, j])"
    assert [line.split()[:2] for line in repr(derivation).splitlines()[1:]] == [
        ["(6)", "dW1[i,"],
        ["(7)", "db1[j]"],
        ["(8)", "dX[n,"],
    ]
    numbers = re.findall(r"<td[^>]*>\((\d+)\)</td>", derivation._repr_html_())
    assert numbers == ["6", "7", "8"]
    assert repr(derivation.gradients["b1"]) == str(derivation.gradients["b1"])
    assert "<table>" in derivation.verify()._repr_html_()


def test_values_without_targets(network):
    parameters, data = arrays()
    assert set(network.evaluate(**parameters, X=data["X"])) == {"W1", "b1", "X", "Z1", "A1"}


def test_errors_name_the_file(tmp_path):
    spec = tmp_path / "wrong.toml"
    spec.write_text(
        '[network]\nloss = "ssee"\n[inputs]\nX = ["N", 3]\n[targets]\nY = ["N", 2]\n[[layers]]\nkind = "dense"\nunits = 2\n'
    )
    with pytest.raises(SpecError) as caught:
        symnet.Network.from_toml(spec).derive()
    assert str(caught.value).startswith(f"{spec}, loss: there is no loss 'ssee'")
    assert caught.value.suggestion == "sse"


def test_a_sign_cannot_be_derived_through():
    network = symnet.Network(
        inputs={"X": ("N", 2)},
        targets={"Y": ("N", 1)},
        layers=[symnet.Dense(1, activation="sign")],
        loss="sse",
    )
    with pytest.raises(DerivationError, match="flat") as caught:
        network.derive()
    assert caught.value.suggestion == "sigmoid or tanh"


def test_nothing_else_is_there():
    with pytest.raises(AttributeError, match="Networc"):
        _ = symnet.Networc


def test_no_probability_is_divided_by():
    """The log-likelihood of a softmax, where probabilities underflow: neither its loss nor its gradient does."""
    network = symnet.Network.from_equations("""
        X: input[N, D]
        Y: target[N, K]
        W: parameter[D, K]
        Z[n,j] = sum(X[n,i]*W[i,j], i)
        P[n,j] = exp(Z[n,j])/sum(exp(Z[n,k]), k)
        L = -sum(Y[n,j]*log(P[n,j]), n, j)/N
    """)
    derivation = network.derive()
    assert derivation.verify().passed
    x, w = np.array([[1000.0, 0.0], [0.0, -1000.0]]), np.array([[1.0, -1.0, 0.0], [1.0, 0.5, -1.0]])
    y = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    with np.errstate(all="raise", under="ignore"):
        loss, gradients = derivation.lambdify()({"W": w}, X=x, Y=y)
    np.testing.assert_allclose(loss, (2000 + 0) / 2)
    p = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    np.testing.assert_allclose(gradients["W"], x.T @ (p - y) / 2)
