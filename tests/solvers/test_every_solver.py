"""Every registered solver trains, stops, reports, is saved and refuses as training by an optimizer does."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from symnet.backends.numpy.load import load
from symnet.data import Dataset
from symnet.errors import DerivationError, SpecError, SymnetError
from symnet.graph import Loss
from symnet.layers.activation import Activation
from symnet.layers.batch_norm import BatchNorm
from symnet.layers.dense import Dense
from symnet.layers.dropout import Dropout
from symnet.network import Training
from symnet.pipeline import Network
from symnet.registry import solver, solvers
from symnet.training import train

SOLVERS = tuple(solvers())
RNG = np.random.default_rng(4)
X = RNG.normal(size=(40, 3))
Y = np.tanh(X @ RNG.normal(size=(3, 2))) + 0.1 * RNG.normal(size=(40, 2))
TRUTH = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])


def network(kind, layers=None, **options):
    return Network(
        inputs={"X": ("N", 3)},
        targets={"Y": ("N", 2)},
        layers=layers or [Dense(4, activation="tanh"), Dense(2)],
        loss="mse",
        l2=0.01,
        training=Training(optimizer=kind, **options),
    )


@pytest.fixture(scope="module", params=SOLVERS)
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def source(kind):
    return network(kind, epochs=500).derive().generate("numpy")


@pytest.fixture
def trainer(source):
    return load(source).Trainer()


def norm(gradients):
    return np.sqrt(sum(np.square(array).sum() for array in gradients.values()))


def test_the_file_is_the_registration():
    files = {path.stem for path in Path("symnet/solvers").glob("*.py")} - {"__init__", "steps"}
    assert set(SOLVERS) == files


def test_it_says_what_it_is(kind):
    member = solver(kind)
    assert member.functions[-1].__name__ == kind
    assert member.words.endswith(".")
    assert member.source
    assert set(member.remembers) <= set(member.settings)


def test_it_trains_to_where_the_gradient_vanishes(kind, trainer):
    history = trainer.fit(X, Y)
    assert norm(trainer.gradients(X, Y)) < 1e-7
    assert len(history) == len(trainer.gradient_norms) < 300
    assert history[-1] == pytest.approx(trainer.loss(X, Y), rel=1e-12)
    assert history[-1] < history[0] / 2
    assert trainer.gradient_norms[-1] == pytest.approx(norm(trainer.gradients(X, Y)), rel=1e-6)


def test_xor_is_learned_to_its_truth_table(kind):
    stated = Network(
        inputs={"X": ("N", 2)},
        targets={"Y": ("N", 1)},
        layers=[Dense(3, activation="tanh"), Dense(1, activation="sigmoid")],
        loss="sse",
        training=Training(kind, {"tolerance": 1e-5}),
    )
    made = load(stated.derive().generate("numpy")).Trainer()
    made.initialize(3)
    wanted = TRUTH.sum(axis=1, keepdims=True) % 2
    made.fit(TRUTH, wanted, epochs=300)
    np.testing.assert_allclose(made.predict(TRUTH), wanted, atol=0.05)


def test_it_stops_reports_and_validates(trainer):
    seen = []
    history = trainer.fit(X, Y, epochs=4, validation=(X, Y), callback=lambda *told: seen.append(told))
    assert len(history) == 4
    assert [epoch for epoch, _, _ in seen] == [1, 2, 3, 4]
    assert [loss for _, loss, _ in seen] == history
    assert [after for _, _, after in seen][:3] == pytest.approx(history[1:])  # validation sees the step
    again = type(trainer)()
    assert len(again.fit(X, Y, callback=lambda epoch, *_: epoch == 3)) == 3
    assert again.fit(X, Y, epochs=0) == []


def test_validation_and_callbacks_change_nothing(source):
    one, other = load(source).Trainer(), load(source).Trainer()
    rng = np.random.default_rng(8)

    def meddle(*_):
        other.gradients(rng.normal(size=X.shape), Y)

    plain = one.fit(X, Y, epochs=12)
    assert other.fit(X, Y, epochs=12, validation=(X[::-1], Y), callback=meddle) == plain


def test_saved_and_loaded_training_goes_on_as_if_nothing_had_been(kind, source, trainer, tmp_path):
    if kind == "lbfgs":
        pytest.skip("SciPy keeps what L-BFGS remembers to itself")
    trainer.fit(X, Y, epochs=3)
    trainer.save(tmp_path / "p.npz")
    other = load(source).Trainer()
    other.load(tmp_path / "p.npz")
    assert trainer.fit(X, Y, epochs=3) == other.fit(X, Y, epochs=3)


def test_what_is_not_finite_is_refused(trainer):
    with pytest.raises(ValueError, match="X holds values that are not finite"):
        trainer.fit(np.full_like(X, np.nan), Y)
    with pytest.raises(ValueError, match="X must have the shape"):
        trainer.fit(X[:, :2], Y)
    with pytest.raises(TypeError, match="batch_size"):
        trainer.fit(X, Y, batch_size=5)
    trainer.parameters["W1"][...] = np.nan
    with pytest.raises(ValueError, match="the loss is nan in epoch 1"):
        trainer.fit(X, Y)


def test_single_precision_trains_until_rounding_ends_it(source):
    single = load(source).Trainer(np.float32)
    history = single.fit(X, Y)
    assert len(history) < 500
    assert all(array.dtype == np.float32 for array in single.parameters.values())
    double = load(source).Trainer()
    double.fit(X, Y)
    assert single.loss(X, Y) == pytest.approx(double.loss(X, Y), rel=1e-3)


def test_its_module_runs_alone(kind, source, tmp_path):
    """In a fresh process, without symnet and SymPy, with every warning an error."""
    (tmp_path / "trainer.py").write_text(source)
    np.savez(tmp_path / "d.npz", X=X, Y=Y)
    refused = "('symnet', 'sympy', 'jinja2', 'scipy')" if kind != "lbfgs" else "('symnet', 'sympy', 'jinja2')"
    guard = (
        "import sys, runpy\n"
        "class Refuse:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.partition('.')[0] in {refused}:\n"
        "            raise AssertionError('the module imports ' + name)\n"
        "sys.meta_path.insert(0, Refuse())\n"
        "sys.argv = ['trainer.py', '--data', 'd.npz', '--epochs', '60', '-o', 'p.npz', '--seed', '3']\n"
        "runpy.run_path('trainer.py', run_name='__main__')\n"
    )
    command = [sys.executable, "-W", "error", "-c", guard]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "epoch 1 of 60: loss" in done.stdout
    assert "length of the gradient" in done.stdout
    trained = load(source).Trainer()
    trained.load(tmp_path / "p.npz")
    fresh = load(source).Trainer()
    fresh.initialize(3)
    assert trained.loss(X, Y) < fresh.loss(X, Y)


def test_what_layers_remember_is_kept_up_to_date(kind):
    """Batch normalization's running statistics, which a prediction uses."""
    layers = [Dense(4), BatchNorm(), Activation("tanh"), Dense(2)]
    made = load(network(kind, layers, epochs=40).derive().generate("numpy")).Trainer()
    made.initialize(1)
    untrained = np.square(made.predict(X) - Y).mean()
    made.fit(X, Y)
    assert np.square(made.predict(X) - Y).mean() < untrained / 2


def test_a_network_is_trained_and_certified_as_with_an_optimizer(kind):
    stated = network(kind, [Dense(2, activation="tanh"), Dense(2)], epochs=30)
    derivation = stated.derive()
    assert derivation.derived.updates == ()
    page = derivation.document("markdown")
    assert f"The solver {kind} trains the network".replace("_", r"\_") in page
    assert solver(kind).words in page
    certificate = derivation.verify()
    assert certificate.passed, str(certificate)
    data = Dataset({"X": X, "Y": Y}, {})
    done = train(derivation.generate("numpy"), stated.program, derivation.prediction, data, stated.training)
    assert done.losses[-1] < done.losses[0]


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"batch_size": 5}, "batch_size"),
        ({"schedule": "cosine"}, "schedule"),
        ({"warmup": 3}, "warmup"),
        ({"clip_norm": 1.0}, "clip_norm"),
        ({"clip_value": 1.0}, "clip_value"),
    ],
)
def test_what_a_solver_does_not_take_is_refused(kind, options, name):
    with pytest.raises(SpecError, match=f"the solver {kind} takes no {name}"):
        network(kind, **options).derive()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"colour": 1.0}, "has no setting 'colour'"),
        ({"tolerance": -1.0}, "tolerance of .* is -1.0"),
        ({"tolerance": float("nan")}, "tolerance of .* is nan"),
        ({"search_steps": 2.5}, "search_steps of .* is 2.5"),
        ({"search_steps": 0}, "search_steps of .* is 0"),
    ],
)
def test_settings_that_make_no_sense_are_refused(kind, settings, message):
    with pytest.raises(SpecError, match=message):
        network(kind, settings=settings).stated()


def test_settings_are_those_of_the_module(kind):
    made = load(network(kind, settings={"tolerance": 0.125}).derive().generate("numpy")).Trainer()
    assert made.tolerance == 0.125
    made.fit(X, Y)
    assert made.gradient_norms[-1] <= 0.25 < made.gradient_norms[0]


def test_random_numbers_and_fixed_networks_are_refused(kind):
    with pytest.raises(SpecError, match="is drawn anew"):
        network(kind, [Dense(4), Dropout(0.5), Dense(2)]).derive()
    frozen = network(kind, [Dense(2, frozen=True)])
    with pytest.raises(SpecError, match="has nothing to train"):
        replace(frozen, l2=0.0).derive()


def test_names_that_are_the_solvers_own_are_data(kind):
    names = ("vector", "gradient", "direction", "tolerance", "move")
    if solver(kind).product == "gauss_newton":
        names += ("residual",)
    for name in names:
        text = (
            f"loss: input[N, 2]\n{name}: parameter[2]\nslope: target[N]\n"
            f"A[n] = sum(loss[n,i]*{name}[i], i)\nL = sum((tanh(A[n]) - slope[n])**2, n)"
        )
        stated = Network.from_equations(text, training=Training(kind))
        made = load(stated.derive().generate("numpy")).Trainer()
        made.initialize(2)
        target = np.tanh(X[:, :2] @ np.array([0.5, -0.3]))
        made.fit(X[:, :2], target)
        np.testing.assert_allclose(made.parameters[name], [0.5, -0.3], atol=1e-6)


def test_an_unknown_name_is_told_from_optimizers_and_solvers():
    with pytest.raises(SpecError, match="no optimizer 'newton_gc'") as found:
        network("newton_gc").stated()
    assert found.value.suggestion == "newton_cg"


def test_gauss_newton_needs_one_place_where_the_loss_is_curved():
    two = Network(
        inputs={"X": ("N", 3)},
        targets={"Y": ("N", 2), "T": ("N", 1)},
        layers=[
            Dense(4, name="body"),
            Dense(2, name="head", inputs=["body"]),
            Dense(1, name="tail", inputs=["body"]),
        ],
        losses=[Loss("mse", {"A": "head", "Y": "Y"}), Loss("mse", {"A": "tail", "Y": "T"})],
        training=Training("gauss_newton"),
    )
    with pytest.raises(DerivationError, match=r"curved in several tensors \(A_head, A_tail\)"):
        two.derive()
    assert replace(two, training=Training("newton_cg")).derive().derived.further


@pytest.mark.parametrize("second", ["hessian", "hvp", "gauss_newton", "fisher"])
def test_second_derivatives_stand_beside_a_solver(kind, second):
    """A solver's own product stays; where another takes its place, the module does not train by that."""
    derivation = network(kind, [Dense(2)]).derive()
    made = load(derivation.second(second).generate("numpy")).Trainer()
    other = {"newton_cg": ("gauss_newton", "fisher"), "gauss_newton": ("hvp", "fisher"), "lbfgs": ()}[kind]
    assert hasattr(made, "fit") == (second not in other)
    if hasattr(made, "fit"):
        plain = load(derivation.generate("numpy")).Trainer()
        assert made.fit(X, Y, epochs=3) == plain.fit(X, Y, epochs=3)


def test_without_scipy_the_error_says_what_to_install(monkeypatch, tmp_path, capsys):
    stated = network("lbfgs", epochs=3)
    source = stated.derive().generate("numpy")
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    module = load(source)
    with pytest.raises(ImportError, match=r"pip install scipy, or symnet\[lbfgs\]"):
        module.Trainer().fit(X, Y)
    with pytest.raises(SymnetError, match="lbfgs needs SciPy"):
        train(source, stated.program, "A2", Dataset({"X": X, "Y": Y}, {}), stated.training)
    np.savez(tmp_path / "d.npz", X=X, Y=Y)
    assert module.main(["--data", str(tmp_path / "d.npz"), "-o", str(tmp_path / "p.npz")]) == 2
    assert "lbfgs needs SciPy" in capsys.readouterr().err
    assert not (tmp_path / "p.npz").exists()


def test_conjugate_gradients_allocate_no_vectors():
    """However many products are taken, and however many parameters there are."""
    stated = network("newton_cg", [Dense(20_000, activation="tanh"), Dense(2)], settings={"cg_iterations": 5})
    module = load(stated.derive().generate("numpy"))
    made = module.Trainer()
    made.fit(X[:4], Y[:4], epochs=1)
    w = made._workspaces[4]
    tracemalloc.start()
    module.conjugate_gradients(made, lambda: made._product(w, X[:4]), 0.0)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert made.vector.nbytes > 900_000
    assert most < 200_000  # NumPy has a buffer of its own, of 64 KiB
