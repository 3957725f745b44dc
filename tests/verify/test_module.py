"""The generated module in its own process: what is wrong with it is found, whatever goes wrong."""

from __future__ import annotations

import pytest

from symnet.backends import Meta, backends
from symnet.derivation.derive import derive
from symnet.layers.dense import Dense
from symnet.layers.instance_norm import InstanceNorm
from symnet.network import Network
from symnet.updates import updates
from symnet.verify import verify
from symnet.verify.checks import module

TRAINER = """
import numpy as np

class Trainer:
    def __init__(self, dtype=np.float64):
        self.parameters = {"W1": np.zeros((2, 3), dtype)}
    def initialize(self, seed=0):
        self.parameters["W1"][...] = 1
    def predict(self, X):
        return X @ self.parameters["W1"]
    def loss(self, X, Y):
        return float(((self.predict(X) - Y) ** 2).sum())
    def gradients(self, X, Y):
        return {"W1": 2 * X.T @ (self.predict(X) - Y)}
    def step(self, X, Y):
        loss, gradient = self.loss(X, Y), self.gradients(X, Y)["W1"]
        self.parameters["W1"] -= 0.01 * gradient
        return loss
"""
"""What a student might write for the network below."""


@pytest.fixture(scope="module")
def linear():
    network = Network({"X": ("N", 2)}, {"Y": ("N", 3)}, [Dense(3, bias=False)], "sse")
    program, prediction = network.stated()
    return derive(program, optimizer=lambda pairs: updates("sgd", {"learning_rate": 0.01}, pairs)), prediction


def checked(linear, source):
    derived, prediction = linear
    certificate = verify(derived, points=1, module_source=source, prediction=prediction)
    return certificate, {
        finding.subject: finding for finding in certificate.findings if finding.check == "module"
    }


def test_a_right_module_passes(linear):
    certificate, findings = checked(linear, TRAINER)
    assert certificate.passed, str(certificate)
    assert set(findings) == {"prediction", "loss", "gradient W1", "parameter W1"}
    assert findings["gradient W1"].compared == 12


@pytest.mark.parametrize("optimizer", ["adagrad", "lion", "rprop"])
def test_what_an_optimizer_makes_of_rounding_is_not_compared(optimizer):
    """The bias before a normalization has no effect: its gradient is rounding, of either sign."""
    layers = [Dense(3), InstanceNorm(), Dense(2)]
    network = Network({"X": ("N", "T", 4)}, {"Y": ("N", "T", 2)}, layers, "mse")
    program, prediction = network.stated()
    derived = derive(program, optimizer=lambda pairs: updates(optimizer, {}, pairs))
    source = backends()["numpy"].generate(derived, Meta("network", "a test", prediction=prediction))
    certificate, findings = checked((derived, prediction), source)
    assert certificate.passed, str(certificate)
    assert findings["parameter W3"].compared == 2 * 2 * 3 * 2


@pytest.mark.parametrize(
    ("right", "wrong", "refused"),
    [
        ("2 * X.T", "X.T", {"gradient W1", "parameter W1"}),
        ("return X @", "return 1.0000001 * X @", {"prediction", "loss", "gradient W1", "parameter W1"}),
        ("-= 0.01", "-= 0.02", {"parameter W1"}),
        ("** 2).sum()", "** 2).mean()", {"loss"}),
        ("dtype)}", "np.float32)}", {"prediction", "loss", "gradient W1", "parameter W1"}),
    ],
)
def test_a_wrong_module_is_refused(linear, right, wrong, refused):
    assert right in TRAINER
    certificate, findings = checked(linear, TRAINER.replace(right, wrong))
    assert not certificate.passed
    assert {name for name, finding in findings.items() if not finding.passed} == refused


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import nothing_of_this_name", "ModuleNotFoundError: No module named 'nothing_of_this_name'"),
        ("def Trainer(:", "SyntaxError: invalid syntax"),
        ("import os\nos._exit(3)", "it ended with code 3"),
        (TRAINER.replace("X.T @", "X @"), "ValueError: matmul"),
        (
            TRAINER.replace('{"W1": 2', '{"V": 2').replace('Y)["W1"]', 'Y)["V"]'),
            "the module gives no gradient W1",
        ),
    ],
)
def test_a_module_that_does_not_work_is_refused_with_the_reason(linear, source, reason):
    certificate, findings = checked(linear, source)
    assert not certificate.passed
    assert any(reason in finding.detail for finding in findings.values()), findings


def test_a_module_that_does_not_end_is_refused(linear, monkeypatch):
    monkeypatch.setattr(module, "TIMEOUT", 1.0)
    _, findings = checked(linear, "while True: pass")
    assert findings["module"].detail == "it did not end within 1 seconds"


def test_the_process_is_fresh_and_isolated(linear):
    source = "import sys\nassert 'symnet' not in sys.modules\nassert sys.flags.isolated\n"
    assert checked(linear, source + TRAINER)[0].passed


def test_a_network_without_gradients_is_checked_by_its_predictions():
    text = "X: input[N, D]\nW: parameter[D]\nZ[n] = sum(X[n,i]*W[i], i)\nA[n] = sign(Z[n])\nL = sum(A[n], n)"
    network = Network(equations=text)
    program, prediction = network.stated()
    derived = derive(program, wrt=[])
    source = backends()["numpy"].generate(derived, Meta("perceptron", "a test", prediction=prediction))
    certificate = verify(derived, module_source=source, prediction=prediction)
    assert certificate.passed, str(certificate)
    assert certificate.notes
    assert {finding.check for finding in certificate.findings} == {"module", "rewrites"}
    wrong = source.replace("np.greater_equal", "np.less")
    assert wrong != source
    assert not verify(derived, module_source=wrong, prediction=prediction).passed
