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
from symnet.index.symbols import Role
from symnet.layers.dense import Dense
from symnet.network import Network
from symnet.registry import members, width

mpmath.mp.dps = 50
Z = np.array([[-3.0, -0.7, 0.0, 0.4], [2.5, -30.0, 1e-9, 30.0]])


def elementwise(function):
    return lambda z: np.array([[float(function(mpmath.mpf(float(x)))) for x in row] for row in z])


def softmax(z):
    rows = [[mpmath.exp(mpmath.mpf(float(x))) for x in row] for row in z]
    return np.array([[float(x / mpmath.fsum(row)) for x in row] for row in rows])


def gated(gate, gates_first):
    """One half of the numbers, through `gate`, times the other half."""

    def value(z):
        first, second = z[:, :2], z[:, 2:]
        gates, rest = (first, second) if gates_first else (second, first)
        return elementwise(gate)(gates) * rest

    return value


SLOPE = 0.3
ALPHA = mpmath.mpf("1.6732632423543772")
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
    "log_softmax": lambda z: np.log(softmax(z)),
    "prelu": lambda z: np.where(z > 0, z, SLOPE * z),
    "selu": elementwise(
        lambda z: mpmath.mpf("1.0507009873554805") * (z if z > 0 else ALPHA * (mpmath.exp(z) - 1))
    ),
    "celu": elementwise(lambda z: z if z > 0 else mpmath.exp(z) - 1),
    "mish": elementwise(lambda z: z * mpmath.tanh(mpmath.log(1 + mpmath.exp(z)))),
    "softsign": elementwise(lambda z: z / (1 + abs(z))),
    "hardsigmoid": elementwise(lambda z: min(max((z + 3) / 6, 0), 1)),
    "hardswish": elementwise(lambda z: z * min(max((z + 3) / 6, 0), 1)),
    "hardtanh": elementwise(lambda z: min(max(z, -1), 1)),
    "logsigmoid": elementwise(lambda z: mpmath.log(1 / (1 + mpmath.exp(-z)))),
    "gaussian": elementwise(lambda z: mpmath.exp(-z * z)),
    "sine": elementwise(mpmath.sin),
    "glu": gated(lambda z: 1 / (1 + mpmath.exp(-z)), gates_first=False),
    "swiglu": gated(lambda z: z / (1 + mpmath.exp(-z)), gates_first=True),
    "geglu": gated(lambda z: z * mpmath.ncdf(z), gates_first=True),
    "sign": elementwise(lambda z: 1 if z >= 0 else -1),
}


def layer(activation, **settings):
    """A network of one layer, whose weighted sums are its inputs."""
    units = 4 if width(activation) == "H" else 2
    network = Network(
        inputs={"X": ("N", 4)},
        targets={"Y": ("N", units)},
        layers=[Dense(units, activation, bias=False, settings=settings)],
        loss="sse",
    )
    return network.stated()[0]


def value(program, z):
    columns = program.values[str(program.tensors["Y"].shape[1])]
    given = {"X": z, "W1": np.eye(4), "Y": np.zeros((len(z), int(columns)))}
    given |= {t.name: np.full(4, SLOPE) for t in program.of_role(Role.PARAMETER) if t.name not in given}
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
    program = layer(name)
    assert set(derive(program).gradients) == {t.name for t in program.of_role(Role.PARAMETER)}


def test_deriving_through_a_sign_says_why_not_and_what_else():
    with pytest.raises(DerivationError, match="flat on both sides of its jump") as caught:
        derive(layer("sign"))
    assert "sigmoid" in caught.value.suggestion
    assert "tanh" in caught.value.suggestion
