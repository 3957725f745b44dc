"""How the arrays of loops lie. That they hold the same numbers is tested with every network of a recurrence."""

import pytest

from symnet import Dense, Network
from symnet.layers.lstm import LSTM
from symnet.layers.rnn import RNN
from symnet.lowering.instructions import Loop
from symnet.lowering.schedule import schedule


def lowered(layer):
    """The array program of a network with a recurrence over 5 rows of 3 features."""
    network = Network(
        inputs={"X": ("N", 5, 3)}, targets={"Y": ("N", 2)}, layers=[layer, Dense(2)], loss="mse"
    )
    return schedule(network.derive().derived)


def shape(plan, name):
    return tuple(str(size) for size in plan.of_tensor[name].shape)


@pytest.fixture(scope="module")
def lstm():
    return lowered(LSTM(units=4, sequence=False))


@pytest.mark.parametrize("name", ["H1", "C1", "dZo1", "Zi1_given"])
def test_what_a_loop_computes_has_its_index_first(lstm, name):
    time, samples, _ = shape(lstm, name)
    assert samples == "N"
    assert time != "N"


@pytest.mark.parametrize("name", ["dO1", "dG1"])
def test_what_one_turn_alone_reads_has_no_index_of_the_loop(lstm, name):
    assert shape(lstm, name)[0] == "N"
    assert len(shape(lstm, name)) == 2


def test_an_input_is_copied_once_in_the_order_of_the_loop(lstm):
    assert shape(lstm, "X_turned")[1] == "N"
    assert "X" in lstm.of_tensor
    copies = [line for line in (*lstm.predict, *lstm.loss, *lstm.backward) if line.tensor == "X_turned"]
    assert len(copies) == 1


def test_a_matrix_that_a_loop_multiplies_by_from_the_other_side_is_copied_before_it(lstm):
    lines = [line for line in lstm.backward if line.tensor == "Uo1_turned"]
    assert len(lines) == 1
    loop = next(k for k, line in enumerate(lstm.backward) if isinstance(line.instruction, Loop))
    assert lstm.backward.index(lines[0]) < loop


def test_a_gradient_stays_as_it_is():
    plan = lowered(RNN(units=4, sequence=False))
    assert len(shape(plan, "dU1")) == 2
    assert shape(plan, "dU1") == shape(plan, "U1")
