"""A step number by number is the step with arrays: for every layer, activation, loss and optimizer that has
this form, the interpreter's loss and parameters; and calm where a number of Python would raise.
"""

from __future__ import annotations

import contextlib
import itertools
from functools import partial

import numpy as np
import pytest
from backends.modules import data_of, derived_from, load, set_parameters, source_of, trainer_of, zero_states
from backends.test_numpy_networks import SMOOTH, arrays_for, derived_network
from behind import network_behind
from layers.samples import SIZES, arrays_of, every_sample, network_of

from symnet.derivation.derive import derive
from symnet.equations.interpret import evaluate
from symnet.equations.parse import parse_program
from symnet.equations.text import program_text
from symnet.index.symbols import Role
from symnet.layers.dense import Dense
from symnet.layers.layer import Sample
from symnet.registry import members
from symnet.updates import updates

SAMPLES = every_sample()
NOT_BY_NUMBERS = {
    "batch_norm",  # a sample depends on the others
    "dropout",  # random numbers are drawn as arrays
    "embedding",  # one of its inputs has no axis of samples
    "pool",  # positions of a maximum are computed as arrays
}

ARRAYS_ONLY = ("bell", "normal_cdf", "normal_pdf")
OVER_ALL_SAMPLES = {
    "cross_entropy_labels",  # divides by the number of labels that count, before any gradient
    "cross_entropy_weighted",  # its weights are data without an axis of samples
}


def by_numbers(derived, sizes, given, tolerance=1e-11):
    """Take one step by numbers and compare it with the interpreter's; False where there is no such form."""
    trainer = trainer_of(load(source_of(derived, form="numbers")), sizes)
    if not hasattr(trainer, "unrolled_up_to"):
        return False
    trainer.unrolled_up_to = 10**6
    trainer._workspace = None  # only a step with arrays needs one
    set_parameters(trainer, given)
    expected = evaluate(derived.computed, given | zero_states(derived, sizes), sizes)
    found = trainer.step(*data_of(trainer, given))
    np.testing.assert_allclose(found, expected[derived.loss.name], rtol=tolerance, atol=tolerance)
    for equation in derived.updates:
        of = equation.tensor.next_of
        if of in trainer.parameters:
            after = expected[equation.tensor.name]
            np.testing.assert_allclose(trainer.parameters[of], after, rtol=tolerance, atol=tolerance)
    return True


def fixed(sample):
    """The sample with every size a number, but for that of the samples."""
    numbers = {name: size for name, size in SIZES.items() if name != "N"}
    shapes = (
        shape if isinstance(shape, dict) else tuple(numbers.get(size, size) for size in shape)
        for shape in sample.inputs.values()
    )
    return Sample(sample.layer, *shapes)


@pytest.mark.parametrize("kind", sorted({name.partition("-")[0] for name in SAMPLES}))
def test_every_layer(kind):
    tried, found = 0, 0
    for name in [name for name in SAMPLES if name.partition("-")[0] == kind][:2]:
        sample = fixed(SAMPLES[name])
        program, _ = network_of(sample).stated()
        if program.of_role(Role.PARAMETER):
            derived = derive(program, optimizer=partial(updates, "sgd", {}))
            sizes = {**SIZES, **derived.stated.values}
            tried += 1
            found += by_numbers(derived, sizes, arrays_of(sample, derived.stated, sizes))
    assert (found > 0) == (tried > 0 and kind not in NOT_BY_NUMBERS)


@pytest.mark.parametrize("activation", SMOOTH)
def test_every_activation(activation):
    """Only functions that Python's `math` does not have to the last digit are left to the arrays."""
    layers = [Dense(4, activation=activation), Dense(2, activation=activation)]
    derived, _ = derived_network(layers=layers)
    text = program_text(derived.computed)
    assert by_numbers(derived, {"N": 5}, arrays_for(derived)) != any(
        f"{name}(" in text for name in ARRAYS_ONLY
    )


@pytest.mark.parametrize("loss", members("losses"))
def test_every_loss(loss):
    derived, _ = derived_network(**network_behind(loss))
    assert by_numbers(derived, {"N": 5}, arrays_for(derived)) == (loss not in OVER_ALL_SAMPLES)


def two_trainers(form="numbers", **changes):
    """The same trainer twice: one by numbers, one with arrays; and data."""
    optimizer = changes.pop("optimizer", "sgd")
    derived, prediction = derived_network(**changes)
    derived = derive(derived.stated, optimizer=partial(updates, optimizer, {}))
    module = load(source_of(derived, prediction, form=form))
    given = arrays_for(derived)
    numbers, arrays = (trainer_of(module) for _ in range(2))
    for trainer in (numbers, arrays):
        set_parameters(trainer, given)
    numbers.unrolled_up_to, arrays.unrolled_up_to = 10**6, 0
    return numbers, arrays, data_of(numbers, given)


def assert_same(one, other):
    for name, array in one._state().items():
        np.testing.assert_allclose(array, other._state()[name], rtol=1e-12, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("optimizer", members("optimizers"))
def test_every_optimizer_remembers_the_same(optimizer):
    numbers, arrays, data = two_trainers(optimizer=optimizer)
    for _ in range(3):
        assert numbers.step(*data) == pytest.approx(arrays.step(*data), rel=1e-12)
    assert_same(numbers, arrays)


def test_parameters_that_are_single_numbers():
    text = "X: input[N]\na: parameter\nb: parameter\nL = sum(X[n]**2, n)*(a + b)"
    derived = derived_from(text, ("a", "b"))
    assert by_numbers(derived, {"N": 3}, {"X": np.arange(3.0), "a": np.array(2.0), "b": np.array(-1.0)})


@pytest.mark.parametrize("batch_size", [None, 2])
@pytest.mark.parametrize("watched", [False, True])
def test_fit_takes_the_same_steps(batch_size, watched):
    numbers, arrays, data = two_trainers(optimizer="adam")
    callback = (lambda epoch, loss, _: epoch == 6) if watched else None
    one, other = (t.fit(*data, epochs=9, batch_size=batch_size, callback=callback) for t in (numbers, arrays))
    assert len(one) == (6 if watched else 9)
    np.testing.assert_allclose(one, other, rtol=1e-12)
    assert_same(numbers, arrays)


@pytest.mark.parametrize("scale", [1e3, 1e200])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_where_numbers_would_raise_the_arrays_go_on(scale):
    """Far from zero, and beyond what a float can be, both forms do the same, errors too."""
    numbers, arrays, (X, Y) = two_trainers(layers=[Dense(4, activation="linear"), Dense(2)], loss="sse")
    ended = []
    for trainer in (numbers, arrays):
        with contextlib.suppress(ValueError):
            ended.append(trainer.fit(X * scale, Y, epochs=8))
    assert len(ended) in (0, 2)
    assert_same(numbers, arrays) if ended else None
    for name, array in numbers.parameters.items():
        np.testing.assert_array_equal(np.isfinite(array), np.isfinite(arrays.parameters[name]))


def test_ctrl_c_leaves_the_last_whole_step():
    """Between two steps of a fit by numbers, the arrays have what the first of them gave."""
    numbers, arrays, data = two_trainers()
    whole, steps = numbers._step_of_numbers, itertools.count(1)

    def step(*given):
        if next(steps) == 4:
            raise KeyboardInterrupt
        return whole(*given)

    numbers._step_of_numbers = step
    with pytest.raises(KeyboardInterrupt):
        numbers.fit(*data, epochs=9, batch_size=None)
    for _ in range(3):
        arrays.step(*data)
    assert_same(numbers, arrays)


@pytest.mark.parametrize("batch_size", [None, 2])
def test_a_checkpoint_goes_on_to_the_same_bits(tmp_path, batch_size):
    once, again, data = two_trainers(optimizer="adam")
    again.unrolled_up_to = once.unrolled_up_to
    expected = once.fit(*data, epochs=6, batch_size=batch_size, checkpoint=tmp_path / "once.npz")
    again.fit(*data, epochs=4, batch_size=batch_size, checkpoint=tmp_path / "again.npz")
    found = again.fit(*data, epochs=6, batch_size=batch_size, checkpoint=tmp_path / "again.npz")
    assert found == expected
    for name, array in once._state().items():
        np.testing.assert_array_equal(array, again._state()[name])


def test_the_form_is_chosen_by_its_cost():
    """A network of a few numbers has both forms, with a bound on the samples; a large one has arrays only."""
    numbers, _, _ = two_trainers(form="")
    assert 1 <= trainer_of(load(source_of(derived_network()[0]))).unrolled_up_to < 50
    assert trainer_of(load(source_of(derived_network()[0])), dtype=np.float32).unrolled_up_to == 0
    large, _ = derived_network(inputs={"X": ("N", 64)}, layers=[Dense(32), Dense(2)])
    assert not hasattr(trainer_of(load(source_of(large))), "unrolled_up_to")
    assert "_step_of_numbers" not in source_of(derived_network()[0], form="arrays")
    assert numbers.unrolled_up_to


def test_a_parameter_that_is_one_number():
    """A bias without an axis is an array without one, beside the vector of the others."""
    program = parse_program(
        "X: input[N, 2]\ny: target[N]\nw: parameter[2]\nb: parameter\n"
        "z[n] = sum(X[n,i]*w[i], i) + b\nL = sum((z[n] - y[n])**2, n)"
    )
    derived = derive(program, optimizer=partial(updates, "sgd", {"learning_rate": 0.1}))
    given = {"X": np.array([[0.5, -1.0], [2.0, 0.25]]), "y": np.array([1.0, -1.0])}
    given |= {"w": np.array([0.3, -0.2]), "b": np.array(0.7)}
    assert by_numbers(derived, {"N": 2}, given)
