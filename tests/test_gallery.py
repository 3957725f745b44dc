"""What the gallery's trained networks must be able to do, and how it is compared."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from symnet.gallery import beyond_bounds, differences
from symnet.spec import load

ROOT = Path(__file__).parent.parent
NAMES = sorted(path.stem for path in (ROOT / "examples").glob("*.toml"))


def trainer_of(name):
    path = ROOT / "generated" / name / "trainer.py"
    spec = importlib.util.spec_from_file_location(f"trainer_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Trainer()


def measured(name):
    return json.loads((ROOT / "generated" / name / "measured.json").read_text())


@pytest.mark.parametrize("name", NAMES)
def test_every_example_has_its_folder(name):
    files = {path.name for path in (ROOT / "generated" / name).iterdir()}
    assert files >= {
        "spec.toml",
        "trainer.py",
        "derivation.html",
        "derivation.tex",
        "derivation.md",
        "certificate.json",
        "measured.json",
    }
    assert (ROOT / "generated" / name / "spec.toml").read_text() == (
        ROOT / "examples" / f"{name}.toml"
    ).read_text()
    assert json.loads((ROOT / "generated" / name / "certificate.json").read_text())["claims"]["passed"]


@pytest.mark.parametrize("name", NAMES)
def test_no_page_needs_the_network(name):
    page = (ROOT / "generated" / name / "derivation.html").read_text()
    for needle in ("http://", "https://", "<script", "<link", "@import", "url("):
        assert needle not in page
    assert len(page) < 1_000_000


def test_xor_is_learned():
    data = load(ROOT / "examples/xor.toml").data.arrays
    trainer = trainer_of("xor")
    trainer.initialize(1)
    trainer.fit(np.array(data["X"]), np.array(data["Y"]), epochs=4000)
    assert (trainer.predict(data["X"]).round() == data["Y"]).all()


def test_loy_is_the_network_that_people_type_in():
    """Its gradients against the formula written out by hand, and its predictions where the classic ends."""
    data = load(ROOT / "examples/loy.toml").data.arrays
    x, y = np.array(data["X"], float), np.array(data["Y"], float)
    trainer = trainer_of("loy")
    trainer.initialize(3)
    w1, w2 = trainer.parameters["W1"].copy(), trainer.parameters["W2"].copy()
    a1 = 1 / (1 + np.exp(-x @ w1))
    a2 = 1 / (1 + np.exp(-a1 @ w2))
    down = 2 * (y - a2) * a2 * (1 - a2)
    gradients = trainer.gradients(x, y)
    np.testing.assert_allclose(gradients["W2"], -(a1.T @ down), rtol=1e-12)
    np.testing.assert_allclose(gradients["W1"], -(x.T @ ((down @ w2.T) * a1 * (1 - a1))), rtol=1e-12)
    random = np.random.default_rng(0)
    trainer.parameters["W1"][...] = random.random((3, 4))
    trainer.parameters["W2"][...] = random.random((4, 1))
    trainer.fit(x, y, epochs=1500)
    np.testing.assert_allclose(trainer.predict(x)[:, 0], [0.02, 0.98, 0.98, 0.03], atol=0.015)


def test_digits_are_told_apart():
    assert measured("digits")["training"]["held-out accuracy"] >= 0.97


def test_the_perceptrons_say_what_they_must():
    told = (ROOT / "generated/perceptron/run.txt").read_text()
    assert "AND   learned" in told
    assert "XOR   never" in told
    assert "sigmoid or tanh" in told


OLD = {"training": {"loss": 0.5, "accuracy": 0.97}, "certificate": {"errors": [1e-16]}}


@pytest.mark.parametrize(
    ("training", "beyond"),
    [
        ({"loss": 0.52, "accuracy": 0.96}, 0),
        ({"loss": 0.7, "accuracy": 0.97}, 1),
        ({"loss": 0.5, "accuracy": 0.9}, 1),
        ({"loss": 0.5, "accuracy": None}, 1),
    ],
)
def test_what_was_measured_may_differ_within_bounds(training, beyond):
    new = {"training": training, "certificate": {"errors": [3e-16]}}
    assert len(list(beyond_bounds(OLD, new))) == beyond


def test_text_may_not_differ():
    page = "<p>A</p>\n<!-- measured -->\n{}\n<!-- /measured -->\n"
    old = {"derivation.html": page.format(1), "trainer.py": "a = 1\n"}
    assert differences(old, {"derivation.html": page.format(2), "trainer.py": "a = 1\n"}) == []
    assert differences(old, {"derivation.html": page.format(1), "trainer.py": "a = 2\n"})
    assert differences(old, {"derivation.html": page.format(1).replace("A", "B"), "trainer.py": "a = 1\n"})
    assert differences(old, {"trainer.py": "a = 1\n"})
