"""The generated module as a program: what it imports and allocates, how it trains, what it refuses."""

from __future__ import annotations

import ast
import builtins
import io
import keyword
import subprocess
import sys
import tracemalloc
import zipfile

import numpy as np
import pytest
from backends.modules import derived_from, load, set_parameters, source_of, trainer_of
from derivation.programs import CASES
from oracle import random_arrays

from symnet.backends import backends
from symnet.backends.numpy.numbers import OF_MATH

LAYERS = (
    "X: input[N, 3]\nY: target[N, 2]\nW1: parameter[3, 4]\nb1: parameter[4]\nW2: parameter[4, 2]\nb2: parameter[2]\n"
    "Z1[n,j] = sum(X[n,i]*W1[i,j], i) + b1[j]\nA1[n,j] = {activation}(Z1[n,j])\n"
    "Z2[n,j] = sum(A1[n,i]*W2[i,j], i) + b2[j]\nA2[n,j] = sigmoid(Z2[n,j])\n"
    "L = sum((A2[n,j] - Y[n,j])**2, n, j)/N"
)
RANDOM = np.random.default_rng(5)
X = RANDOM.normal(size=(12, 3))
Y = (X[:, :2] > 0).astype(float)


@pytest.fixture(scope="module", params=["tanh", "sigmoid"])
def source(request):
    text = LAYERS.format(activation=request.param)
    return source_of(derived_from(text, None, "momentum"), "A2", epochs=7, batch_size=5)


@pytest.fixture
def trainer(source):
    made = load(source).Trainer()
    made.learning_rate = 0.1
    return made


def test_every_backend_says_what_it_is():
    for name, backend in backends().items():
        assert backend.WORDS, name
        assert backend.SUFFIX.startswith("."), name


def test_it_is_written_the_same_every_time(source):
    text = LAYERS.format(activation="tanh")
    first, second = (source_of(derived_from(text, None, "momentum"), "A2") for _ in range(2))
    assert first == second
    assert all(line == line.rstrip() for line in source.splitlines())


def test_it_runs_alone(source, tmp_path):
    """In a fresh process, without symnet and SymPy, with every warning an error."""
    (tmp_path / "trainer.py").write_text(source)
    np.savez(tmp_path / "d.npz", X=X, Y=Y)
    guard = (
        "import sys, runpy\n"
        "class Refuse:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] in ('symnet', 'sympy', 'mpmath', 'jinja2', 'scipy'):\n"
        "            raise AssertionError('the module imports ' + name)\n"
        "sys.meta_path.insert(0, Refuse())\n"
        "sys.argv = ['trainer.py', '--data', 'd.npz', '--epochs', '20', '-o', 'p.npz', '--seed', '3']\n"
        "runpy.run_path('trainer.py', run_name='__main__')\n"
    )
    command = [sys.executable, "-W", "error", "-c", guard]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "epoch 1 of 20: loss" in done.stdout
    assert "\r" not in done.stdout
    trained = load(source).Trainer()
    trained.load(tmp_path / "p.npz")
    fresh = load(source).Trainer()
    fresh.initialize(3)
    assert trained.loss(X, Y) < fresh.loss(X, Y)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--data", "missing.npz"], "missing.npz"),
        (["--data", "other.npz"], "no array Y"),
        (["--data", "text.npz"], "text.npz"),
        (["--data", "d.npz", "--batch-size", "0"], "batch_size"),
        (["--data", "wide.npz"], "(N, 3)"),
        (["--data", "nan.npz"], "not finite"),
    ],
)
def test_the_command_line_says_what_is_wrong(source, tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    np.savez("d.npz", X=X, Y=Y)
    np.savez("other.npz", X=X)
    np.savez("wide.npz", X=np.ones((2, 5)), Y=np.ones((2, 2)))
    np.savez("nan.npz", X=X * np.nan, Y=Y)
    (tmp_path / "text.npz").write_text("not an archive: text.npz")
    assert load(source).main(arguments) == 2
    shown = capsys.readouterr()
    assert message in shown.err or message == "text.npz"
    assert not (tmp_path / "parameters.npz").exists()


def test_a_step_allocates_no_arrays(source):
    """NumPy casts a mask through a buffer of its own, of at most 64 KiB whatever the size; anything that
    grows is ours.
    """

    def peak(count):
        trainer = load(source).Trainer()
        x, y = np.ones((count, 3)), np.ones((count, 2))
        trainer.step(x, y)
        tracemalloc.start()
        for _ in range(3):
            trainer.step(x, y)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(20_000) < 65_536 + 4_096
    assert peak(80_000) - peak(20_000) < 8_192


@pytest.mark.parametrize("name", CASES)
def test_no_case_allocates_in_a_step(name):
    """The buffers of the workspace are the same arrays after a step as before it."""
    case = CASES[name]
    derived = derived_from(case.text, case.wrt)
    trainer = trainer_of(load(source_of(derived)), case.sizes)
    arrays = random_arrays(derived.stated, case.sizes)
    set_parameters(trainer, arrays)
    data = [arrays[t.name] for t in derived.stated.of_role("input", "target")]
    run = trainer.step if derived.updates else trainer.gradients
    run(*data)
    (workspace,) = trainer._workspaces.values()

    def addresses():
        held = {**vars(workspace), **vars(trainer)}
        return {k: v.__array_interface__["data"] for k, v in held.items() if isinstance(v, np.ndarray)}

    before = addresses()
    assert before
    run(*data)
    assert addresses() == before


def test_any_batch_size_and_few_workspaces(trainer):
    whole = trainer.gradients(X, Y)
    parts = [trainer.gradients(X[k : k + 1], Y[k : k + 1]) for k in range(len(X))]
    for name, gradient in whole.items():
        np.testing.assert_allclose(
            gradient, np.mean([part[name] for part in parts], axis=0), rtol=1e-12, atol=1e-15
        )
    for count in range(1, 13):
        trainer.loss(X[:count], Y[:count])
    assert len(trainer._workspaces) == 8


def test_data_in_another_layout_or_type_are_taken(trainer):
    expected = trainer.loss(X, Y)
    assert trainer.loss(np.asfortranarray(X), Y.astype(int)) == expected
    assert trainer.loss(X.tolist(), Y.tolist()) == expected


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (
            np.ones((4, 5)),
            np.ones((4, 2)),
            r"^X must have the shape \(N, 3\), here \(4, 3\), but it has \(4, 5\)$",
        ),
        (
            np.ones((4, 3)),
            np.ones((5, 2)),
            r"^Y must have the shape \(N, 2\), here \(4, 2\), but it has \(5, 2\)$",
        ),
        (np.ones(3), np.ones((1, 2)), r"\(3,\)"),
        (np.ones((4, 3, 1)), np.ones((4, 2)), r"\(4, 3, 1\)"),
        (np.ones((0, 3)), np.ones((0, 2)), "no samples"),
        (np.full((4, 3), np.inf), np.ones((4, 2)), "X holds values that are not finite"),
        (np.ones((4, 3)), np.full((4, 2), np.nan), "Y holds values that are not finite"),
    ],
)
def test_data_that_do_not_fit_are_refused(trainer, x, y, message):
    before = {name: array.copy() for name, array in trainer.parameters.items()}
    for method in (trainer.loss, trainer.gradients, trainer.fit):
        with pytest.raises(ValueError, match=message):
            method(x, y)
    for name, array in trainer.parameters.items():
        np.testing.assert_array_equal(array, before[name])


def test_a_prediction_is_a_new_array(trainer):
    first = trainer.predict(X)
    kept = first.copy()
    for _ in range(20):
        trainer.step(X, Y)
    np.testing.assert_array_equal(first, kept)
    assert np.abs(trainer.predict(X) - first).max() > 1e-3


def test_gradients_are_new_arrays(trainer):
    first = trainer.gradients(X, Y)
    kept = {name: value.copy() for name, value in first.items()}
    trainer.step(X, Y)
    for name, value in first.items():
        np.testing.assert_array_equal(value, kept[name])


def test_fit_trains_reports_and_stops(trainer):
    seen = []
    history = trainer.fit(
        X, Y, epochs=60, batch_size=5, validation=(X, Y), callback=lambda *a: seen.append(a)
    )
    assert len(history) == 60
    assert history[-1] < history[0] / 2
    assert [epoch for epoch, _, _ in seen] == list(range(1, 61))
    assert seen[-1][2] == pytest.approx(trainer.loss(X, Y))
    assert len(trainer.fit(X, Y, epochs=60, callback=lambda epoch, *_: epoch == 3)) == 3


def test_fit_is_the_same_for_the_same_seed(source):
    def run(seed):
        trainer = load(source).Trainer()
        trainer.initialize(1)
        return trainer.fit(X, Y, epochs=3, batch_size=4, seed=seed)

    assert run(2) == run(2)
    assert run(2) != run(3)


def test_fit_without_batches_keeps_the_order(source):
    one, other = load(source).Trainer(), load(source).Trainer()
    one.fit(X, Y, epochs=3, batch_size=None)
    for _ in range(3):
        other.step(X, Y)
    np.testing.assert_array_equal(one.parameters["W1"], other.parameters["W1"])


def test_a_loss_that_runs_away_is_said(source):
    trainer = load(source).Trainer()
    trainer.parameters["W1"][...] = np.nan
    with pytest.raises(ValueError, match="smaller learning rate"):
        trainer.fit(X, Y, epochs=1)


def test_saved_and_loaded_training_goes_on_as_if_nothing_had_been(trainer, source, tmp_path):
    """The optimizer's memory is part of what is saved."""
    trainer.fit(X, Y, epochs=3)
    trainer.save(tmp_path / "p.npz")
    other = load(source).Trainer()
    other.learning_rate = trainer.learning_rate
    other.load(tmp_path / "p.npz")
    assert trainer.fit(X, Y, epochs=3) == other.fit(X, Y, epochs=3)
    assert [path.name for path in tmp_path.iterdir()] == ["p.npz"]


def test_a_failed_save_leaves_what_was_there(trainer, tmp_path, monkeypatch):
    trainer.save(tmp_path / "p.npz")
    before = (tmp_path / "p.npz").read_bytes()

    def fail(*args, **kwargs):
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez", fail)
    with pytest.raises(OSError, match="disk full"):
        trainer.save(tmp_path / "p.npz")
    assert (tmp_path / "p.npz").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["p.npz"]


@pytest.mark.parametrize("wrong", ["missing", "shape", "objects", "nan", "bomb"])
def test_a_file_that_holds_something_else_changes_nothing(trainer, tmp_path, wrong):
    state = {name: array + 1 for name, array in trainer._state().items()}
    path = tmp_path / "p.npz"
    if wrong == "missing":
        state.pop("b2")
    elif wrong == "shape":
        state["b2"] = np.zeros(5)
    elif wrong == "objects":
        state["b2"] = np.array([print, None], dtype=object)
    elif wrong == "nan":
        state["b2"] = np.array([np.nan, 0.0])
    np.savez(path, **state)
    if wrong == "bomb":  # a header that announces a gigabyte, and as many zeros, which deflate to nothing
        state.pop("b2")
        np.savez_compressed(path, **state)
        header = io.BytesIO()
        np.lib.format.write_array_header_1_0(
            header, {"descr": "<f8", "fortran_order": False, "shape": (1 << 23,)}
        )
        with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("b2.npy", header.getvalue() + bytes(8 << 20))
    before = {name: array.copy() for name, array in trainer.parameters.items()}
    with pytest.raises(ValueError):
        trainer.load(path)
    for name, array in trainer.parameters.items():
        np.testing.assert_array_equal(array, before[name])


HOSTILE_NAMES = [
    "lambda",
    "np",
    "self",
    "w",
    "step",
    "parameters",
    "float",
    "dtype",
    "gradient",
    "vector",
    "order",
    "ones_N",
]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
@pytest.mark.parametrize("role", ["parameter", "input", "intermediate"])
def test_a_name_is_data(name, role):
    """Keywords, builtins, NumPy's short name, the Trainer's own methods: as parameter, as input, as value."""
    names = {"P": "P", "X": "X", "A": "A"} | {
        {"parameter": "P", "input": "X", "intermediate": "A"}[role]: name
    }
    p, x, a = (names[key] for key in "PXA")
    text = f"{x}: input[N, 2]\n{p}: parameter[2]\n{a}[n] = sum({x}[n,i]*{p}[i], i)\nL = sum({a}[n]**2, n)"
    try:
        derived = derived_from(text)
    except Exception as error:
        assert keyword.iskeyword(name) or name == "float", error  # the language itself may refuse a keyword
        return
    trainer = load(source_of(derived, a)).Trainer()
    trainer.parameters[p][...] = [2.0, 3.0]
    data = np.array([[1.0, 1.0], [0.0, 2.0]])
    np.testing.assert_allclose(trainer.predict(data), [5.0, 6.0])
    assert trainer.step(data) == 61.0


@pytest.mark.parametrize("hostile", ['"""\nimport os\n"""', "\\", 'x"y', "’", "a\nb"])
def test_what_the_banner_says_is_data(hostile):
    derived = derived_from(LAYERS.format(activation="tanh"))
    meta_source = backends()["numpy"].generate(
        derived, __import__("symnet.backends", fromlist=["Meta"]).Meta(hostile, hostile, hostile)
    )
    tree = ast.parse(meta_source)
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    modules = {alias.name for node in imports for alias in node.names}
    own = {"argparse", "itertools", "json", "sys", "isfinite", "Path", "monotonic", "BadZipFile", "numpy"}
    assert modules - OF_MATH == own
    assert "os" not in dir(load(meta_source))


def test_nothing_of_the_module_hides_a_builtin(source):
    tree = ast.parse(source)
    bound = {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    assert not bound & set(dir(builtins))


def test_each_line_carries_the_number_of_its_equation(source):
    body = source[source.index("def _predict") : source.index("class Course")]
    code = [line for line in body.splitlines() if "out=" in line]
    assert code
    assert all("  # (" in line for line in code)


@pytest.mark.parametrize(("activation", "square"), [("tanh", 6 / 7), ("relu", 6 / 3)])
def test_the_start_suits_the_activation(activation, square):
    """Glorot's bound for tanh, He's for a rectified unit; biases at zero."""
    text = LAYERS.format(activation="ACT").replace(
        "ACT(Z1[n,j])", "maximum(Z1[n,j], 0)" if activation == "relu" else "tanh(Z1[n,j])"
    )
    trainer = load(source_of(derived_from(text))).Trainer()
    most = 0.0
    for seed in range(60):
        trainer.initialize(seed)
        most = max(most, np.abs(trainer.parameters["W1"]).max())
    assert 0.97 * np.sqrt(square) < most <= np.sqrt(square)
    assert not trainer.parameters["b1"].any()
