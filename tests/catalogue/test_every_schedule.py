"""Every schedule gives the learning rates of its formula, written here once more; and gradients are clipped."""

from __future__ import annotations

import math

import numpy as np
import pytest

from symnet.backends.numpy.load import load
from symnet.equations.check import check
from symnet.equations.interpret import evaluate
from symnet.equations.program import Program
from symnet.errors import SpecError
from symnet.index.symbols import Role, Size, Tensor
from symnet.layers.dense import Dense
from symnet.network import Training
from symnet.pipeline import Network
from symnet.registry import members
from symnet.updates import trained_by

RATE = 0.5
STEPS = 12
EXPECTED = {
    "constant": ({}, lambda t: RATE),
    "step": ({"every": 4, "factor": 0.5}, lambda t: RATE * 0.5 ** (t // 4)),
    "exponential": ({"factor": 0.9}, lambda t: RATE * 0.9**t),
    "cosine": (
        {"steps": 8, "last": 0.1},
        lambda t: 0.1 + (RATE - 0.1) * (1 + math.cos(math.pi * min(t / 8, 1))) / 2,
    ),
    "linear": ({"steps": 8, "last": 0.1}, lambda t: 0.1 + (RATE - 0.1) * (1 - min(t / 8, 1))),
}
SHAPES = {"W": ("I", "J"), "b": ("J",)}
SIZES = {"I": 2, "J": 3}


def program_of(training):
    pairs = []
    for name, shape in SHAPES.items():
        sizes = tuple(map(Size, shape))
        pairs.append((Tensor(name, sizes, Role.PARAMETER), Tensor(f"d{name}", sizes, Role.INPUT)))
    given, values, equations = trained_by(training, pairs)
    tensors = {t.name: t for t in (*(t for pair in pairs for t in pair), *given)}
    tensors |= {equation.tensor.name: equation.tensor for equation in equations}
    program = Program(tensors, tuple(equations), values)
    check(program)
    return program


def moves(training, gradients):
    """By how much the parameters move in each step."""
    program = program_of(training)
    known = {name: np.zeros([SIZES[s] for s in shape]) for name, shape in SHAPES.items()}
    known |= {
        t.name: np.full([SIZES[str(s)] for s in t.shape], t.initial) for t in program.of_role(Role.STATE)
    }
    for gradient in gradients:
        found = evaluate(program, known | gradient, SIZES)
        after = {t.next_of: found[t.name] for t in program.tensors.values() if t.next_of}
        yield {name: after[name] - known[name] for name in SHAPES}
        known |= after


def slopes(scale=1.0, seed=0):
    rng = np.random.default_rng(seed)
    return {f"d{name}": scale * rng.normal(size=[SIZES[s] for s in shape]) for name, shape in SHAPES.items()}


@pytest.mark.parametrize("warmup", [0, 5])
@pytest.mark.parametrize("name", members("schedules"))
def test_its_rates_are_those_of_its_formula(name, warmup):
    assert name in EXPECTED, f"write the formula of {name} into this test once more, independently"
    settings, rate = EXPECTED[name]
    training = Training("sgd", {"learning_rate": RATE}, name, settings, warmup)
    gradients = [slopes(seed=t) for t in range(STEPS)]
    for t, move in enumerate(moves(training, gradients)):
        now = rate(t) * (min((t + 1) / warmup, 1) if warmup else 1)
        np.testing.assert_allclose(move["W"], -now * gradients[t]["dW"], rtol=1e-12)
        np.testing.assert_allclose(move["b"], -now * gradients[t]["db"], rtol=1e-12)


def test_a_schedule_beside_an_optimizer_that_counts_too():
    program = program_of(Training("adam", schedule="cosine", schedule_settings={"steps": 10}))
    assert [t.name for t in program.of_role(Role.STATE) if not t.rank] == ["step"]
    assert sum(t.next_of == "step" for t in program.tensors.values()) == 1


@pytest.mark.parametrize("scale", [0.0, 1e-3, 1.0, 1e3])
def test_gradients_are_shortened_together(scale):
    gradient = slopes(scale)
    length = math.sqrt(sum((g**2).sum() for g in gradient.values()))
    (move,) = moves(Training("sgd", {"learning_rate": 1.0}, clip_norm=0.7), [gradient])
    factor = min(1.0, 0.7 / length) if length else 1.0
    for name in SHAPES:
        np.testing.assert_allclose(move[name], -factor * gradient[f"d{name}"], rtol=1e-12)


def test_numbers_of_a_gradient_are_cut_off():
    gradient = slopes(3.0)
    (move,) = moves(Training("sgd", {"learning_rate": 1.0}, clip_value=0.5), [gradient])
    np.testing.assert_allclose(move["W"], -np.clip(gradient["dW"], -0.5, 0.5), rtol=1e-15)


TRAININGS = [
    Training("adam", {}, "cosine", {"steps": 5}, 3, clip_norm=0.1),
    Training("sgd", {}, "step", {"every": 2}, clip_value=0.01),
    Training("momentum", {}, "linear", {"steps": 4}, clip_norm=0.1, clip_value=0.05),
    Training("rprop", {}, "exponential"),
]


@pytest.mark.parametrize("training", TRAININGS, ids=lambda training: training.schedule)
def test_the_generated_module_does_the_same(training):
    network = Network(
        inputs={"X": ("N", 3)},
        targets={"Y": ("N", 2)},
        layers=[Dense(4, "tanh"), Dense(2)],
        loss="mse",
        training=training,
    )
    derivation = network.derive()
    certificate = derivation.verify()
    assert certificate.passed, str(certificate)
    trainer = load(derivation.generate()).Trainer(np.float64)
    rng = np.random.default_rng(1)
    losses = trainer.fit(rng.normal(size=(8, 3)), rng.normal(size=(8, 2)), epochs=40)
    assert losses[-1] < losses[0]


@pytest.mark.parametrize(
    ("training", "words"),
    [
        (Training(schedule="cosin"), "no schedule 'cosin'"),
        (Training(schedule="cosine", schedule_settings={"stepps": 3}), "no setting 'stepps'"),
    ],
)
def test_what_is_no_schedule(training, words):
    with pytest.raises(SpecError, match=words):
        Network({"X": ("N", 1)}, {"Y": ("N", 1)}, [Dense(1)], "sse", training=training).stated()
