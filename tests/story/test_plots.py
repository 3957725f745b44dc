"""Sides and borders in the window of a drawing."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from symnet.documents.figures.svg import svg
from symnet.story.networks import START
from symnet.story.painted import BLAMED, KNOWN, painted, weighted
from symnet.story.plots import Plot, _clipped, _crossings
from symnet.story.teller import short

UNIT = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]
SIDES = [((1.0, 1.0), -1.5), ((1.0, 0.0), -0.25), ((0.0, -1.0), 0.5), ((-2.0, 1.0), 0.3), ((1.0, 1.0), 5.0)]


def area(polygon):
    x, y = np.array(polygon).T
    return abs(x @ np.roll(y, 1) - y @ np.roll(x, 1)) / 2 if len(polygon) else 0.0


@pytest.mark.parametrize(("weights", "bias"), SIDES)
def test_a_side_has_the_area_that_points_count(weights, bias):
    middles = (np.arange(400) + 0.5) / 400
    x, y = np.meshgrid(middles, middles)
    counted = (weights[0] * x + weights[1] * y + bias > 0).mean()
    assert area(_clipped(UNIT, weights, bias)) == pytest.approx(counted, abs=4e-3)


@pytest.mark.parametrize(("weights", "bias"), SIDES[:-1])
def test_a_border_joins_two_places_on_the_edge_where_the_sum_is_zero(weights, bias):
    ends = _crossings((0, 1), (0, 1), weights, bias)
    assert len(ends) == 2
    for x, y in ends:
        assert weights[0] * x + weights[1] * y + bias == pytest.approx(0, abs=1e-12)
        assert {x, y} & {0, 1}


def test_what_is_not_to_be_seen_is_not_drawn():
    plot = Plot((0, 1), (0, 1))
    plot.side(((1.0, 1.0), -5.0))
    plot.border((1.0, 1.0), -5.0)
    plot.border((0.0, 0.0), 0.0)
    assert not plot.parts


def test_words_are_escaped():
    plot = Plot((0, 1), (0, 1), names=("<a>", "&"))
    plot.words(0, 0, "<script>")
    drawn = ET.fromstring(svg(plot.drawing('"<b>"')))
    assert "<script>" in "".join(drawn.itertext())


def test_shades_cover_the_window():
    plot = Plot((0, 1), (0, 1))
    plot.shade([[0.2, 0.4], [0.6, 1.0]])
    strengths = {part.strength: len(part.areas) for part in plot.parts}
    assert strengths == {0.2: 1, 0.4: 1, 0.6: 1, 1.0: 1}


def test_layers_are_painted_and_weights_are_written_where_they_belong(runs):
    program = runs.gates.program
    drawing = painted(program, "", {"layer 2": KNOWN, "layer 1": BLAMED})
    drawn = ET.fromstring(svg(drawing))
    kinds = {
        group.get("data-layer"): {circle.get("class") for circle in group.iter("circle")}
        for group in drawn.iter("g")
        if group.get("data-layer")
    }
    assert kinds == {"X": {"unit input"}, "layer 1": {f"unit {BLAMED}"}, "layer 2": {f"unit {KNOWN}"}}
    weights = {f"layer {k}": (START[f"W{k}"], START[f"b{k}"]) for k in (1, 2)}
    words = [element.text for element in ET.fromstring(svg(weighted(drawing, weights))).iter("text")]
    for matrix, bias in weights.values():
        for value in (*matrix.flat, *bias):
            words.remove(short(value))
