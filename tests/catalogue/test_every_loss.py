"""Every loss has the value of its textbook formula, written here once more and independently, with plain loops."""

from __future__ import annotations

import math

import numpy as np
import pytest

from symnet.equations.interpret import evaluate
from symnet.errors import SpecError
from symnet.graph import Loss
from symnet.index.symbols import Role
from symnet.layers.activation import Activation
from symnet.layers.dense import Dense
from symnet.network import Network
from symnet.registry import member, members, slots

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


def rowwise(term):
    """The mean over samples of a function of the rows of whatever the loss reads."""
    return lambda *read: math.fsum(term(*row) for row in zip(*read, strict=True)) / len(read[0])


def dot(a, b):
    return math.fsum(float(p) * float(q) for p, q in zip(a, b, strict=True))


def surprise(row):
    """The negative logarithms of the softmax of a row."""
    total = math.fsum(map(math.exp, row))
    return np.array([-math.log(math.exp(z) / total) for z in row])


def labelled(a, y):
    counted = [surprise(row)[label] for row, label in zip(a, y, strict=True) if label >= 0]
    return math.fsum(counted) / len(counted)


def weighted(a, y, w):
    counted = [(w[row.argmax()], surprise(z)[row.argmax()]) for z, row in zip(a, y, strict=True)]
    return math.fsum(weight * s for weight, s in counted) / math.fsum(weight for weight, _ in counted)


def focal(z, y):
    p = 1 / (1 + math.exp(-z))
    return -0.25 * (1 - p) ** 2 * math.log(p) if y else -0.75 * p**2 * math.log(1 - p)


def gaussian_nll(a, v, y):
    terms = [math.log(s) + (p - q) ** 2 / s for p, s, q in zip(a.flat, v.flat, y.flat, strict=True)]
    return math.fsum(terms) / 2 / a.size


LOGS = np.log(np.exp(A) / np.exp(A).sum(axis=1, keepdims=True))
LABELS = np.array([0, 2, -1, 1, 2])
WEIGHTS = np.array([0.5, 1.0, 2.0])
ALIKE = np.array([1.0, 0.0, 0.0, 1.0, 0.0])
OTHER = RNG.normal(size=(N, K))
ROW_SHARES = SHARES / SHARES.sum(axis=1, keepdims=True)

EXPECTED = {
    "cross_entropy_labels": (labelled, A, LABELS),
    "cross_entropy_smoothed": (
        rowwise(lambda z, y: dot(surprise(z), 0.9 * y + 0.1 / K)),
        A,
        ONE_HOT,
    ),
    "cross_entropy_weighted": (weighted, A, ONE_HOT, WEIGHTS),
    "nll": (rowwise(lambda a, y: -dot(a, y)), LOGS, ONE_HOT),
    "kl_div": (
        rowwise(lambda a, y: math.fsum(q * (math.log(q) - p) for p, q in zip(a, y, strict=True) if q)),
        LOGS,
        ROW_SHARES,
    ),
    "smooth_l1": (mean(lambda p, q: huber(p - q)), 3 * A, REAL),
    "log_cosh": (mean(lambda p, q: math.log(math.cosh(p - q))), A, REAL),
    "poisson_nll": (mean(lambda p, q: math.exp(p) - q * p), -A, np.zeros((N, K))),
    "gaussian_nll": (gaussian_nll, A, 1 + SHARES, REAL),
    "cosine": (
        rowwise(lambda a, y: 1 - dot(a, y) / math.sqrt((dot(a, a) + 1e-8) * (dot(y, y) + 1e-8))),
        A,
        REAL,
    ),
    "triplet": (rowwise(lambda a, p, q: max(math.dist(a, p) - math.dist(a, q) + 1, 0.0)), A, REAL, OTHER),
    "contrastive": (
        rowwise(lambda a, b, y: (math.dist(a, b) ** 2 if y else max(1 - math.dist(a, b), 0.0) ** 2) / 2),
        A / 3,
        REAL / 3,
        ALIKE,
    ),
    "focal": (mean(focal), A, ZERO_ONE),
    "dice": (
        rowwise(lambda p, y: 1 - (2 * dot(p, y) + 1) / (p.sum() + y.sum() + 1)),
        SHARES,
        ZERO_ONE,
    ),
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


def read_by(loss, read):
    """The program of a loss over outputs that are its inputs, and the arrays for what it reads."""
    wanted = slots("losses", member("losses", loss))
    shapes = {t.name: ["N" if str(s) == "N" else K for s in t.shape] for t in wanted}
    inputs = [t.name for t in wanted if t.role == Role.INPUT]
    network = Network(
        inputs={f"X{name}": shapes[name] for name in inputs},
        targets={t.name: {"shape": shapes[t.name], "integer": t.integer} for t in wanted[len(inputs) :]},
        layers=[Activation("linear", name=f"of{name}", inputs=(f"X{name}",)) for name in inputs],
        losses=[Loss(loss, {name: f"of{name}" for name in inputs})],
    )
    arrays = {t.name: array for t, array in zip(wanted, read, strict=True)}
    return network.stated()[0], {f"X{n}" if n in inputs else n: a for n, a in arrays.items()}


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
    formula, *read = EXPECTED[name]
    assert formula(*read) > 0
    program, arrays = read_by(name, read)
    assert float(evaluate(program, arrays)["L"]) == pytest.approx(formula(*read), rel=1e-12)


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
