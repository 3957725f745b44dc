"""Charts: ticks, contours, fields, gradients entry by entry."""

from __future__ import annotations

import json
from dataclasses import asdict
from itertools import pairwise
from math import dist
from xml.etree import ElementTree

import numpy as np
import pytest

from symnet.documents.charts import boundary, confusion, curve
from symnet.documents.figures import svg, tikz
from symnet.documents.figures.axes import axis, tick_words, ticks
from symnet.documents.figures.contours import areas, border
from symnet.documents.figures.heat import heat_drawing
from symnet.documents.outline import Field, Sampled
from symnet.documents.typeset import Name, latex
from symnet.results import results_of
from symnet.surveys import SIDE, plane, sampled, slopes


def root(drawing):
    return ElementTree.fromstring(svg(drawing))


def words(drawing, kind):
    found = root(drawing).iter("text")
    return ["".join(text.itertext()) for text in found if kind in text.get("class").split()]


@pytest.mark.parametrize(
    ("low", "high"), [(0.0, 1.0), (0.0, 4000.0), (-0.25, 1.25), (1e-9, 3e-9), (-7.0, 512.0)]
)
def test_ticks_are_round_and_evenly_apart(low, high):
    found = ticks(low, high)
    assert 3 <= len(found) <= 7
    assert all(low - 1e-9 <= tick <= high + 1e-9 for tick in found)
    steps = {float(f"{b - a:.6g}") for a, b in pairwise(found)}
    assert len(steps) == 1
    assert f"{steps.pop():e}"[0] in "125"


@pytest.mark.parametrize(
    "values", [[1.0, 0.5, 0.2], [3.0, 1e-6], [0.0], [5.0, 5.0], [-1.0, 2.0], [80.0, 1.0]]
)
def test_an_axis_holds_its_values(values):
    found = axis(values)
    assert all(-1e-6 <= found.share(value) <= 1 + 1e-6 for value in values)
    assert len(found.ticks) >= 2
    assert found.logarithmic == (min(values) > 0 and max(values) / min(values) > 50)


def test_a_logarithmic_axis_ends_near_its_values():
    found = axis([1.04, 0.0006])
    assert (found.low, found.high) == (0.0005, 2.0)
    assert found.ticks == (0.001, 0.01, 0.1, 1.0)


def test_small_and_large_numbers_are_powers_of_ten():
    assert tick_words(0.001) == "0.001"
    assert tick_words(-2.0) == "−2"
    assert isinstance(tick_words(1e-6), tuple)
    assert latex(tick_words(1e-11)[0]) == "10^{{-} 11}"


def test_no_drawing_has_a_character_that_latex_lacks():
    """The loss falls over many powers of ten, and its logarithmic axis says so."""
    assert tikz(curve(tuple(10.0**-k for k in range(14)))).isascii()


def test_a_curve_ends_where_its_values_do():
    drawing = curve([0.9, 0.5, 0.3])
    assert words(drawing, "tick")[-3:] == ["1", "2", "3"]
    assert "0.9 to 0.3" in drawing.title
    assert curve([1.0]).parts


def circle(size=41):
    xs = list(np.linspace(-1, 1, size))
    return [[0.5 - float(np.hypot(x, y)) for x in xs] for y in xs], xs


def test_the_border_of_a_circle_is_one_closed_line_at_its_radius():
    values, xs = circle()
    lines = border(values, 0.0, xs, xs)
    assert len(lines) == 1
    assert lines[0][0] == lines[0][-1]
    assert all(abs(np.hypot(x, y) - 0.5) < 2e-3 for x, y in lines[0])


def test_the_areas_inside_a_circle_cover_it():
    values, xs = circle()

    def area(points):
        turned = [*points[1:], points[0]]
        return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(points, turned, strict=True))) / 2

    covered = sum(map(area, areas(values, 0.0, xs, xs)))
    assert abs(covered - np.pi / 4) < 5e-3


class Sign:
    """A predictor that tells on which side of a line a point is."""

    def predict(self, points):
        return 0.5 + (points @ np.array([[1.0], [2.0]]) - 1.0)

    def gradients(self, *arrays):
        return {"b": np.zeros(3), "W": np.arange(6.0).reshape(2, 3) - 2, "s": np.array(1.0)}


SAMPLES = {"X": np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), "Y": np.array([[0.0], [1], [0], [1]])}


def test_the_line_where_an_answer_changes_is_where_it_is():
    field = plane(Sign(), ["X"], ["X", "Y"], SAMPLES)
    assert field.points == ((0.0, 0.0, 0), (0.0, 1.0, 1), (1.0, 0.0, 0), (1.0, 1.0, 1))
    assert field.across == (-0.25, 1.25)
    size = len(field.values[0])
    xs = list(np.linspace(*field.across, size))
    lines = border(field.values[0], 0.0, xs, xs)
    assert len(lines) == 1
    assert all(abs(x + 2 * y - 1) < 2e-3 for x, y in lines[0])
    assert dist(lines[0][0], lines[0][-1]) > 1
    assert len(list(root(boundary(field)).iter("circle"))) == 4


def test_what_is_no_plane_of_classes_has_no_field():
    wide = {"X": np.zeros((4, 3)), "Y": SAMPLES["Y"]}
    assert plane(Sign(), ["X"], ["X", "Y"], wide) is None
    assert plane(Sign(), ["X"], ["X", "Y"], SAMPLES | {"Y": np.array([[0.3], [1], [2], [1]])}) is None


def test_several_classes_have_a_field_each():
    class Three:
        def predict(self, points):
            return np.stack([points[:, 0], points[:, 1], 1 - points.sum(axis=1)], axis=1)

    field = plane(Three(), ["X"], ["X", "Y"], SAMPLES | {"Y": np.array([0, 1, 2, 0])})
    assert len(field.values) == 3
    grids = np.array(field.values)
    assert ((grids > 0).sum(axis=0) <= 1).all()
    assert {kind for _, _, kind in field.points} == {0, 1, 2}
    assert svg(boundary(field))
    assert tikz(boundary(field))


def test_a_large_gradient_keeps_what_is_furthest_from_zero():
    array = np.zeros((3, 100, 50))
    array[1, 7, 3], array[2, 99, 49] = -5.0, 2.0
    table = sampled(array)
    assert table.shape == (3, 100, 50)
    assert (len(table.entries), len(table.entries[0])) == (SIDE, SIDE)
    entries = np.array(table.entries)
    assert entries.min() == -5.0
    assert entries[-1, -1] == 2.0
    assert (entries != 0).sum() == 2
    small = np.array([[1.0, -2.0], [0.0, 3.5]])
    assert np.array_equal(np.array(sampled(small).entries), small)


def test_zeros_are_marked_and_the_largest_is_the_strongest():
    table = Sampled((2, 2), ((0.0, -1.0), (0.5, 1e-9)))
    paths = {path.get("class"): path for path in root(heat_drawing([(Name("W"), table)])).iter("path")}
    assert {"none", "less", "more"} <= set(paths)
    drawing = heat_drawing([(Name("W"), Sampled((1, 2), ((0.0, 0.0),)))])
    assert "largest 0" in words(drawing, "small")


def test_what_is_drawn_is_kept_as_json():
    gradients = slopes(Sign(), ["X", "Y"], SAMPLES)
    assert list(gradients) == ["b", "W"]
    field = plane(Sign(), ["X"], ["X", "Y"], SAMPLES)
    kept = {"training": {}, "losses": [], "confusion": [], "samples": []}
    kept |= {"gradients": {name: asdict(table) for name, table in gradients.items()}, "plane": asdict(field)}
    results = results_of(json.loads(json.dumps(kept)))
    assert results.plane == field
    assert results.gradients == gradients
    assert isinstance(results.plane, Field)


def test_counts_stand_in_their_cells():
    assert words(confusion([[3, 1], [0, 4]]), "count") == ["3", "1", "4"]
