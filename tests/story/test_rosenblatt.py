"""One unit and its rule, beside a unit written out by hand; and what no unit can do."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import sympy as sp

from symnet.messages import Language
from symnet.story.chapters.limit import demands
from symnet.story.networks import BY_HAND, POINTS, WANTED
from symnet.story.rosenblatt import learn
from symnet.story.teller import Teller


def by_hand(wanted, start, rounds):
    """Rosenblatt's rule as he states it: each mistake adds the point, or subtracts it."""
    weights, bias = np.array(start[:2], dtype=float), float(start[2])
    moves = []
    for number in range(1, rounds + 1):
        for point, answer in zip(POINTS, wanted, strict=True):
            if answer * (weights @ point + bias) <= 0:
                weights, bias = weights + answer * point, bias + answer
                moves.append((number, tuple(point), tuple(weights), bias))
    return moves


@pytest.mark.parametrize("gate", WANTED)
@pytest.mark.parametrize("start", [(0.0, 0.0, 0.0), (3.0, 2.0, -4.0), (-1.0, 0.5, 2.0)])
def test_the_trainer_follows_the_rule(runs, gate, start):
    lesson = learn(runs.perceptron, WANTED[gate], start)
    found = [(move.round, move.point, move.weights, move.bias) for move in lesson.moves]
    assert found == by_hand(WANTED[gate], start, lesson.rounds)


@pytest.mark.parametrize("gate", ["AND", "OR"])
def test_a_line_that_was_learned_parts_the_points(runs, gate):
    last = runs.lessons[gate].moves[-1]
    assert runs.lessons[gate].learned
    assert (np.sign(POINTS @ np.array(last.weights) + last.bias) == WANTED[gate]).all()
    weights, bias = BY_HAND[gate]
    assert (np.sign(POINTS @ np.array(weights) + bias) == WANTED[gate]).all()


def test_exclusive_or_goes_in_a_circle(runs):
    for lesson in (runs.lessons["XOR"], runs.second_try):
        assert not lesson.learned
        moves = by_hand(WANTED["XOR"], (*lesson.moves[-1].weights, lesson.moves[-1].bias), 3)
        assert moves[-1][2:] == (lesson.moves[-1].weights, lesson.moves[-1].bias)


def test_the_demands_of_exclusive_or_contradict_each_other(runs):
    found = demands(Teller(runs, Language()))
    assert sp.Add(*found) == 0
    unknown = sorted(set().union(*(demand.free_symbols for demand in found)), key=str)
    elements = sorted({e for d in found for e in d.atoms(sp.Indexed)}, key=str)
    assert elements
    bias = next(s for s in unknown if str(s) == "b")
    for values in itertools.product((-3, -1, -0.5, 0, 0.5, 1, 3), repeat=3):
        at = dict(zip([*elements, bias], values, strict=True))
        assert min(demand.xreplace(at) for demand in found) <= 0
