"""Training with the generated module on the data of a specification, and what is said of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from symnet.data import Dataset
from symnet.errors import DataError, SpecError
from symnet.folders import in_order
from symnet.network import Training
from symnet.pipeline import Network
from symnet.spec import load
from symnet.training import arguments, new_trainer, read_data, train

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


def run(path, **changes):
    """The run of a specification, with some of its training changed."""
    spec = load(path)
    network = Network.of(spec.network)
    derivation = network.derive()
    training = Training(**{**{f: getattr(network.training, f) for f in Training.__slots__}, **changes})
    data = read_data(spec, network.program, training.seed)
    source = derivation.generate("numpy")
    return train(source, network.program, derivation.prediction, data, training)


def test_xor_is_learned_to_its_truth_table():
    done = run(EXAMPLES / "xor.toml")
    assert len(done.losses) == 4000
    assert done.train.accuracy == 1.0
    for row in done.rows:
        assert row.predicted == pytest.approx(row.wanted, abs=0.05)


def test_loy_ends_where_it_is_known_to_end():
    done = run(EXAMPLES / "loy.toml")
    assert len(done.losses) == 1500
    predicted = [row.predicted[0] for row in done.rows]
    assert predicted == pytest.approx([0.02, 0.98, 0.98, 0.03], abs=0.02)


@pytest.mark.parametrize("seed", [0, 1])
def test_digits_are_told_with_97_in_100_held_out(seed):
    done = run(EXAMPLES / "digits.toml", seed=seed)
    assert done.test is not None
    assert (done.train.samples, done.test.samples) == (1438, 359)
    assert done.test.accuracy >= 0.97
    counts = np.array(done.test.confusion)
    assert counts.shape == (10, 10)
    assert counts.sum() == 359
    assert np.trace(counts) / 359 == done.test.accuracy
    assert done.rows == ()  # too many to write out
    assert done.losses[-1] < done.losses[0] / 10


def test_a_perceptron_learns_and():
    done = run(EXAMPLES / "perceptron.toml")
    assert done.train.accuracy == 1.0
    assert [row.predicted[0] for row in done.rows] == [-1, -1, -1, 1]


WHOLE = """
X: input[N, 2]
Y: target[N]
A[n] = sign(X[n,0] + X[n,1] - 1)
L = sum((A[n] - Y[n])**2, n)
"""


def test_a_network_without_parameters_is_only_run():
    network = Network.from_equations(WHOLE)
    derivation = network.derive()
    x = np.array([[-1.0, -1], [-1, 1], [1, -1], [1, 1]])
    data = Dataset({"X": x, "Y": np.array([-1.0, -1, -1, 1])}, {})
    done = train(derivation.generate("numpy"), network.program, derivation.prediction, data, Training())
    assert (done.losses, done.train.loss, done.train.accuracy) == ((), 0.0, 1.0)
    assert [row.predicted for row in done.rows] == [(-1,), (-1,), (-1,), (1,)]
    assert done.trainer.parameters == {}


def test_progress_is_told_and_may_end_the_training():
    told = []

    def progress(epoch, loss, _):
        told.append((epoch, loss))
        return epoch == 3

    spec = load(EXAMPLES / "xor.toml")
    network = Network.of(spec.network)
    derivation = network.derive()
    data = read_data(spec, network.program)
    source = derivation.generate("numpy")
    done = train(source, network.program, derivation.prediction, data, network.training, progress)
    assert told == list(enumerate(done.losses, start=1))
    assert len(told) == 3


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("learning_rate = 2.0", "learning_rate = 1e300", "the loss is"),
        ("X = [[0, 0], ", "X = [[0, 0, 0], ", "rows of one length"),
        ("X = [[0, 0], ", "X = [[0, nan], ", "X is nan"),
        ("Y = [[0], ", "Y = [[0], [0], ", "N is 5 there but 4 in X"),
        ("X = [[", "x = [[", "takes no array x"),
        ("[data]", "[data]\none_hot = { Q = 2 }", "takes no array Q"),
    ],
)
def test_data_that_do_not_fit(tmp_path, old, new, words):
    text = (EXAMPLES / "xor.toml").read_text(encoding="utf-8")
    if "1e300" in new:
        text = text.replace('activation = "sigmoid"', 'activation = "linear"')
    assert old in text
    path = tmp_path / "network.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with np.errstate(all="ignore"), pytest.raises((DataError, SpecError), match=words):
        run(path)


def test_a_specification_without_data(tmp_path):
    text = (EXAMPLES / "xor.toml").read_text(encoding="utf-8")
    path = tmp_path / "network.toml"
    path.write_text(text.partition("[data]")[0], encoding="utf-8")
    with pytest.raises(SpecError, match="names no data"):
        run(path)


def test_a_size_that_nothing_says():
    network = Network.from_equations(
        "X: input[N, D]\nW: parameter[D, H]\nV: parameter[H]\nY: target[N]\n"
        "A[n] = sum(sum(X[n,i]*W[i,j], i)*V[j], j)\nL = sum((A[n] - Y[n])**2, n)"
    )
    with pytest.raises(SpecError, match="the size"):
        new_trainer(network.derive().generate("numpy"))


def test_arguments_are_what_a_result_is_computed_from():
    program = Network.from_equations(WHOLE).program
    assert list(arguments(program, "L")) == ["X", "Y"]
    assert list(arguments(program, "A")) == ["X"]


SHARDED = """
[network]
name = "sharded"
loss = "cross_entropy"
[inputs]
X = ["N", 2, 3]
[targets]
Y = ["N", 3]
[[layers]]
kind = "flatten"
[[layers]]
kind = "dense"
units = 3
[training]
optimizer = "adam"
learning_rate = 0.05
epochs = 3
batch_size = 4
[data]
folder = "shards"
one_hot = { Y = 3 }
scale = { X = 255 }
reshape = { X = [2, 3] }
held_out = 0.25
"""


@pytest.fixture
def sharded(tmp_path):
    """Forty samples in four files of bytes."""
    rng, folder = np.random.default_rng(3), tmp_path / "shards"
    folder.mkdir()
    labels = rng.integers(0, 3, 40)
    pixels = (rng.integers(0, 100, (40, 6)) + 50 * labels[:, None]).astype(np.uint8)
    for k in range(4):
        np.savez(folder / f"{k}.npz", X=pixels[10 * k : 10 * k + 10], Y=labels[10 * k : 10 * k + 10])
    np.savez(tmp_path / "all.npz", X=pixels, Y=labels)
    path = tmp_path / "network.toml"
    path.write_text(SHARDED)
    return path


def test_a_folder_that_fits_into_memory_is_as_a_file(sharded):
    found = run(sharded)
    sharded.write_text(SHARDED.replace('folder = "shards"', 'file = "all.npz"'))
    expected = run(sharded)
    assert (found.losses, found.train, found.test) == (expected.losses, expected.train, expected.test)


def test_a_folder_that_does_not_fit_is_read_while_training(sharded, monkeypatch):
    monkeypatch.setattr("symnet.folders.BUFFER", 14 * 12)
    done = run(sharded, epochs=60)
    assert (done.train.samples, done.test.samples) == (30, 10)
    assert done.losses[-1] < done.losses[0] / 1.5
    assert done.train.accuracy > 0.9
    assert np.sum(done.test.confusion) == 10
    spec = load(sharded)
    parts = read_data(spec, Network.of(spec.network).program)
    rows = {
        name: np.concatenate([batch[0].reshape(-1, 6) for batch in in_order(getattr(parts, name))])
        for name in ("train", "test")
    }
    both = np.concatenate(list(rows.values())) * 255
    with np.load(sharded.parent / "all.npz") as every:
        assert sorted(both.round().astype(int).tolist()) == sorted(every["X"].tolist())
    assert done.train.loss == pytest.approx(
        done.trainer.loss(
            rows["train"].reshape(-1, 2, 3), np.concatenate([b[1] for b in in_order(parts.train)])
        )
    )


def test_what_a_stream_cannot_be_trained_by(sharded, monkeypatch):
    monkeypatch.setattr("symnet.folders.BUFFER", 14 * 12)
    for old, new, words in [
        ("batch_size = 4", "", "each step would take all"),
        ('"shards"', '"shard"', "no such folder"),
        ("[2, 3] }", "[7] }", "has 6 numbers"),
        ("Y = 3 }", "Y = 2 }", "Y"),
        ("held_out = 0.25", "held_out = 0.99", "nothing is left"),
        ("folder", 'file = "all.npz"\nfolder', "or from a folder"),
    ]:
        sharded.write_text(SHARDED.replace(old, new))
        with pytest.raises((DataError, SpecError), match=words):
            run(sharded)


def test_training_goes_on_from_its_checkpoint(sharded, tmp_path):
    spec = load(sharded)
    derivation = Network.of(spec.network).derive()
    program, source = derivation.network.program, derivation.generate("numpy")
    data, path = read_data(spec, program), tmp_path / "c.npz"

    def trained(epochs, checkpoint=None):
        training = Training(optimizer="adam", epochs=epochs, batch_size=4)
        return train(source, program, derivation.prediction, data, training, checkpoint=checkpoint).losses

    assert trained(2, path) == trained(2)
    assert trained(4, path) == trained(4)
    with pytest.raises(SpecError, match="keeps no checkpoint"):
        train(source, program, "", data, Training(optimizer="newton_cg"), checkpoint=path)
