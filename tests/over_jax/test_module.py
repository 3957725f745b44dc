"""The module on JAX as a program: it trains as the NumPy module does, refuses what that refuses, and their files
can be exchanged.
"""

from __future__ import annotations

import inspect
import subprocess
import sys

import numpy as np
import pytest
from backends.modules import derived_from, load, source_of
from behind import network_behind

from symnet.layers.dense import Dense
from symnet.layers.dropout import Dropout
from symnet.network import Training
from symnet.pipeline import Network
from symnet.registry import members

jax = pytest.importorskip("jax", reason="the backend needs JAX: pip install symnet[jax]")
jax.config.update("jax_disable_most_optimizations", True)  # what is compiled runs for microseconds

RANDOM = np.random.default_rng(5)
X = RANDOM.normal(size=(13, 3))
Y = np.eye(2)[(X[:, 0] > 0).astype(int)]


def derivation(layers=None, training=None, **options):
    dense = layers or [Dense(4, activation="tanh"), Dense(2, activation="sigmoid")]
    stated = {
        "inputs": {"X": ("N", 3)},
        "targets": {"Y": ("N", 2)},
        "layers": dense,
        "loss": "mse",
        **options,
    }
    settings = {"epochs": 3, "batch_size": 5, "seed": 2, **(training or {})}
    return Network(training=Training(**settings), **stated).derive()


@pytest.fixture(scope="module")
def sources():
    made = derivation(training={"optimizer": "adam"})
    return {name: made.generate(name) for name in ("numpy", "jax")}


@pytest.fixture
def trainer(sources):
    return load(sources["jax"]).Trainer()


def target_of(derived, name):
    tensor = derived.stated.tensors[name]
    if str(tensor.shape[0]) != "N":
        return np.array([0.5, 2.0])
    if tensor.integer:
        return Y[:, 1].astype(int)
    return Y if tensor.rank == 2 else Y[:, 0]


def trains_like_numpy(made, tolerance=1e-11, **options):
    """Both modules, from the same seeds, give the same history, parameters and memory of the optimizer."""
    trainers = [load(made.generate(name)).Trainer() for name in ("numpy", "jax")]
    names = inspect.signature(trainers[0].fit).parameters
    data = [X if n == "X" else target_of(made.derived, n) for n in names if n in made.derived.stated.tensors]
    histories = [trainer.fit(*data, **options) for trainer in trainers]
    np.testing.assert_allclose(histories[1], histories[0], rtol=tolerance)
    states = [trainer._state() for trainer in trainers]
    assert states[0].keys() == states[1].keys()
    for name, array in states[0].items():
        assert array.shape == states[1][name].shape, name
        np.testing.assert_allclose(states[1][name], array, rtol=tolerance, atol=tolerance, err_msg=name)
    return trainers, data


@pytest.mark.parametrize("name", members("losses"))
def test_every_loss(name):
    trains_like_numpy(derivation(**network_behind(name)))


@pytest.mark.parametrize("name", sorted(set(members("activations")) - {"sign", "step"}))
def test_every_activation(name):
    trains_like_numpy(derivation([Dense(4, activation=name), Dense(2, activation="tanh")]))


@pytest.mark.parametrize("name", members("optimizers"))
def test_every_optimizer(name):
    made = derivation(training={"optimizer": name, "clip_norm": 0.5, "warmup": 2}, l1=0.01, l2=0.01)
    trains_like_numpy(made, 1e-10)


@pytest.mark.parametrize("name", members("schedules"))
def test_every_schedule(name):
    trains_like_numpy(derivation(training={"schedule": name, "epochs": 6}))


def test_in_float32():
    made = derivation()
    trainers = [load(made.generate(name)).Trainer(np.float32) for name in ("numpy", "jax")]
    one, other = (trainer.gradients(X, Y) for trainer in trainers)
    for name, gradient in other.items():
        assert gradient.dtype == np.float32
        np.testing.assert_allclose(gradient, one[name], rtol=1e-4, atol=1e-6)
    trainers[1].fit(X, Y)
    assert all(value.dtype == np.float32 for value in trainers[1]._values.values())


def test_their_files_can_be_exchanged(sources, tmp_path):
    numpy, on_jax = (load(source).Trainer() for source in sources.values())
    numpy.fit(X, Y)
    numpy.save(tmp_path / "n.npz")
    on_jax.load(tmp_path / "n.npz")
    np.testing.assert_allclose(numpy.fit(X, Y), on_jax.fit(X, Y), rtol=1e-12)
    on_jax.save(tmp_path / "j.npz")
    numpy.load(tmp_path / "j.npz")
    np.testing.assert_allclose(numpy.fit(X, Y), on_jax.fit(X, Y), rtol=1e-12)


def test_parameters_are_read_and_written_as_arrays(trainer):
    before = trainer.loss(X, Y)
    kept = trainer.parameters["W1"].copy()
    trainer.parameters["W1"][...] = 0.0
    assert not np.any(trainer.parameters["W1"])
    assert trainer.loss(X, Y) != before
    trainer.parameters["W1"][...] = kept
    assert trainer.loss(X, Y) == before
    trainer.parameters["W1"][0, 1] += 1.0
    np.testing.assert_array_equal(trainer.parameters["W1"] - kept, [[0, 1, 0, 0], [0] * 4, [0] * 4])


def test_what_is_drawn_is_drawn_by_seed_or_given():
    made = derivation([Dense(4, activation="tanh"), Dropout(0.5), Dense(2)], {"batch_size": None})
    trainers = [load(made.generate(name)).Trainer() for name in ("numpy", "jax")]
    (drawn,) = (t.name for t in made.derived.stated.of_role("random"))
    mask = {drawn: RANDOM.random((13, 4))}
    one, other = (trainer.gradients(X, Y, **mask) for trainer in trainers)
    for name, gradient in one.items():
        np.testing.assert_allclose(other[name], gradient, rtol=1e-11, atol=1e-13)
    on_jax = trainers[1]
    assert len({on_jax.loss(X, Y) for _ in range(4)}) == 4  # a mask of its own for each
    np.testing.assert_allclose(on_jax.predict(X), trainers[0].predict(X), rtol=1e-12)
    start = {name: array.copy() for name, array in on_jax.parameters.items()}

    def fitted(seed):
        for name, array in start.items():
            on_jax.parameters[name][...] = array
        return on_jax.fit(X, Y, epochs=4, batch_size=6, seed=seed)

    assert fitted(1) == fitted(1) != fitted(2)


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
        (np.ones((0, 3)), np.ones((0, 2)), "no samples"),
        (np.full((4, 3), np.inf), np.ones((4, 2)), "X holds values that are not finite"),
        (np.ones((4, 3)), np.full((4, 2), np.nan), "Y holds values that are not finite"),
    ],
)
def test_data_that_do_not_fit_are_refused(trainer, x, y, message):
    for method in (trainer.loss, trainer.gradients, trainer.fit):
        with pytest.raises(ValueError, match=message):
            method(x, y)


def test_a_loss_that_runs_away_is_said(trainer):
    trainer.parameters["W1"][...] = np.nan
    with pytest.raises(ValueError, match="smaller learning rate"):
        trainer.fit(X, Y, epochs=1)


@pytest.mark.parametrize("wrong", ["missing", "shape", "objects", "nan"])
def test_a_file_that_holds_something_else_changes_nothing(trainer, tmp_path, wrong):
    state = {name: array + 1 for name, array in trainer._state().items()}
    bad = {"shape": np.zeros(5), "objects": np.array([print, None]), "nan": np.array([np.nan, 0.0])}
    state.pop("b2")
    np.savez(tmp_path / "p.npz", **state, **({"b2": bad[wrong]} if wrong in bad else {}))
    before = trainer._state()
    with pytest.raises(ValueError):
        trainer.load(tmp_path / "p.npz")
    for name, array in trainer._state().items():
        np.testing.assert_array_equal(array, before[name])


def test_training_goes_on_from_a_checkpoint_as_if_nothing_had_been(tmp_path):
    """The order of the samples, what is drawn, and the optimizer's memory are those of a run in one piece."""
    layers = [Dense(4, activation="tanh"), Dropout(0.2), Dense(2)]
    source = derivation(layers, {"optimizer": "adam"}).generate("jax")
    module = load(source)
    whole = module.Trainer()
    history = whole.fit(X, Y, epochs=9, batch_size=5)
    path = tmp_path / "checkpoint.npz"

    def lights_out(epoch, *_):
        if epoch == 5:
            raise KeyboardInterrupt

    options = {"epochs": 9, "batch_size": 5, "checkpoint": path}
    with pytest.raises(KeyboardInterrupt):
        module.Trainer().fit(X, Y, checkpoint_every=2, callback=lights_out, **options)
    assert [p.name for p in tmp_path.iterdir()] == ["checkpoint.npz"]
    again = module.Trainer()
    seen = []
    assert again.fit(X, Y, callback=lambda epoch, *_: seen.append(epoch), **options) == history
    assert seen == [5, 6, 7, 8, 9]
    for name, array in whole._state().items():
        np.testing.assert_array_equal(again._state()[name], array)
    with pytest.raises(ValueError, match="another run"):
        again.fit(X, Y, seed=9, **options)


def test_names_are_data():
    for name in ("np", "self", "w", "step", "jnp", "dtype", "key", "at", "data", "run", "loss"):
        text = f"{name}: input[N, 3]\nW: parameter[3]\nP[n] = sum({name}[n,i]*W[i], i)\nL = sum(P[n]**2, n)"
        module = load(source_of(derived_from(text), "P", "jax"))
        made = module.Trainer()
        made.learning_rate = 0.01
        history = made.fit(X, epochs=2)
        assert history[1] < history[0], name


def test_it_runs_alone(sources, tmp_path):
    """In a fresh process, without symnet and SymPy, with every warning an error."""
    (tmp_path / "trainer.py").write_text(sources["jax"])
    np.savez(tmp_path / "d.npz", X=X, Y=Y)
    guard = (
        "import sys, runpy\n"
        "class Refuse:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] in ('symnet', 'sympy', 'mpmath', 'jinja2'):\n"
        "            raise AssertionError('the module imports ' + name)\n"
        "sys.meta_path.insert(0, Refuse())\n"
        "sys.argv = ['trainer.py', '--data', 'd.npz', '--epochs', '20', '-o', 'p.npz', '--seed', '3']\n"
        "runpy.run_path('trainer.py', run_name='__main__')\n"
    )
    command = [sys.executable, "-W", "error", "-c", guard]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "epoch 1 of 20: loss" in done.stdout


@pytest.mark.parametrize("kind", ["hessian", "hvp", "gauss_newton", "fisher"])
def test_second_derivatives_are_those_of_the_numpy_module(kind):
    made = derivation(loss="sse").second(kind)
    trainers = [load(made.generate(name)).Trainer() for name in ("numpy", "jax")]
    given = (
        [{n: RANDOM.normal(size=a.shape) for n, a in trainers[0].parameters.items()}]
        if kind != "hessian"
        else []
    )
    methods = [getattr(trainer, made.derived.further[0].name) for trainer in trainers]
    read = inspect.signature(methods[1]).parameters
    assert list(inspect.signature(methods[0]).parameters) == list(read)
    data = [
        array for name, array in (("X", X), ("Y", Y)) if name in read
    ]  # a squared error curves alike for all Y
    one, other = (method(*given, *data) for method in methods)
    assert one.keys() == other.keys()
    for key, array in one.items():
        np.testing.assert_allclose(other[key], array, rtol=1e-11, atol=1e-13, err_msg=str(key))
    if kind == "hessian":
        whole = [trainer.hessian_matrix(X, Y) for trainer in trainers]
        np.testing.assert_allclose(whole[1], whole[0], rtol=1e-11, atol=1e-13)
        return
    vector = np.concatenate([array.reshape(-1) for array in given[0].values()])
    again = methods[1](vector, *data)
    for key, array in other.items():
        np.testing.assert_array_equal(again[key], array)
    for wrong, message in [(vector[1:], "one vector of"), ({}, "a dict with an array for each of")]:
        with pytest.raises(ValueError, match=message):
            methods[1](wrong, *data)


def test_a_jacobian_is_that_of_the_numpy_module():
    made = derivation().jacobian("A2", "W1", "X").derivation
    trainers = [load(made.generate(name)).Trainer() for name in ("numpy", "jax")]
    values = {"X": X, "Y": Y}  # the NumPy module asks for Y, too: a part of the loss is computed by then
    one, other = (
        t.jacobian(*(values[n] for n in inspect.signature(t.jacobian).parameters)) for t in trainers
    )
    assert one.keys() == other.keys()
    for key, array in one.items():
        np.testing.assert_allclose(other[key], array, rtol=1e-11, atol=1e-13, err_msg=str(key))
