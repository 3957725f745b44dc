"""What the generated module computes is what the equations say: for every kind of network, function and
size.
"""

from __future__ import annotations

import warnings

import mpmath
import numpy as np
import pytest
from backends.modules import agree, derived_from, load, source_of, trainer_of
from derivation.programs import CASES
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from lowering.test_lower import GIVEN, SIZES, expressions
from oracle import random_arrays

from symnet.derivation.derive import derive
from symnet.equations.parse import parse_program
from symnet.errors import DerivationError, ShapeError

pytestmark = pytest.mark.filterwarnings("error")


@pytest.mark.parametrize("name", CASES)
def test_networks_of_every_kind(name):
    case = CASES[name]
    derived = derived_from(case.text, case.wrt)
    agree(derived, case.sizes, random_arrays(derived.stated, case.sizes))


@given(st.data())
@settings(max_examples=40)
def test_random_equations_and_their_gradients(data):
    text = data.draw(expressions(depth=2))
    program = parse_program(
        f"{GIVEN}T: tensor[N, D, H]\nT[n,i,j] = {text}\nL = sum(tanh(T[n,i,j]), n, i, j)/10"
    )
    arrays = random_arrays(program, SIZES, seed=data.draw(st.integers(0, 3)))
    wrt = [name for name in ("X", "V", "U", "c", "W") if f"{name}[" in text]
    try:
        derived = derive(program, wrt=wrt or None)
    except (DerivationError, ShapeError):
        assume(False)  # flat in what it reads, or an adjoint that reads along an axis of another size
    agree(derived, SIZES, arrays, prediction="T")


OPTIMIZERS = {
    "sgd": {},
    "momentum": {"momentum": 0.8},
    "nesterov": {},
    "rmsprop": {},
    "adam": {},
    "adamw": {"weight_decay": 0.1},
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_three_steps_of_every_optimizer(name):
    """Against NumPy written down for the test, from the gradients that the module itself gives."""
    case = CASES["dense"]
    derived = derived_from(case.text, ("W1", "b1", "W2", "b2"), name, OPTIMIZERS[name])
    arrays = random_arrays(derived.stated, case.sizes)
    trainer = agree(derived, case.sizes, arrays)
    expected = {name: arrays[name].copy() for name in trainer.parameters}
    for parameter, array in trainer.parameters.items():
        array[...] = arrays[parameter]
    trainer.initialize(0)  # forgets what the optimizer remembers
    for parameter, array in trainer.parameters.items():
        array[...] = arrays[parameter]
    values = derived.computed.values
    states: dict[str, dict[str, np.ndarray]] = {parameter: {} for parameter in expected}
    for step in range(1, 4):
        gradients = trainer.gradients(arrays["X"], arrays["Y"])
        trainer.step(arrays["X"], arrays["Y"])
        for parameter, gradient in gradients.items():
            expected[parameter] = by_hand(
                name, values, expected[parameter], gradient, states[parameter], step
            )
            np.testing.assert_allclose(
                trainer.parameters[parameter], expected[parameter], rtol=1e-12, atol=1e-14
            )


def by_hand(name, values, w, g, state, t):
    rate = values["learning_rate"]
    zero = np.zeros_like(w)
    if name == "sgd":
        return w - rate * g
    if name in ("momentum", "nesterov"):
        mu = values["momentum"]
        state["v"] = mu * state.get("v", zero) + g
        return w - rate * (g + mu * state["v"] if name == "nesterov" else state["v"])
    if name == "rmsprop":
        keys = {key: value for key, value in values.items() if key not in ("learning_rate", "epsilon")}
        ((_, rho),) = [(k, v) for k, v in keys.items() if 0.5 < v < 1]
        state["s"] = rho * state.get("s", zero) + (1 - rho) * g**2
        return w - rate * g / (np.sqrt(state["s"]) + values["epsilon"])
    b1, b2 = values["beta1"], values["beta2"]
    state["m"] = b1 * state.get("m", zero) + (1 - b1) * g
    state["s"] = b2 * state.get("s", zero) + (1 - b2) * g**2
    step = state["m"] / (1 - b1**t) / (np.sqrt(state["s"] / (1 - b2**t)) + values["epsilon"])
    return w - rate * (step + (values["weight_decay"] * w if name == "adamw" else 0))


ORDINARY = np.array([-3.0, -1.0, -0.25, 0.0, 0.5, 1.0, 2.5, 4.0])
EXTREME = np.array([-1e3, -750.0, -100.0, -30.0, -1e-9, 0.0, 1e-9, 30.0, 100.0, 750.0, 1e3])
MP = {
    "sigmoid(x)": lambda x: 1 / (1 + mpmath.exp(-x)),
    "softplus(x)": lambda x: mpmath.log(1 + mpmath.exp(x)),
    "tanh(x)": mpmath.tanh,
    "erf(x)": mpmath.erf,
    "abs(x)": abs,
    "signum(x)": mpmath.sign,
    "sign(x)": lambda x: 1 if x >= 0 else -1,
    "maximum(x, 0)": lambda x: max(x, 0),
    "minimum(x, 1)": lambda x: min(x, 1),
    "sin(x)": mpmath.sin,
    "cos(x)": mpmath.cos,
    "x**2": lambda x: x**2,
    "x**3": lambda x: x**3,
    "x**4": lambda x: x**4,
    "where(x > 0, x, expm1(x))": lambda x: x if x > 0 else mpmath.expm1(x),
    "where(x > 0, log(x), 0)": lambda x: mpmath.log(x) if x > 0 else 0,
    "where(x < 1, 2, 1/x)": lambda x: 2 if x < 1 else 1 / x,
    "where(x <= 0.5, 3, 4)": lambda x: 3 if x <= 0.5 else 4,
    "where(x == 1, sqrt(x), -x)": lambda x: mpmath.sqrt(x) if x == 1 else -x,
    "exp(-x**2)": lambda x: mpmath.exp(-(x**2)),
    "log(1 + x**2)": lambda x: mpmath.log(1 + x**2),
    "sqrt(2 + x**2)": lambda x: mpmath.sqrt(2 + x**2),
    "1/(1 + x**2)": lambda x: 1 / (1 + x**2),
    "(1 + x**2)**(-3/2)": lambda x: (1 + x**2) ** mpmath.mpf(-1.5),
    "x*(1 + erf(x/sqrt(2)))/2": lambda x: x * (1 + mpmath.erf(x / mpmath.sqrt(2))) / 2,
}
"""Every function of the language, and some of them together."""


@pytest.mark.parametrize("points", [ORDINARY, EXTREME], ids=["ordinary", "extreme"])
@pytest.mark.parametrize("formula", MP)
def test_every_function(formula, points):
    """One formula for the array and, summed, for the number; no warning, no infinity, ten digits or more."""
    text = f"X: input[N]\nA[n] = {formula.replace('x', 'X[n]').replace('eX[n]p', 'exp').replace('maX[n]imum', 'maximum')}\n"
    module = load(source_of(derived_from(f"{text}p: parameter\nL = p*sum(A[n], n)"), "A"))
    found = trainer_of(module).predict(points)
    with mpmath.workdps(40):
        expected = np.array([float(MP[formula](mpmath.mpf(float(x)))) for x in points])
    np.testing.assert_allclose(found, expected, rtol=2e-14, atol=5e-16 * max(1.0, np.abs(points).max()))


@pytest.mark.parametrize("formula", [formula for formula in MP if not formula.startswith("sign(")])
def test_every_function_of_a_number(formula):
    """The same functions where there is no array, only a number."""
    text = f"p: parameter\nq: input\nL = p + {formula.replace('x', 'q').replace('eqp', 'exp').replace('maqimum', 'maximum')}"
    trainer = trainer_of(load(source_of(derived_from(text))))
    for x in ORDINARY:
        assert trainer.loss(x) == pytest.approx(
            float(MP[formula](mpmath.mpf(float(x)))), rel=1e-13, abs=1e-15
        )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scale", [1.0, 1e3])
@pytest.mark.parametrize("name", ["cross-entropy", "binary cross-entropy", "softmax"])
def test_stable_far_from_zero(name, scale, dtype):
    """Logits around a thousand: finite losses and gradients, and no warning on the way."""
    case = CASES[name]
    trainer = trainer_of(load(source_of(derived_from(case.text))), case.sizes, dtype)
    arrays = random_arrays(parse_program(case.text), case.sizes)
    for parameter, array in trainer.parameters.items():
        array[...] = arrays[parameter]
    trainer.parameters["W2"][...] *= scale
    loss, gradients = trainer.loss(arrays["X"], arrays["Y"]), trainer.gradients(arrays["X"], arrays["Y"])
    assert np.isfinite(loss)
    assert all(np.isfinite(gradient).all() for gradient in gradients.values())


def test_a_share_far_from_zero_is_right():
    """softmax of (1000, 0) is (1, 0): and its cross-entropy with the second class is 1000."""
    text = "Z: parameter[N, K]\nY: target[N, K]\nL = sum(log(sum(exp(Z[n,k]), k)) - sum(Y[n,k]*Z[n,k], k), n)"
    trainer = trainer_of(load(source_of(derived_from(text))), {"N": 1, "K": 2})
    trainer.parameters["Z"][...] = [[1000.0, 0.0]]
    assert trainer.loss([[0.0, 1.0]]) == 1000.0
    np.testing.assert_array_equal(trainer.gradients([[0.0, 1.0]])["Z"], [[1.0, -1.0]])


@pytest.mark.parametrize("name", CASES)
def test_float32_stays_float32(name):
    """Every array that the module holds or returns; a stray float64 would halve the speed without a word."""
    case = CASES[name]
    derived = derived_from(case.text, case.wrt)
    trainer = trainer_of(load(source_of(derived)), case.sizes, np.float32)
    arrays = random_arrays(derived.stated, case.sizes)
    for parameter, array in trainer.parameters.items():
        array[...] = arrays[parameter]
    data = [arrays[t.name] for t in derived.stated.of_role("input", "target")]
    gradients = trainer.gradients(*data)
    assert {gradient.dtype for gradient in gradients.values()} == {np.dtype(np.float32)}
    (workspace,) = trainer._workspaces.values()
    held = [a for owner in (workspace, trainer) for a in vars(owner).values() if isinstance(a, np.ndarray)]
    assert held
    assert not [a for a in held if a.dtype == np.float64]
    assert not [v for v in vars(workspace).values() if isinstance(v, np.float64)]


def test_the_warnings_that_the_tests_forbid_are_real():
    """exp(1000) itself does warn: the filter of this file sees it."""
    with pytest.raises(RuntimeWarning), warnings.catch_warnings():
        np.exp(np.array([1000.0]))
