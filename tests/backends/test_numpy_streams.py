"""Generated modules at data that do not fit in memory, and at trainings that are interrupted."""

from __future__ import annotations

import itertools
import threading
import tracemalloc

import numpy as np
import pytest
from backends.modules import derived_from, load, source_of

LAYERS = (
    "X: input[N, 3]\nY: target[N, 2]\nM: random[N, 4]\nW1: parameter[3, 4]\nb1: parameter[4]\nW2: parameter[4, 2]\n"
    "Z1[n,j] = sum(X[n,i]*W1[i,j], i) + b1[j]\nA1[n,j] = tanh(Z1[n,j]){dropout}\n"
    "Z2[n,j] = sum(A1[n,i]*W2[i,j], i)\nL = sum((Z2[n,j] - Y[n,j])**2, n, j)/N"
)
PLAIN = LAYERS.format(dropout="").replace("M: random[N, 4]\n", "")
RANDOM = np.random.default_rng(5)
X = RANDOM.normal(size=(53, 3))
Y = np.stack([np.arange(53.0), X[:, 0]], axis=1)  # a sample is known by its number
SMALL = 16 * 5 * 8
"""A buffer for 16 samples."""


@pytest.fixture(scope="module")
def module():
    """Its steps are arrays': what interrupts them here stands between their stretches."""
    derived = derived_from(PLAIN, None, "adam", {"learning_rate": 0.01})
    return load(source_of(derived, "Z2", batch_size=5, form="arrays"))


@pytest.fixture(scope="module")
def dropout():
    text = LAYERS.format(dropout="*(M[n,j] >= 0.5)")
    return load(source_of(derived_from(text, None, "adam"), "", batch_size=5))


@pytest.fixture(autouse=True)
def no_thread_is_left():
    before = threading.active_count()
    yield
    assert threading.active_count() == before


def packed(folder, *ends):
    """The data in npz files, each from the end of the one before."""
    folder.mkdir(exist_ok=True)
    for k, (start, stop) in enumerate(itertools.pairwise([0, *ends, len(X)])):
        np.savez(folder / f"part{k}.npz", X=X[start:stop], Y=Y[start:stop])
    return folder


def mapped(folder, *ends):
    folder.mkdir(exist_ok=True)
    for k, (start, stop) in enumerate(itertools.pairwise([0, *ends, len(X)])):
        key = f"-{k}" if ends else ""
        np.save(folder / f"X{key}.npy", X[start:stop])
        np.save(folder / f"Y{key}.npy", Y[start:stop])
    return folder


def maps(folder):
    mapped(folder)
    return [np.load(folder / f"{name}.npy", mmap_mode="r") for name in "XY"]


FORMS = {
    "memory maps": maps,
    "one in memory": lambda folder: [maps(folder)[0], Y],
    "npz": lambda folder: [packed(folder, 20, 41)],
    "npy": lambda folder: [mapped(folder, 20, 41)],
    "one npy": lambda folder: [str(mapped(folder))],
}


def batches_of(module, given, seed, size=5, epochs=1, buffer=SMALL):
    """The batches of `fit` in an epoch, read by the reader alone."""
    fields = [module.Field("X", (3,), False), module.Field("Y", (2,), False)]
    given = [*given, *[None] * (2 - len(given))]
    source, random = (
        module.source_of(given, fields, np.dtype(float), size, buffer),
        np.random.default_rng(seed),
    )
    return [[[a.copy() for a in batch] for batch in source.epoch(random)] for _ in range(epochs)]


@pytest.mark.parametrize("form", FORMS)
def test_what_fits_into_the_buffer_is_as_in_memory(module, tmp_path, form):
    one, other = module.Trainer(), module.Trainer()
    expected = one.fit(X, Y, epochs=3, seed=4)
    assert other.fit(*FORMS[form](tmp_path), epochs=3, seed=4) == expected
    np.testing.assert_array_equal(other.vector, one.vector)


@pytest.mark.parametrize("form", FORMS)
def test_an_epoch_takes_each_sample_once_in_an_order_that_the_seed_draws(module, tmp_path, form):
    given = FORMS[form](tmp_path)
    first, second = batches_of(module, given, 7, epochs=2)
    for epoch in (first, second):
        assert [len(x) for x, _ in epoch] == [5] * 10 + [3]
        x, y = (np.concatenate(arrays) for arrays in zip(*epoch, strict=True))
        order = y[:, 0].astype(int)
        assert sorted(order) == list(range(53))
        np.testing.assert_array_equal(x, X[order])
        np.testing.assert_array_equal(y, Y[order])
    orders = [
        [int(number) for _, y in epoch for number in y[:, 0]]
        for epoch in (first, second, *batches_of(module, given, 7), *batches_of(module, given, 8))
    ]
    assert orders[0] == orders[2]
    assert orders[0] != orders[1]
    assert orders[0] != orders[3]
    assert all(order != sorted(order) for order in orders)


@pytest.mark.parametrize("form", FORMS)
def test_the_steps_are_those_in_memory_when_the_order_is(module, tmp_path, form):
    given, one, other = FORMS[form](tmp_path), module.Trainer(), module.Trainer()
    history = one.fit(*given, epochs=2, seed=7, buffer=SMALL)
    expected = []
    for epoch in batches_of(module, given, 7, epochs=2):
        losses = [(other.step(x, y), len(x)) for x, y in epoch]
        expected.append(sum(loss * count for loss, count in losses) / 53)
    assert history == expected
    np.testing.assert_array_equal(one.vector, other.vector)


def test_a_sample_may_come_early_or_late_wherever_it_lies(module, tmp_path):
    """The mean place of each sample, over 300 orders, is the middle of the epoch, within five deviations."""
    given, places = [packed(tmp_path, 13, 26, 39)], np.zeros(53)
    for epoch in batches_of(module, given, 1, epochs=300):
        places[np.concatenate([y[:, 0] for _, y in epoch]).astype(int)] += np.arange(53)
    np.testing.assert_allclose(places / 300, 26, atol=5 * 53 / np.sqrt(12 * 300))


def test_a_list_of_shards_names_which_and_in_which_order(module, tmp_path):
    packed(tmp_path, 20, 41)
    (tmp_path / "shards.txt").write_text("part2.npz\n\npart0.npz\n")
    chosen = np.r_[41:53, 0:20]
    one, other = module.Trainer(), module.Trainer()
    assert one.fit(tmp_path, epochs=2) == other.fit(X[chosen], Y[chosen], epochs=2)
    mapped(tmp_path, 20, 41)
    (tmp_path / "shards.txt").write_text("1\n")
    assert one.fit(tmp_path, epochs=2) == other.fit(X[20:41], Y[20:41], epochs=2)


def cut(size=10):
    return [(X[start : start + size], Y[start : start + size]) for start in range(0, 53, size)]


def test_batches_of_the_callers_are_steps(module):
    one, other = module.Trainer(), module.Trainer()
    expected = [sum(one.step(x, y) * len(x) for x, y in cut()) / 53 for _ in range(2)]
    for data in (cut(), lambda: iter(cut()), lambda: ([x.tolist(), y] for x, y in cut())):
        other.initialize(0)
        assert other.fit(data, epochs=2) == expected
        np.testing.assert_array_equal(one.vector, other.vector)
    other.initialize(0)
    assert other.fit(iter(cut()), epochs=1) == expected[:1]


def test_what_can_be_read_once_is_not_read_twice(module):
    with pytest.raises(ValueError, match=r"no batches in epoch 2.*by a function"):
        module.Trainer().fit(iter(cut()), epochs=2)


def test_the_next_batch_is_read_while_a_step_computes(module):
    read, trainer = [threading.Event() for _ in cut()], module.Trainer()

    def batches():
        for event, batch in zip(read, cut(), strict=True):
            event.set()
            yield batch

    steps = itertools.count(1)

    def step(x, y):
        number = next(steps)
        assert number == len(read) or read[number].wait(10)
        return 1.0

    trainer.step = step
    trainer.fit(batches, epochs=1)


def test_reading_is_ahead_by_a_few_batches_only(module):
    made, done, trainer = itertools.count(), itertools.count(), module.Trainer()

    def batches():
        for _ in range(40):
            next(made)
            yield cut()[0]

    def step(x, y):
        ahead = int(repr(made)[6:-1]) - next(done)
        assert ahead <= 5  # the step's, two that wait, one that waits for room, one in the making
        return 1.0

    trainer.step = step
    trainer.fit(batches, epochs=1)


class ReaderError(Exception):
    pass


def test_errors_of_the_reader_reach_the_caller(module):
    def batches():
        yield from cut()[:3]
        raise ReaderError("disk on fire")

    with pytest.raises(ReaderError, match="disk on fire"):
        module.Trainer().fit(batches, epochs=1)


@pytest.mark.parametrize("error", [KeyboardInterrupt, ReaderError])
def test_reading_ends_when_the_caller_goes(module, tmp_path, error):
    """No thread is left: the fixture looks."""
    closed = []

    def batches():
        try:
            while True:
                yield cut()[0]
        finally:
            closed.append(True)

    trainer, steps = module.Trainer(), itertools.count()
    whole = trainer._update

    def update():
        whole()
        if next(steps) == 7:
            raise error

    trainer._update = update
    with pytest.raises(error):
        trainer.fit(batches, epochs=1)
    assert closed
    steps = itertools.count()
    with pytest.raises(error):
        trainer.fit(packed(tmp_path, 10, 20), epochs=1, buffer=SMALL)


def damage(folder, which):
    packed(folder, 20, 41)
    path = folder / "part1.npz"
    arrays = {"X": X[20:41], "Y": Y[20:41]}
    if which == "name":
        arrays["y"] = arrays.pop("Y")
    elif which == "columns":
        arrays["X"] = arrays["X"][:, :2]
    elif which == "axes":
        arrays["X"] = np.float64(3)
    elif which == "counts":
        arrays["Y"] = arrays["Y"][1:]
    elif which == "type":
        arrays["X"] = arrays["X"].astype(np.float32)
    elif which == "text":
        arrays["X"] = arrays["X"].astype(str)
    elif which == "objects":
        arrays["X"] = arrays["X"].astype(object)
    elif which == "nan":
        arrays["X"] = np.where(np.arange(21)[:, None] == 3, np.nan, arrays["X"])
    np.savez(path, **arrays)
    if which == "rubbish":
        path.write_bytes(b"rubbish")
    if which == "cut off":
        path.write_bytes(path.read_bytes()[:900])
    if which == "bits":
        content = bytearray(path.read_bytes())
        content[400] ^= 1
        path.write_bytes(content)


@pytest.mark.parametrize("buffer", [SMALL, 2**20])
@pytest.mark.parametrize(
    ("which", "message"),
    [
        ("name", "has no array Y; it has X, y"),
        ("columns", r"X must have the shape \(N, 3\), but it has \(21, 2\)"),
        ("axes", r"X must have the shape \(N, 3\), but it has \(\)"),
        ("counts", "Y has 20 samples, but X has 21"),
        ("type", "of float32, but in .*part0.npz it is .* of float64"),
        ("text", "X must hold numbers, not <U"),
        ("objects", "X must hold numbers, not object"),
        ("nan", "samples 0 to 20: X holds values that are not finite"),
        ("rubbish", "this is no file of arrays"),
        ("cut off", "this is no file of arrays"),
        ("bits", "CRC"),
    ],
)
def test_a_shard_that_does_not_fit_is_named(module, tmp_path, which, message, buffer):
    damage(tmp_path, which)
    with pytest.raises(ValueError, match=f"part1.npz.*{message}"):
        module.Trainer().fit(tmp_path, epochs=1, buffer=buffer)


def test_what_is_no_data(module, tmp_path):
    trainer = module.Trainer()
    for given, message in [
        ([tmp_path / "none"], "none: there is no such folder"),
        ([tmp_path], "holds no shards"),
        ([X], "in place of all, a folder or batches"),
        ([X.tolist()], "batch 1 has 3 arrays, not X, Y"),
        ([[(X, Y[:, :1])]], r"Y must have the shape \(N, 2\)"),
        ([[(X, np.full_like(Y, np.inf))]], "batch 1: Y holds values that are not finite"),
        ([[]], "no batches in epoch 1"),
    ]:
        with pytest.raises(ValueError, match=message):
            trainer.fit(*given, epochs=1)
    mapped(tmp_path, 20)
    (tmp_path / "Y-1.npy").unlink()
    with pytest.raises(ValueError, match=r"Y-1.npy: there is no such file"):
        trainer.fit(tmp_path, epochs=1)
    (tmp_path / "shards.txt").write_text("../part0.npz\n")
    with pytest.raises(ValueError, match="is no name of a file"):
        trainer.fit(tmp_path, epochs=1)
    with pytest.raises(ValueError, match="batch_size must be given"):
        trainer.fit(packed(tmp_path / "new", 20), epochs=1, batch_size=None, buffer=SMALL)


WIDE = "X: input[N, 500]\nY: target[N]\nW: parameter[500]\nA[n] = sum(X[n,i]*W[i], i)\nL = sum((A[n] - Y[n])**2, n)/N"


def test_memory_stays_bounded(tmp_path):
    """Thirty megabytes of samples, of which a buffer of two holds a few: it and six batches are allocated."""
    trainer = load(source_of(derived_from(WIDE), "A", batch_size=256)).Trainer(np.float32)
    count = 15_000
    x = np.lib.format.open_memmap(tmp_path / "X.npy", "w+", np.float32, (count, 500))  # a file without blocks
    y = np.lib.format.open_memmap(tmp_path / "Y.npy", "w+", np.float32, (count,))
    y[:] = 1.0
    for given in ([x, y], [tmp_path]):
        tracemalloc.start()
        try:
            losses = trainer.fit(*given, epochs=1, buffer=2**21)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert losses == [1.0]
        assert peak < 2**21 + 6 * 256 * 2004


# --- trainings that are interrupted


def interrupted(module, given, path, at, **more):
    """A training that is interrupted in the middle of its step `at`, and goes on in another trainer."""
    first, steps = module.Trainer(), itertools.count(1)
    whole = first._update

    def update():
        if next(steps) == at:
            first.vector[:2] = 7.0  # parameters are changed in part
            raise KeyboardInterrupt
        whole()

    first._update = update
    with pytest.raises(KeyboardInterrupt):
        first.fit(*given, checkpoint=path, **more)
    assert (first.vector[:2] != 7.0).all()
    second = module.Trainer()
    second.initialize(9)
    return second.fit(*given, checkpoint=path, **more), second


@pytest.mark.parametrize("every", [0.0, 1e9], ids=["copied each step", "copied once"])
@pytest.mark.parametrize("at", [1, 2, 11, 12, 27])
@pytest.mark.parametrize("form", ["memory", "whole", "npz", "memory maps", "batches"])
@pytest.mark.parametrize("kind", ["module", "dropout"])
def test_an_interrupted_training_goes_on_to_the_bit(request, tmp_path, kind, form, at, every, monkeypatch):
    module = request.getfixturevalue(kind)
    monkeypatch.setattr(module.Course, "copied_every", every)
    more = {"epochs": 30 if form == "whole" else 3, "seed": 3, "validation": (X, Y)}
    if form == "whole":
        more["batch_size"] = None
    forms = {**FORMS, "memory": lambda _: [X, Y], "whole": lambda _: [X, Y], "batches": lambda _: [cut(5)]}
    given = forms[form](tmp_path / "data")
    more |= {"buffer": SMALL} if form in FORMS else {}
    one = module.Trainer()
    expected = one.fit(*given, **more)
    found, other = interrupted(module, given, tmp_path / "c.npz", at, **more)
    assert found == expected
    for name, array in one._state().items():
        np.testing.assert_array_equal(other._state()[name], array)


def test_a_training_that_was_killed_goes_on_from_the_last_file(module, tmp_path, monkeypatch):
    monkeypatch.setattr(module.Course, "copied_every", 0.0)
    monkeypatch.setattr(module.Course, "written_every", 0.0)
    path, kept = tmp_path / "c.npz", tmp_path / "kept.npz"

    def keep(epoch, *_):
        if epoch == 2:
            kept.write_bytes(path.read_bytes())

    one, other = module.Trainer(), module.Trainer()
    expected = one.fit(X, Y, epochs=4, callback=keep, checkpoint=path)
    assert expected == module.Trainer().fit(X, Y, epochs=4)
    assert other.fit(X, Y, epochs=4, checkpoint=kept) == expected
    np.testing.assert_array_equal(one.vector, other.vector)
    longer = module.Trainer().fit(X, Y, epochs=6, checkpoint=path)
    assert longer == module.Trainer().fit(X, Y, epochs=6)
    loaded = module.Trainer()
    loaded.load(kept)  # a checkpoint holds what `save` writes, too


def test_a_loss_that_is_no_number_leaves_the_last_good_parameters(module, tmp_path, monkeypatch):
    monkeypatch.setattr(module.Course, "copied_every", 0.0)
    trainer, path, before = module.Trainer(), tmp_path / "c.npz", []

    def step(x, y):
        before.append(trainer.vector.copy())
        return whole(x, y)

    whole, trainer._step = trainer._step, step

    def spoil(epoch, *_):
        trainer.learning_rate = 1e200 if epoch == 2 else 0.01

    with (
        np.errstate(all="ignore"),
        pytest.raises(ValueError, match=r"loss is (inf|nan) in step 24, in epoch 3") as caught,
    ):
        trainer.fit(X, Y, epochs=5, callback=spoil, checkpoint=path)
    assert "again those after step 22" in str(caught.value)
    np.testing.assert_array_equal(trainer.vector, before[22])
    trainer.load(path)
    np.testing.assert_array_equal(trainer.vector, before[22])


def test_the_last_step_is_judged_by_its_parameters(module):
    trainer = module.Trainer()
    trainer.learning_rate = 1e308
    with np.errstate(all="ignore"), pytest.raises(ValueError, match="parameters are not finite"):
        trainer.fit(X * 1e3, Y, epochs=1, batch_size=None)
    assert np.isfinite(trainer.vector).all()


def test_an_error_of_the_callback_leaves_what_was_learned(module, tmp_path):
    def stop(epoch, *_):
        raise ReaderError

    one, other = module.Trainer(), module.Trainer()
    with pytest.raises(ReaderError):
        one.fit(X, Y, epochs=3, callback=stop, checkpoint=tmp_path / "c.npz")
    other.fit(X, Y, epochs=1)
    np.testing.assert_array_equal(one.vector, other.vector)


def test_a_file_of_another_training_is_refused(module, tmp_path):
    path, trainer = tmp_path / "c.npz", module.Trainer()
    trainer.fit(X, Y, epochs=1, checkpoint=path)
    with pytest.raises(ValueError, match=r"batch_size.*5.*here it is.*4"):
        trainer.fit(X, Y, epochs=2, batch_size=4, checkpoint=path)
    before = trainer.vector.copy()
    for text in (b"{}", b"rubbish", b'{"history": 3}', b'{"history": []}'):
        np.savez(path, **{**trainer._state(), "course": np.frombuffer(text, np.uint8)})
        with pytest.raises(ValueError, match="holds no training to go on with"):
            trainer.fit(X, Y, epochs=2, checkpoint=path)
    trainer.save(path)
    with pytest.raises(ValueError, match="holds no training to go on with"):
        trainer.fit(X, Y, epochs=2, checkpoint=path)
    np.testing.assert_array_equal(trainer.vector, before)
    with pytest.raises(OSError, match="none"):
        trainer.fit(X, Y, epochs=1, checkpoint=tmp_path / "none" / "c.npz")
