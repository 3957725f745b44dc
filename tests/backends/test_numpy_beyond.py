"""Second derivatives and Jacobians of the generated module, against complex steps of the gradient by plain loops."""

from __future__ import annotations

import inspect
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from backends.modules import derived_from, load, set_parameters, source_of, trainer_of
from derivation.programs import CASES
from oracle import random_arrays

from symnet.derivation.second import hessian, hessian_product, jacobian
from symnet.equations.interpret import evaluate

STEP = 1e-30


def with_further(text, *makers, wrt=None, **options):
    derived = derived_from(text, wrt, **options)
    return replace(derived, further=tuple(make(derived) for make in makers))


def ready(derived, sizes, prediction=""):
    """A trainer at random parameters, all the arrays, and the arguments of the loss."""
    trainer = trainer_of(load(source_of(derived, prediction)), sizes)
    arrays = random_arrays(derived.stated, sizes)
    set_parameters(trainer, arrays)
    return trainer, arrays, [arrays[t.name] for t in derived.stated.arguments(derived.loss.name)]


def slopes(derived, arrays, sizes, along, results):
    """How the tensors `results` change along directions, by a complex step of the plain-loop interpreter."""
    moved = {k: a.astype(complex) if a.dtype.kind == "f" else a for k, a in arrays.items()}
    moved |= {name: arrays[name] + 1j * STEP * v for name, v in along.items()}
    values = evaluate(derived.live, moved, sizes)
    return {name: values[name].imag / STEP for name in results}


def gradient_names(derived):
    return {name: adjoint.equation.tensor.name for name, adjoint in derived.gradients.items()}


def close(found, expected, scale, name=""):
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-11 * max(1.0, scale), err_msg=str(name))


@pytest.mark.parametrize("name", CASES)
def test_a_product_is_the_slope_of_the_gradient_along_its_direction(name):
    """With an optimizer beside it, whose update is taken in between: what a product reads must be there, and the
    same again and again.
    """
    case = CASES[name]
    derived = with_further(case.text, hessian_product, wrt=case.wrt)
    trainer, arrays, data = ready(derived, case.sizes)
    rng = np.random.default_rng(1)
    for _ in range(2):
        along = {t.name: rng.normal(size=arrays[t.name].shape) for t in derived.wrt}
        names = gradient_names(derived)
        expected = slopes(derived, arrays, case.sizes, along, names.values())
        scale = max(np.abs(array).max() for array in expected.values())
        found = trainer.product(along, *data)
        assert found.keys() == names.keys()
        for tensor, gradient in names.items():
            close(found[tensor], expected[gradient], scale, tensor)
            assert not np.shares_memory(found[tensor], vars(trainer).get("product_vector", np.empty(1)))
        again = trainer.product(along, *data)
        for tensor in names:
            np.testing.assert_array_equal(found[tensor], again[tensor])


DENSE = CASES["dense"]
PARAMETERS = ("W1", "b1", "W2", "b2")


@pytest.fixture(scope="module")
def dense():
    """All three kinds beside each other, and an optimizer."""
    derived = with_further(
        DENSE.text, hessian_product, hessian, lambda d: jacobian(d, "A2"), wrt=PARAMETERS, optimizer="adam"
    )
    return derived, *ready(derived, DENSE.sizes, "A2")


def units(shape):
    for place in np.ndindex(shape):
        unit = np.zeros(shape)
        unit[place] = 1.0
        yield place, unit


def test_a_hessian_is_made_of_products_with_units(dense):
    derived, trainer, arrays, data = dense
    blocks = trainer.hessian(*data)
    assert blocks.keys() == {(row, column) for row in PARAMETERS for column in PARAMETERS}
    names = gradient_names(derived)
    for column in PARAMETERS:
        for place, unit in units(arrays[column].shape):
            expected = slopes(derived, arrays, DENSE.sizes, {column: unit}, names.values())
            for row in PARAMETERS:
                assert blocks[row, column].shape == arrays[row].shape + arrays[column].shape
                close(blocks[row, column][(..., *place)], expected[names[row]], 1.0, (row, column))


def test_its_matrix_lies_as_the_vector_of_the_parameters(dense):
    _, trainer, _, data = dense
    matrix = trainer.hessian_matrix(*data)
    np.testing.assert_allclose(matrix, matrix.T, rtol=1e-9, atol=1e-12)
    along = np.random.default_rng(2).normal(size=trainer.vector.size)
    found = trainer.product(along, *data)
    np.testing.assert_allclose(
        np.concatenate([found[name].ravel() for name in PARAMETERS]), matrix @ along, rtol=1e-9, atol=1e-11
    )
    np.testing.assert_array_equal(
        trainer.product_vector, np.concatenate([found[n].ravel() for n in PARAMETERS])
    )


def test_a_jacobian_is_the_slope_of_each_prediction(dense):
    derived, trainer, arrays, _ = dense
    assert list(inspect.signature(trainer.jacobian).parameters) == ["X"]
    found = trainer.jacobian(arrays["X"])
    for name in PARAMETERS:
        for place, unit in units(arrays[name].shape):
            expected = slopes(derived, arrays, DENSE.sizes, {name: unit}, ["A2"])["A2"]
            close(found["A2", name][(..., *place)], expected, 1.0, name)


def test_what_runs_in_between_disturbs_nothing(dense):
    """Each kind, after any other and after a step, gives what a new trainer gives."""
    derived, trainer, _, data = dense
    along = np.ones(trainer.vector.size)
    kinds = {
        "product": lambda t: t.product(along, *data),
        "hessian": lambda t: t.hessian(*data),
        "jacobian": lambda t: t.jacobian(data[0]),
        "gradients": lambda t: t.gradients(*data),
    }
    expected = {name: run(trainer) for name, run in kinds.items()}
    module = load(source_of(derived, "A2"))
    for first in (*kinds, "predict", "step"):
        for second, run in kinds.items():
            other = trainer_of(module, DENSE.sizes)
            other.vector[...] = trainer.vector
            if first == "predict":
                other.predict(data[0])
            elif first == "step":
                other.step(*data)
                other.vector[...] = trainer.vector
            else:
                kinds[first](other)
            for key, array in run(other).items():
                np.testing.assert_array_equal(array, expected[second][key], err_msg=f"{second} after {first}")


def test_products_at_one_point_need_one_evaluation_and_allocate_nothing(dense):
    derived, _, _, _ = dense
    trainer = trainer_of(load(source_of(derived, "A2")), DENSE.sizes)

    def peak(count):
        x, y = np.ones((count, DENSE.sizes["D"])), np.ones((count, DENSE.sizes["K"]))
        trainer.gradients(x, y)
        w = trainer._workspaces[count]
        trainer._product(w, x)
        tracemalloc.start()
        for _ in range(3):
            trainer._product(w, x)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    # NumPy has a buffer of its own, of at most 64 KiB whatever the size; anything that grows is ours.
    assert peak(20_000) < 65_536 + 4_096
    assert peak(80_000) - peak(20_000) < 8_192
    along = np.random.default_rng(3).normal(size=(2, trainer.vector.size))
    x, y = np.ones((5, DENSE.sizes["D"])), np.zeros((5, DENSE.sizes["K"]))
    fresh = [trainer.product(v, x, y) for v in along]
    for v, expected in zip(along, fresh, strict=True):  # now without evaluating the network anew
        trainer.direction[...] = v
        trainer._product(trainer._workspaces[5], x)
        np.testing.assert_array_equal(
            trainer.product_vector, np.concatenate([expected[name].ravel() for name in PARAMETERS])
        )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.pop("b1"), "each of W1, b1, W2, b2"),
        (lambda d: d.update(W9=d["W1"]), "each of W1, b1, W2, b2"),
        (lambda d: d.update(b1=np.ones(9)), r"direction of b1 must have the shape \(4,\), but it has \(9,\)"),
        (lambda d: d.update(b1=np.full(4, np.nan)), "the direction of b1 holds values that are not finite"),
    ],
    ids=["missing", "unknown", "shape", "nan"],
)
def test_directions_that_do_not_fit_are_refused_and_change_nothing(dense, change, message):
    _, trainer, arrays, data = dense
    directions = {name: np.ones(arrays[name].shape) for name in PARAMETERS}
    trainer.direction[...] = 7.0
    change(directions)
    with pytest.raises(ValueError, match=message):
        trainer.product(directions, *data)
    with pytest.raises(ValueError, match=rf"one vector of {trainer.vector.size} numbers, not of \(3,\)"):
        trainer.product(np.ones(3), *data)
    assert (trainer.direction == 7.0).all()


def test_directions_of_data_are_given_by_name():
    """They are as large as the data, and so lie in no vector."""
    derived = with_further(DENSE.text, hessian_product, wrt=(*PARAMETERS, "X"))
    trainer, _, data = ready(derived, DENSE.sizes)
    with pytest.raises(ValueError, match="a dict with an array for each of W1, b1, W2, b2, X"):
        trainer.product(np.ones(trainer.vector.size), *data)


def test_single_precision_and_names_that_are_taken():
    text = (
        "directions: input[N, 2]\nproduct: parameter[2]\ndirection: parameter\nvector: parameter[2]\n"
        "A[n] = sum(directions[n,i]*product[i]*vector[i]**2, i) + direction\nL = sum(tanh(A[n])**2, n)"
    )
    derived = with_further(text, hessian_product, hessian)
    sizes = {"N": 3}
    trainer, arrays, data = ready(derived, sizes)
    names = gradient_names(derived)
    along = {name: np.full(arrays[name].shape, 0.5) for name in names}
    expected = slopes(derived, arrays, sizes, along, names.values())
    for name, found in trainer.product(along, *data).items():
        close(found, expected[names[name]], 1.0, name)
    matrix = trainer.hessian_matrix(*data)
    single = load(source_of(derived)).Trainer(np.float32)
    set_parameters(single, arrays)
    assert single.hessian_matrix(*data).dtype == np.float32
    np.testing.assert_allclose(single.hessian_matrix(*data), matrix, rtol=1e-3, atol=1e-4)
