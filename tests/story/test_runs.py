"""The numbers of the story, beside the network written out in NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from symnet.story.networks import GATES, POINTS, START, WANTED, XOR


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def loss(parameters):
    hidden = sigmoid(POINTS @ parameters["W1"] + parameters["b1"])
    return ((sigmoid(hidden @ parameters["W2"] + parameters["b2"]) - XOR) ** 2).sum()


def test_two_layers_of_gates_say_exclusive_or(runs):
    said = runs.gates.evaluate(X=POINTS, **GATES)
    assert tuple(said["A2"][:, 0]) == WANTED["XOR"]
    assert said["A1"].T.tolist() == [list(WANTED["AND"]), list(WANTED["OR"])]


@pytest.mark.parametrize("name", START)
def test_every_slope_is_that_of_a_complex_step(runs, name):
    """The derivative without the derivation: of a number's imaginary part, exact to its last digits."""
    for k in range(START[name].size):
        changed = {key: array.astype(complex) for key, array in START.items()}
        changed[name].flat[k] += 1e-30j
        assert runs.values[f"d{name}"].flat[k] == pytest.approx(loss(changed).imag / 1e-30, rel=1e-12)
        assert runs.nudged(name, k) == pytest.approx(runs.values[f"d{name}"].flat[k], rel=1e-4)


def test_one_coefficient_has_both_gradients(runs):
    both = np.vstack([runs.values["dW2"], runs.values["db2"][None, :]])
    np.testing.assert_allclose(runs.joined["dC"], both, rtol=1e-13)


def test_the_curve_is_that_of_the_loss(runs):
    for value, found in runs.along("W2", 1)[::16]:
        changed = {**START, "W2": np.array([START["W2"][0], [value]])}
        assert found == pytest.approx(loss(changed), rel=1e-12)


def test_it_learns_exclusive_or(runs):
    assert runs.losses[0] == pytest.approx(loss(START), rel=1e-12)
    assert runs.losses[-1] == pytest.approx(loss(runs.trained.parameters), rel=1e-12)
    assert (runs.trained.predict(POINTS).round() == XOR).all()
    assert runs.losses[-1] < 0.02 < 0.9 < runs.losses[0]


def test_no_blame_passes_through_a_sign(runs):
    assert "sign is flat" in runs.refusal


def test_every_derivation_is_certified(runs):
    assert all(certificate.passed for certificate in runs.certificates)
