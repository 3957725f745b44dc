"""Every loss has the value of its textbook formula, written here once more and independently, with plain loops."""

from __future__ import annotations

import math

import numpy as np
import pytest

from symnet.equations.interpret import evaluate
from symnet.errors import SpecError
from symnet.layers.dense import Dense
from symnet.network import Network
from symnet.registry import members

RNG = np.random.default_rng(7)
N, K = 5, 3
A = RNG.normal(size=(N, K))
ONE_HOT = np.eye(K)[RNG.integers(0, K, N)]
ZERO_ONE = RNG.integers(0, 2, (N, K)).astype(float)
SIGNS = 2 * ZERO_ONE - 1
SHARES = 1 / (1 + np.exp(-A))
REAL = RNG.normal(size=(N, K))


def total(term, a, y):
    return math.fsum(term(float(p), float(q)) for p, q in zip(a.reshape(-1), y.reshape(-1), strict=True))


def mean(term):
    return lambda a, y: total(term, a, y) / a.size


def huber(e):
    return e * e / 2 if abs(e) <= 1 else abs(e) - 0.5


def cross_entropy(a, y):
    rows = (
        -math.log(math.exp(row[label]) / sum(map(math.exp, row)))
        for row, label in zip(a, y.argmax(1), strict=True)
    )
    return math.fsum(rows) / len(a)


def bce(p, y):
    return -math.log(p) if y else -math.log(1 - p)


EXPECTED = {
    "sse": (lambda a, y: total(lambda p, q: (p - q) ** 2, a, y), A, REAL),
    "mse": (mean(lambda p, q: (p - q) ** 2), A, REAL),
    "mae": (mean(lambda p, q: abs(p - q)), A, REAL),
    "huber": (mean(lambda p, q: huber(p - q)), 3 * A, REAL),
    "bce": (mean(bce), SHARES, ZERO_ONE),
    "bce_with_logits": (mean(lambda z, y: bce(1 / (1 + math.exp(-z)), y)), A, ZERO_ONE),
    "cross_entropy": (cross_entropy, A, ONE_HOT),
    "hinge": (mean(lambda p, y: max(0.0, 1 - y * p)), A, SIGNS),
    "perceptron": (lambda a, y: total(lambda p, q: abs(p) if p * q < 0 else 0.0, a, y), A, SIGNS),
}


def stated(loss, activation="linear", **settings):
    return Network(
        inputs={"X": ("N", K)},
        targets={"Y": ("N", K)},
        layers=[Dense(K, activation, bias=False)],
        loss=loss,
        loss_settings=settings,
    ).stated()


def values(program, a, y):
    return evaluate(program, {"X": a, "W1": np.eye(K), "Y": y})


@pytest.mark.parametrize("name", members("losses"))
def test_its_value_is_that_of_the_textbook(name):
    assert name in EXPECTED, f"write the formula of {name} into this test once more, independently"
    formula, a, y = EXPECTED[name]
    assert formula(a, y) > 0
    assert float(values(stated(name)[0], a, y)["L"]) == pytest.approx(formula(a, y), rel=1e-13)


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        ("cross_entropy", np.exp(A) / np.exp(A).sum(axis=1, keepdims=True)),
        ("bce_with_logits", SHARES),
        ("perceptron", np.sign(A)),
        ("hinge", A),
        ("sse", A),
    ],
)
def test_what_is_predicted_is_what_the_loss_takes_the_output_for(loss, expected):
    program, prediction = stated(loss)
    np.testing.assert_allclose(values(program, A, ZERO_ONE)[prediction], expected, rtol=1e-13)


@pytest.mark.parametrize(
    ("loss", "activation"), [("cross_entropy", "softmax"), ("bce_with_logits", "sigmoid")]
)
def test_what_the_loss_does_itself_is_not_done_before_it(loss, activation):
    with pytest.raises(SpecError, match=f"applies the {activation} itself"):
        stated(loss, activation)


def test_the_width_of_huber():
    program, _ = stated("huber", delta=0.5)
    e = A - REAL
    rows = np.where(abs(e) <= 0.5, e**2 / 2, 0.5 * (abs(e) - 0.25))
    assert float(values(program, A, REAL)["L"]) == pytest.approx(rows.mean(), rel=1e-13)
