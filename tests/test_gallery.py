"""What the gallery's trained networks must be able to do, and how it is compared."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

import numpy as np
import pytest

from symnet import gallery
from symnet.gallery import beyond_bounds, differences, main
from symnet.spec import load
from symnet.training import train

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
    page = page.replace(
        "http://www.w3.org/1998/Math/MathML", ""
    )  # what elements of formulas are, and no address
    for needle in ("http://", "https://", "<script src", "<link", "@import", "eval("):
        assert needle not in page
    assert all(address.startswith("data:") for address in re.findall(r"\burl\(['\"]?([^)]*)", page))
    assert "default-src 'none'" in page
    assert len(page) < 2_500_000


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


def test_digits_are_told_apart_better_where_the_same_weights_look_at_every_place():
    assert measured("digits_cnn")["training"]["held-out accuracy"] >= 0.98


@pytest.mark.parametrize(
    ("name", "rival"), [("char_gpt", "table of trigrams"), ("names_rnn", "table of 4-grams")]
)
def test_sequences_are_guessed_better_than_by_a_table(name, rival):
    told = (ROOT / "generated" / name / "run.txt").read_text()
    losses = {
        what.strip(): float(loss) for what, loss in re.findall(r"^  (.+?) +(\d\.\d{3})$", told, re.MULTILINE)
    }
    assert losses["this network"] < losses[rival]
    assert losses["this network"] == pytest.approx(measured(name)["training"]["held-out loss"], abs=2e-3)


def test_the_perceptrons_say_what_they_must():
    told = (ROOT / "generated/perceptron/run.txt").read_text()
    assert "AND   learned" in told
    assert "XOR   never" in told
    assert "sigmoid or tanh" in told


OLD = {"loss": 0.5, "accuracy": 0.97}


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
    assert len(list(beyond_bounds(OLD, training))) == beyond


def test_text_may_not_differ():
    old = {"derivation.html": "<p>A</p>\n", "trainer.py": "a = 1\n"}
    assert differences(old, dict(old)) == []
    assert differences(old, {**old, "trainer.py": "a = 2\n"})
    assert differences(old, {"trainer.py": "a = 1\n"}) == ["derivation.html: is no longer written"]
    assert differences({}, {"trainer.py": "a = 1\n"}) == ["trainer.py: is not there"]


SPEC = """[network]
loss = "sse"
[inputs]
X = ["N", 2]
[targets]
Y = ["N", 1]
[[layers]]
kind = "dense"
units = 1
[training]
optimizer = "sgd"
learning_rate = 0.1
epochs = {epochs}
seed = 1
[data]
X = [[0, 1], [1, 0]]
Y = [[0], [1]]
"""


@pytest.fixture
def example(tmp_path, monkeypatch):
    """A folder with one example, and its folder in generated/."""
    (tmp_path / "examples").mkdir()
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "examples" / "line.toml"
    path.write_text(SPEC.format(epochs=3))
    (tmp_path / "examples" / "line.py").write_text(
        "import numpy as np\nprint(sorted(np.load('generated/line/parameters.npz')))\n"
    )
    return path, tmp_path / "generated" / "line"


def test_what_is_renewed_is_what_is_checked(example, capsys):
    _, folder = example
    assert main(["--check"]) == 1
    assert not folder.exists()
    assert main(["--renew"]) == 0
    assert main(["--check"]) == 0
    assert (folder / "run.txt").read_text() == "['W1', 'b1']\n"
    (folder / "trainer.py").write_text("")
    (folder / "old.txt").write_text("")
    assert main(["--check"]) == 1
    assert "old.txt: is no longer written" in capsys.readouterr().err
    assert main(["--renew"]) == 0
    assert main(["--check"]) == 0


def test_long_training_is_repeated_only_where_that_is_asked_or_the_specification_has_changed(
    example, monkeypatch
):
    path, folder = example
    runs = []

    def counted(*arguments):
        runs.append(path.read_text())
        return train(*arguments)

    monkeypatch.setattr(gallery, "train", counted)
    main(["--renew"])
    assert len(runs) == 1
    main(["--check"])
    assert len(runs) == 2  # it takes no time
    monkeypatch.setattr(gallery, "AGAIN", -1.0)
    path.write_text("# a comment\n" + path.read_text())
    assert main(["--renew"]) == 0
    assert len(runs) == 2
    assert main(["--check", "--train"]) == 0
    assert len(runs) == 3
    path.write_text(SPEC.format(epochs=4))
    assert main(["--check"]) == 1
    assert main(["--renew"]) == 0
    assert main(["--check"]) == 0
    assert len(runs) == 5
    assert json.loads((folder / "measured.json").read_text())["training"]["epochs"] == 4


def test_a_result_beyond_its_bounds_is_said_and_errors_of_another_machine_are_kept(example, capsys):
    _, folder = example
    main(["--renew"])
    measured = json.loads((folder / "measured.json").read_text())
    measured["certificate"]["errors"] = [1.5e-16 for _ in measured["certificate"]["errors"]]
    (folder / "measured.json").write_text(json.dumps(measured))
    main(["--renew"])
    assert main(["--check"]) == 0
    assert "1.5e-16" in (folder / "derivation.md").read_text()
    measured["training"]["loss"] *= 2
    (folder / "measured.json").write_text(json.dumps(measured))
    assert main(["--check"]) == 1
    assert "loss was" in capsys.readouterr().err
