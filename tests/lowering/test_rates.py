"""The learning rate in the first derivatives: where it goes, where it stays, and that a step is the same."""

from __future__ import annotations

import numpy as np
import pytest
from backends.modules import derived_from, load, source_of

from symnet.equations.program import reads
from symnet.lowering.rates import with_rate_inside

HEAD = """
X: input[N, 3]
Y: target[N, 2]
W: parameter[3, 2]
b: parameter[2]
Z[n,j] = sum(X[n,i]*W[i,j], i) + b[j]
A[n,j] = tanh(Z[n,j])
"""
PLAIN = "L = sum((A[n,j] - Y[n,j])**2, n, j)/N\n"
DECAYED = "L = sum((A[n,j] - Y[n,j])**2, n, j)/N + 0.1*sum(W[i,j]**2, i, j)\n"
RANDOM = np.random.default_rng(5)
X, Y = RANDOM.normal(size=(6, 3)), RANDOM.normal(size=(6, 2))


def derived(loss, optimizer="sgd"):
    return derived_from(HEAD + loss, optimizer=optimizer)


def readers(found, rate):
    return {e.tensor.name for e in found.computed.equations if rate in reads(e.rhs)}


def test_it_is_a_factor_of_the_first_derivative():
    found, rate = with_rate_inside(derived(PLAIN))
    assert rate is not None
    assert readers(found, rate.name) == {"dA"}
    assert {e.tensor.name for e in found.updates} == {"W_next", "b_next"}


def test_a_term_from_elsewhere_is_multiplied_where_it_stands():
    found, rate = with_rate_inside(derived(DECAYED))
    assert rate is not None
    assert readers(found, rate.name) == {"dA", "dW"}


@pytest.mark.parametrize("optimizer", ["momentum", "adam", "adadelta"])
def test_it_stays_where_a_step_is_no_multiple_of_the_gradient(optimizer):
    before = derived(PLAIN, optimizer)
    found, rate = with_rate_inside(before)
    assert found is before
    assert rate is None


@pytest.mark.parametrize("form", ["numbers", "arrays"])
@pytest.mark.parametrize("loss", [PLAIN, DECAYED])
def test_the_gradients_are_those_of_the_loss_and_a_step_is_the_rate_times_them(loss, form):
    trainer = load(source_of(derived(loss), form=form)).Trainer()
    trainer.initialize(3)
    trainer.unrolled_up_to = 10 if form == "numbers" else 0
    trainer.learning_rate = 0.25
    before = {name: array.copy() for name, array in trainer.parameters.items()}
    slopes = trainer.gradients(X, Y)
    for name, array in trainer.parameters.items():
        for place in np.ndindex(array.shape):
            around = []
            for change in (1e-6, -1e-6):
                array[place] = before[name][place] + change
                around.append(trainer.loss(X, Y))
            array[place] = before[name][place]
            assert slopes[name][place] == pytest.approx((around[0] - around[1]) / 2e-6, rel=1e-6, abs=1e-8)
    trainer.step(X, Y)
    for name, array in trainer.parameters.items():
        np.testing.assert_allclose(array, before[name] - 0.25 * slopes[name], rtol=1e-13, atol=1e-15)


def test_epochs_of_one_step_are_the_same_watched_or_not():
    trainers = [load(source_of(derived(PLAIN), form="arrays")).Trainer() for _ in range(2)]
    histories = [
        trainer.fit(X, Y, epochs=9, callback=watch)
        for trainer, watch in zip(trainers, (None, lambda *_: False), strict=True)
    ]
    assert histories[0] == histories[1]
    np.testing.assert_array_equal(trainers[0].W, trainers[1].W)
