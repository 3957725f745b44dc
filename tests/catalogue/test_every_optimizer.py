"""Every optimizer takes the steps of its paper, written here once more as a plain loop over arrays."""

from __future__ import annotations

import numpy as np
import pytest

from symnet.equations.check import check
from symnet.equations.interpret import evaluate
from symnet.equations.program import Program
from symnet.errors import DerivationError
from symnet.index.symbols import Role, Size, Tensor
from symnet.layers.dense import Dense
from symnet.layers.equations import Equations
from symnet.network import Training
from symnet.pipeline import Network
from symnet.registry import member, members, template
from symnet.updates import updates

STEPS = 6
RNG = np.random.default_rng(11)
START = {"W1": RNG.normal(size=(2, 3)), "b1": RNG.normal(size=3), "scale": np.array(0.7)}
GRADIENTS = [{name: RNG.normal(size=w.shape) for name, w in START.items()} for _ in range(STEPS)]


def sgd(w, gradients, learning_rate=0.01):
    for g in gradients:
        w = w - learning_rate * g
    return w


def momentum(w, gradients, learning_rate=0.01, momentum=0.9):
    velocity = 0.0
    for g in gradients:
        velocity = momentum * velocity + g
        w = w - learning_rate * velocity
    return w


def nesterov(w, gradients, learning_rate=0.01, momentum=0.9):
    velocity = 0.0
    for g in gradients:
        velocity = momentum * velocity + g
        w = w - learning_rate * (g + momentum * velocity)
    return w


def rmsprop(w, gradients, learning_rate=0.001, decay=0.9, epsilon=1e-8):
    mean_square = 0.0
    for g in gradients:
        mean_square = decay * mean_square + (1 - decay) * g * g
        w = w - learning_rate * g / (np.sqrt(mean_square) + epsilon)
    return w


def adam(w, gradients, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.0):
    first = second = 0.0
    for t, g in enumerate(gradients, start=1):
        first = beta1 * first + (1 - beta1) * g
        second = beta2 * second + (1 - beta2) * g * g
        step = (first / (1 - beta1**t)) / (np.sqrt(second / (1 - beta2**t)) + epsilon)
        w = w - learning_rate * (step + weight_decay * w)
    return w


def adamw(w, gradients, **settings):
    return adam(w, gradients, **{"weight_decay": 0.01, **settings})


def nadam(w, gradients, learning_rate=0.002, beta1=0.9, beta2=0.999, epsilon=1e-8, momentum_decay=0.004):
    first = second = 0.0
    product = 1.0
    for t, g in enumerate(gradients, start=1):
        now = beta1 * (1 - 0.5 * 0.96 ** (t * momentum_decay))
        ahead = beta1 * (1 - 0.5 * 0.96 ** ((t + 1) * momentum_decay))
        product *= now
        first = beta1 * first + (1 - beta1) * g
        second = beta2 * second + (1 - beta2) * g * g
        root = np.sqrt(second / (1 - beta2**t)) + epsilon
        w = w - learning_rate * (1 - now) / (1 - product) * g / root
        w = w - learning_rate * ahead / (1 - product * ahead) * first / root
    return w


def adagrad(w, gradients, learning_rate=0.01, epsilon=1e-10):
    total = 0.0
    for g in gradients:
        total = total + g * g
        w = w - learning_rate * g / (np.sqrt(total) + epsilon)
    return w


def adadelta(w, gradients, learning_rate=1.0, decay=0.9, epsilon=1e-6):
    square = moved = 0.0
    for g in gradients:
        square = decay * square + (1 - decay) * g * g
        step = np.sqrt(moved + epsilon) / np.sqrt(square + epsilon) * g
        moved = decay * moved + (1 - decay) * step * step
        w = w - learning_rate * step
    return w


def lion(w, gradients, learning_rate=1e-4, beta1=0.9, beta2=0.99, weight_decay=0.0):
    mean = 0.0
    for g in gradients:
        w = w * (1 - learning_rate * weight_decay)
        w = w - learning_rate * np.sign(beta1 * mean + (1 - beta1) * g)
        mean = beta2 * mean + (1 - beta2) * g
    return w


def rprop(w, gradients, learning_rate=0.01, grow=1.2, shrink=0.5, smallest=1e-6, largest=50.0):
    before, step = np.zeros_like(w), np.full_like(w, learning_rate)
    for g in gradients:
        same = np.sign(g * before)
        step = np.where(same > 0, step * grow, np.where(same < 0, step * shrink, step))
        step = np.clip(step, smallest, largest)
        before = np.where(same < 0, 0.0, g)
        w = w - np.sign(before) * step
    return w


EXPECTED = {
    "nadam": nadam,
    "adagrad": adagrad,
    "adadelta": adadelta,
    "lion": lion,
    "rprop": rprop,
    "sgd": sgd,
    "momentum": momentum,
    "nesterov": nesterov,
    "rmsprop": rmsprop,
    "adam": adam,
    "adamw": adamw,
}
SIZES = {2: Size("D"), 3: Size("H1")}


def steps(kind, settings, start=START, gradients=GRADIENTS):
    """What is known after the steps, by the equations and the plain-loop interpreter; `gradients` are arrays
    for each step, or functions of the parameters.
    """
    pairs = []
    for name, array in start.items():
        shape = tuple(SIZES[extent] for extent in array.shape)
        pairs.append((Tensor(name, shape, Role.PARAMETER), Tensor(f"d{name}", shape, Role.INPUT)))
    given, values, equations = updates(kind, settings, pairs)
    tensors = {t.name: t for t in (*(t for pair in pairs for t in pair), *given)}
    tensors |= {equation.tensor.name: equation.tensor for equation in equations}
    program = Program(tensors, tuple(equations), values)
    check(program)
    known = {**start}
    for state in program.of_role(Role.STATE):
        shape = [next(k for k, s in SIZES.items() if s == e) for e in state.shape]
        known[state.name] = np.full(shape, state.initial)
    for gradient in gradients:
        slopes = gradient(known) if callable(gradient) else gradient
        found = evaluate(program, known | {f"d{name}": g for name, g in slopes.items()}, {"D": 2, "H1": 3})
        for tensor in program.tensors.values():
            if tensor.next_of:
                known[tensor.next_of] = found[tensor.name]
    return known, program


@pytest.mark.parametrize("name", members("optimizers"))
@pytest.mark.parametrize("other", [False, True], ids=["its settings", "other settings"])
def test_its_steps_are_those_of_the_paper(name, other):
    assert name in EXPECTED, f"write the steps of {name} into this test once more, independently"
    settings = (
        {key: 0.6 * value for key, value in members("optimizers")[name].settings.items()} if other else {}
    )
    found, _ = steps(name, settings)
    for parameter, start in START.items():
        expected = EXPECTED[name](start, [g[parameter] for g in GRADIENTS], **settings)
        assert np.abs(expected - start).max() > 1e-4
        np.testing.assert_allclose(found[parameter], expected, rtol=1e-12)


def test_what_is_remembered_is_named_after_what_it_is_for():
    found, program = steps("adam", {})
    states = [tensor.name for tensor in program.of_role(Role.STATE)]
    assert states == ["step", "W1_m", "W1_s", "b1_m", "b1_s", "scale_m", "scale_s"]
    assert program.tensors["W1_m_next"].next_of == "W1_m"
    assert program.tensors["W1_next"].next_of == "W1"
    assert float(found["step"]) == STEPS  # one count for all parameters


def test_nesterov_takes_the_gradient_at_the_point_ahead():
    """Nesterov's own form moves a point and takes the gradient where the velocity leads from it. The form
    here moves the point ahead itself; on a parabola the two are to agree at every step.
    """
    rate, mu, curvature = 0.05, 0.8, 3.0
    point, velocity = 1.0, 0.0
    settings = {"learning_rate": rate, "momentum": mu}
    for count in range(1, 8):
        velocity = mu * velocity + curvature * (point - rate * mu * velocity)
        point -= rate * velocity
        parabola = [lambda known: {"w": curvature * known["w"]}] * count
        found, _ = steps("nesterov", settings, {"w": np.array(1.0)}, parabola)
        assert float(found["w"]) == pytest.approx(point - rate * mu * velocity, rel=1e-12)


@pytest.mark.parametrize("name", members("optimizers"))
def test_its_numbers_may_be_called_like_tensors_of_the_network(name):
    """Every name that the optimizer's formula has, given to a tensor of the network; all the same it trains."""
    formula = member("optimizers", name)
    taken = [t.name for t in template("optimizers", formula).tensors.values() if len(t.name) > 1]
    layers = [
        Equations(f"X: input[N, D]\n{each}: parameter[D]\nQ{k}[n,i] = X[n,i] + {each}[i]")
        for k, each in enumerate(taken)
    ]
    network = Network({"X": ("N", 2)}, {"Y": ("N", 2)}, [*layers, Dense(2)], "mse", training=Training(name))
    certificate = network.derive().verify()
    assert certificate.passed, str(certificate)


def test_a_number_that_is_learned_is_not_called_like_one_that_is_set():
    text = "X: input[N, D]\nbeta1: parameter\nQ[n,i] = X[n,i] + beta1"
    network = Network({"X": ("N", 2)}, {"Y": ("N", 2)}, [Equations(text)], "mse", training=Training("adam"))
    with pytest.raises(DerivationError, match="beta1 is a parameter, and a number of the optimizer"):
        network.derive()
