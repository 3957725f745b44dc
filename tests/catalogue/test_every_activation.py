"""Every activation has the value of its textbook formula, written here once more and independently: by mpmath,
with fifty digits.
"""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from symnet.derivation.derive import derive
from symnet.equations.interpret import evaluate
from symnet.errors import DerivationError
from symnet.layers.dense import Dense
from symnet.network import Network
from symnet.registry import members

mpmath.mp.dps = 50
Z = np.array([[-3.0, -0.7, 0.0, 0.4], [2.5, -30.0, 1e-9, 30.0]])


def elementwise(function):
    return lambda z: np.array([[float(function(mpmath.mpf(float(x)))) for x in row] for row in z])


def softmax(z):
    rows = [[mpmath.exp(mpmath.mpf(float(x))) for x in row] for row in z]
    return np.array([[float(x / mpmath.fsum(row)) for x in row] for row in rows])


EXPECTED = {
    "linear": lambda z: z,
    "sigmoid": elementwise(lambda z: 1 / (1 + mpmath.exp(-z))),
    "tanh": elementwise(mpmath.tanh),
    "relu": elementwise(lambda z: max(z, 0)),
    "leaky_relu": elementwise(lambda z: z if z > 0 else z / 100),
    "elu": elementwise(lambda z: z if z > 0 else mpmath.exp(z) - 1),
    "softplus": elementwise(lambda z: mpmath.log(1 + mpmath.exp(z))),
    "silu": elementwise(lambda z: z / (1 + mpmath.exp(-z))),
    "gelu": elementwise(lambda z: z * mpmath.ncdf(z)),
    "gelu_tanh": elementwise(
        lambda z: z / 2 * (1 + mpmath.tanh(mpmath.sqrt(2 / mpmath.pi) * (z + mpmath.mpf("0.044715") * z**3)))
    ),
    "softmax": softmax,
    "sign": elementwise(lambda z: 1 if z >= 0 else -1),
}


def layer(activation, **settings):
    """A network of one layer of four units, whose weighted sums are its inputs."""
    network = Network(
        inputs={"X": ("N", 4)},
        targets={"Y": ("N", 4)},
        layers=[Dense(4, activation, bias=False, settings=settings)],
        loss="sse",
    )
    return network.stated()[0]


def value(program, z):
    given = {"X": z, "W1": np.eye(4), "Y": np.zeros_like(z)}
    return evaluate(program, given)["A1"]


@pytest.mark.parametrize("name", members("activations"))
def test_its_value_is_that_of_the_textbook(name):
    assert name in EXPECTED, f"write the formula of {name} into this test once more, independently"
    np.testing.assert_allclose(value(layer(name), Z), EXPECTED[name](Z), rtol=1e-13, atol=1e-15)


def test_a_setting_takes_the_place_of_the_default():
    np.testing.assert_allclose(value(layer("leaky_relu", alpha=0.25), Z)[0], [-0.75, -0.175, 0.0, 0.4])
    np.testing.assert_allclose(value(layer("elu", alpha=2), Z)[0, 0], 2 * np.expm1(-3.0))


def test_shares_add_up_to_one():
    assert value(layer("softmax"), Z).sum(axis=1) == pytest.approx([1.0, 1.0])


@pytest.mark.parametrize("name", sorted(set(members("activations")) - {"sign"}))
def test_it_can_be_derived_through(name):
    assert set(derive(layer(name)).gradients) == {"W1"}


def test_deriving_through_a_sign_says_why_not_and_what_else():
    with pytest.raises(DerivationError, match="flat on both sides of its jump") as caught:
        derive(layer("sign"))
    assert "sigmoid" in caught.value.suggestion
    assert "tanh" in caught.value.suggestion
