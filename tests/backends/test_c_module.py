"""The Trainer whose work C does: the same class, the same bits where they are drawn, the same files and errors."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
from backends.modules import derived_from, trainer_of
from backends.native import STRICT, _cache, native_module, same, trainers  # noqa: F401 - a fixture
from derivation.programs import CASES

from symnet import Network
from symnet.backends import Meta, backends
from symnet.layers.dense import Dense
from symnet.layers.dropout import Dropout
from symnet.network import Training
from symnet.registry import solvers

pytestmark = pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler")
RANDOM = np.random.default_rng(3)
X, Y = RANDOM.normal(size=(23, 3)), np.eye(2)[RANDOM.integers(2, size=23)]


def network(*between, optimizer="adam", **options):
    return Network(
        inputs={"X": ("N", 3)},
        targets={"Y": ("N", 2)},
        layers=[Dense(4, activation="tanh"), *between, Dense(2)],
        loss="cross_entropy",
        training=Training(optimizer=optimizer),
        **options,
    )


def two_trainers(*between, dtype=np.float64, **options):
    derivation = network(*between, **options).derive()
    return trainers(derivation.derived, derivation.prediction, dtype=dtype)


@pytest.mark.parametrize("seed", [0, 1, 2**32 + 5, 2**64 - 1])
def test_the_same_seed_draws_the_same_parameters(seed):
    native, plain = two_trainers()
    native.initialize(seed)
    plain.initialize(seed)
    for name, array in plain.parameters.items():
        np.testing.assert_array_equal(native.parameters[name], array)


def test_the_c_file_draws_what_numpy_draws():
    """By its own generator, which Python does not seed."""
    native, plain = two_trainers()
    library = native._library
    for seed in (0, 1, 2**32 + 5, 2**64 - 1):
        import ctypes

        library.test_seed(native._address, ctypes.c_uint64(seed))
        library.test_initialize(native._address)
        plain.initialize(seed)
        for name, array in plain.parameters.items():
            np.testing.assert_array_equal(native.parameters[name], array)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("between", [(), (Dropout(0.5),)], ids=["plain", "dropout"])
def test_an_epoch_takes_the_same_batches_with_the_same_masks(between, dtype):
    """Dropout draws between the permutations, from one stream."""
    native, plain = two_trainers(*between, dtype=dtype)
    histories = [trainer.fit(X, Y, epochs=4, batch_size=5, seed=7) for trainer in (native, plain)]
    tolerance = 1e-12 if dtype == np.float64 else 1e-5
    np.testing.assert_allclose(*histories, rtol=tolerance)
    same(native._state(), plain._state(), tolerance)
    if between:  # and what is drawn afterwards goes on from there
        np.testing.assert_allclose(native.loss(X, Y), plain.loss(X, Y), rtol=tolerance)


def test_a_training_run_is_the_same_to_the_bit_every_time():
    first, second = (two_trainers()[0] for _ in range(2))
    assert first.fit(X, Y, epochs=5, batch_size=4) == second.fit(X, Y, epochs=5, batch_size=4)
    same(first._state(), second._state(), 0.0)


def test_a_callback_sees_every_epoch_and_may_end_it():
    native, plain = two_trainers()
    seen = {}
    for name, trainer in (("native", native), ("plain", plain)):
        told = seen[name] = []
        trainer.fit(
            X,
            Y,
            epochs=9,
            batch_size=5,
            validation=(X, Y),
            callback=lambda *a, told=told: told.append(a) or len(told) == 3,
        )
    np.testing.assert_allclose(seen["native"], seen["plain"], rtol=1e-12)
    assert len(seen["native"]) == 3


def test_files_go_from_one_to_the_other(tmp_path):
    native, plain = two_trainers()
    native.fit(X, Y, epochs=3, batch_size=7)
    native.save(tmp_path / "n.npz")
    plain.load(tmp_path / "n.npz")
    same(native._state(), plain._state(), 0.0)
    plain.fit(X, Y, epochs=3, batch_size=7)
    plain.save(tmp_path / "p.npz")
    native.load(tmp_path / "p.npz")
    same(native._state(), plain._state(), 0.0)
    np.testing.assert_allclose(native.loss(X, Y), plain.loss(X, Y), rtol=1e-12)


def test_settings_are_attributes_and_reach_c():
    native, plain = two_trainers(optimizer="sgd")
    for trainer in (native, plain):
        trainer.learning_rate = 0.25
    assert native.learning_rate == 0.25
    same({"loss": native.step(X, Y)}, {"loss": plain.step(X, Y)})
    same(native._state(), plain._state())


BAD = {
    "shape": lambda t: t.loss(X[:, :2], Y),
    "samples": lambda t: t.step(X, Y[:5]),
    "not finite": lambda t: t.predict(X * np.nan),
    "no samples": lambda t: t.fit(X[:0], Y[:0]),
    "empty": lambda t: t.predict(X[:0]),
    "batch size": lambda t: t.fit(X, Y, batch_size=0),
    "loss": lambda t: (setattr(t, "learning_rate", 1e308), t.fit(X, Y, epochs=9)),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.filterwarnings("ignore")
def test_errors_are_worded_alike(name):
    said = []
    for trainer in two_trainers(optimizer="sgd"):
        with pytest.raises(ValueError) as caught:
            BAD[name](trainer)
        said.append(str(caught.value))
    if name == "loss":  # C counts epochs where Python counts steps
        assert all(
            "smaller learning rate may help; the parameters are again those after" in text for text in said
        )
    else:
        assert said[0] == said[1]


def test_an_array_that_is_no_row_after_row_is_read_right():
    native, plain = two_trainers()
    np.testing.assert_allclose(native.loss(X[::-2], Y[::-2]), plain.loss(X[::-2], Y[::-2]), rtol=1e-12)


def test_without_a_compiler_numpy_does_the_work_and_one_line_says_so(monkeypatch, capsys):
    derived = derived_from(CASES["dense"].text)
    module = native_module(derived)
    monkeypatch.setenv("CC", "/nowhere/cc")
    trainer = trainer_of(module, CASES["dense"].sizes)
    assert type(trainer) is module.NumPyTrainer
    said = capsys.readouterr().err
    assert re.fullmatch("NumPy does the work, since C cannot: /nowhere/cc: .*\n", said)


def test_what_is_compiled_is_kept_by_its_content(monkeypatch, tmp_path):
    monkeypatch.setenv("SYMNET_CACHE", str(tmp_path))
    derived = derived_from(CASES["dense"].text)
    for _ in range(2):
        trainer_of(native_module(derived), CASES["dense"].sizes)
    assert len(list(tmp_path.iterdir())) == 1
    trainer_of(native_module(derived), CASES["dense"].sizes | {"H": 5})
    assert len(list(tmp_path.iterdir())) == 2


def test_a_borrowed_blas_gives_the_same_product():
    """From a size on products go to the BLAS of NumPy or SciPy, if it is found."""
    derivation = Network(
        inputs={"X": ("N", 300)},
        targets={"Y": ("N", 2)},
        layers=[Dense(400, activation="relu"), Dense(2)],
        loss="sse",
    ).derive()
    rng = np.random.default_rng(0)
    data = rng.normal(size=(300, 300)), rng.normal(size=(300, 2))
    native, plain = trainers(derivation.derived, derivation.prediction, flags=None)
    same(native.gradients(*data), plain.gradients(*data), 1e-11)


def test_the_blas_is_mkl_where_there_is_one_or_the_one_that_is_named(monkeypatch, tmp_path, capsys):
    derived = derived_from(PRODUCTS)
    module = native_module(derived)
    installed = [tmp_path / name for name in ("libmkl_core.so.3", "libmkl_rt.so.3")]
    files = [SimpleNamespace(name=path.name, locate=lambda path=path: path) for path in installed]
    monkeypatch.setattr(importlib.metadata, "files", lambda package: files if package == "mkl" else None)
    (first, sooner), *others = module.blas_files()
    assert first == str(installed[1])
    assert others
    assert all(sooner < later for _, later in others)
    assert type(trainer_of(module, {"D": 9, "H": 9}, np.float64)) is module.Trainer  # it goes on to the next
    monkeypatch.setenv("SYMNET_BLAS", str(tmp_path / "mine.so"))
    assert [path for path, _ in module.blas_files()] == [str(tmp_path / "mine.so")]
    other = native_module(derived)
    assert type(trainer_of(other, {"D": 9, "H": 9}, np.float64)) is other.NumPyTrainer
    assert f"{tmp_path / 'mine.so'} is no library with cblas_dgemm" in capsys.readouterr().err


PRODUCTS = """
X: input[N, D]
W: parameter[D, H]
L = sum(tanh(sum(X[n,i]*W[i,j], i))**2, n, j)
"""
HOSTILE = """
X: input[N, while_]
real: parameter[while_, int_]
R: parameter[int_]
symnet_matmul: parameter[int_, k]
NULL: tensor[N, int_]
NULL[n,w] = tanh(sum(X[n,t]*real[t,w], t) + R[w])
test_step[n,whole] = sum(NULL[n,at]*symnet_matmul[at,whole], at)
L = sum(test_step[n,size]**2, n, size)
"""


def test_no_name_of_a_user_is_a_name_of_c():
    """Keywords, macros, types and functions of the file as names of tensors, sizes and indices."""
    derived = derived_from(HOSTILE)
    sizes = {"while_": 3, "int_": 4, "k": 2}
    native, plain = trainers(derived, "test_step", sizes)
    same(native.gradients(X), plain.gradients(X))
    same({"p": native.predict(X)}, {"p": plain.predict(X)})


@pytest.mark.parametrize("name", ["*/ int x; /*", "a\\\nint x;", "??/\nint x;", "x\n#error", "naïve", '"""'])
def test_no_words_of_a_user_leave_their_comment(name):
    derived = derived_from(CASES["dense"].text)
    text = backends()["c"].generate(derived, Meta(name, f"{name}.toml", f"symnet generate {name}"))
    code = [line for line in text.splitlines() if not line.startswith("//")]
    assert not [
        line for line in code if "int x" in line or ("#error" in line and "say how large" not in line)
    ]
    assert text.isascii()
    assert '"""' not in text
    assert "\\" not in text
    trainer_of(native_module(derived, flags=STRICT), CASES["dense"].sizes)


@pytest.mark.parametrize("solver", solvers())
def test_every_solver_trains_over_c(solver):
    pytest.importorskip("scipy")
    derivation = network(optimizer=solver).derive()
    native, plain = trainers(derivation.derived, derivation.prediction, solver=solver)
    histories = [trainer.fit(X, Y, epochs=4) for trainer in (native, plain)]
    np.testing.assert_allclose(*histories, rtol=1e-6)


@pytest.mark.parametrize("loss", ["sse", "cross_entropy"])
@pytest.mark.parametrize("kind", ["hvp", "gauss_newton", "fisher", "hessian"])
def test_second_derivatives(kind, loss):
    """Results in memory of the workspace and in memory of their own."""
    layers = [Dense(4, activation="tanh"), Dense(2)]
    data = {"inputs": {"X": ("N", 3)}, "targets": {"Y": ("N", 2)}}
    derivation = Network(**data, layers=layers, loss=loss).derive().second(kind)
    native, plain = trainers(derivation.derived, derivation.prediction)
    (method,) = (further.name for further in derivation.derived.further)
    given = [] if kind == "hessian" else [{name: np.ones_like(a) for name, a in plain.parameters.items()}]
    for some in (slice(None), slice(7)):
        found = (
            getattr(t, method)(*given, X[some], *([] if kind == "gauss_newton" else [Y[some]]))
            for t in (native, plain)
        )
        same(*({str(key): value for key, value in answer.items()} for answer in found))


def test_a_result_is_new_in_every_run():
    layers = [Dense(2, activation="sigmoid")]
    derivation = Network(inputs={"X": ("N", 3)}, targets={"Y": ("N", 2)}, layers=layers, loss="sse").derive()
    second = derivation.second("hessian")
    native, _ = trainers(second.derived, second.prediction)
    first = native.hessian(X, Y)
    kept = {key: value.copy() for key, value in first.items()}
    native.hessian(X * 2, Y)
    same({str(k): v for k, v in first.items()}, {str(k): v for k, v in kept.items()}, 0.0)
