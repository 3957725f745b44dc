"""Drawings: of a network as units or as a graph of layers, of the computation; as SVG and as TikZ."""

from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree

import pytest

from symnet.documents.context import Context
from symnet.documents.figures import network_drawing, svg, tikz
from symnet.documents.figures.computation import computation_drawing
from symnet.documents.figures.drawing import Box, Group, Label, cut, room
from symnet.documents.figures.layered import SPACE, layout
from symnet.documents.figures.units import MOST
from symnet.layers.add import Add
from symnet.layers.conv import Conv
from symnet.layers.dense import Dense
from symnet.layers.embedding import Embedding
from symnet.layers.flatten import Flatten
from symnet.layers.lstm import LSTM
from symnet.network import Network
from symnet.pipeline import Network as Whole


def stated(layers, shape, outputs=2):
    return Network({"X": shape}, {"Y": ("N", outputs)}, layers, "sse", name="<drawn>").stated()[0]


def drawn(layers, shape, outputs=2):
    return ElementTree.fromstring(svg(network_drawing(stated(layers, shape, outputs))))


def parts(root, tag, kind=""):
    return [part for part in root.iter(tag) if kind in part.get("class", "").split() or not kind]


def data(root, name):
    return [part.get(f"data-{name}") for part in root.iter("g") if part.get(f"data-{name}")]


def words(root, kind=""):
    return ["".join(part.itertext()) for part in parts(root, "text", kind)]


def test_rows_of_units_are_columns_with_an_edge_for_each_weight():
    root = drawn([Dense(3, activation="tanh"), Dense(2)], ("N", 40))
    assert len(parts(root, "circle")) == MOST - 1 + 3 + 2
    assert data(root, "layer") == ["X", "layer 1", "layer 2"]
    assert data(root, "edge") == ["X>layer 1", "layer 1>layer 2"]
    first, second = (group for group in root.iter("g") if group.get("data-edge"))
    ends = {(line.get("data-from"), line.get("data-to")) for line in second.iter("line")}
    assert ends == {(str(i), str(j)) for i in range(3) for j in range(2)}
    assert {line.get("data-from") for line in first.iter("line")} == {"0", "1", "2", "37", "38", "39"}
    assert words(root, "small")[-3:] == ["40 units", "3 units", "2 units"]
    assert "W[1]  40 × 3" in words(root)


def test_feature_maps_are_a_graph_of_boxes_with_their_shapes():
    root = drawn([Conv(3, kernel=2), Flatten(), Dense(2)], ("N", 4, 4, 1))
    assert data(root, "layer") == ["X", "layer 1", "layer 2", "layer 3"]
    shown = words(root)
    assert [shape for shape in shown if shape.startswith("N ×")] == [
        "N × 4 × 4 × 1",
        "N × 3 × 3 × 3",
        "N × 27",
        "N × 2",
    ]
    assert "15 numbers" in shown  # 2 * 2 * 1 * 3 weights and 3 biases


def test_a_way_around_a_layer_passes_it():
    layers = [
        Dense(2, name="one"),
        Dense(2, name="two", activation="tanh"),
        Add(name="both", inputs=("one", "two")),
    ]
    root = drawn(layers, ("N", 2))
    assert data(root, "edge") == [
        "X>layer one",
        "layer one>layer two",
        "layer one>layer both",
        "layer two>layer both",
    ]


def test_a_recurrent_layer_has_a_loop():
    network = Network({"X": ("N", 4, 2)}, {"Y": ("N", 4, 3)}, [LSTM(units=3)], "sse", name="<loop>")
    root = ElementTree.fromstring(svg(network_drawing(network.stated()[0])))
    layer = next(group for group in root.iter("g") if group.get("data-layer") == "layer 1")
    assert len(parts(layer, "path", "edge")) == 1


def test_a_long_row_of_equal_layers_is_drawn_as_one():
    layers = [Dense(4, activation="tanh") for _ in range(20)]
    root = drawn([*layers, Dense(2)], ("N", 4))
    assert set(data(root, "layer")) == {"X", *(f"layer {k}" for k in range(1, 22))}
    assert len([box for box in parts(root, "rect", "box") if "hidden" in box.get("class")]) == 3
    assert "2 … 19: 18 alike" in words(root, "name")
    assert data(root, "edge")[-2:] == ["layer 19>layer 20", "layer 20>layer 21"]


def test_equations_alone_are_not_drawn():
    text = "X: input[N]\nW: parameter[N]\nL = sum(X[n]*W[n], n)"
    assert network_drawing(Network(equations=text).stated()[0]) is None


def test_names_are_escaped_and_cut():
    layers = [Dense(2, name="a" * 60), Dense(2, name="last")]
    drawing = network_drawing(stated(layers, ("N", 3)))
    assert all("a" * 61 not in label for label in words(ElementTree.fromstring(svg(drawing)), "strong"))
    assert cut("abc", 100) == "abc"
    assert room(cut("a" * 60, 100)) <= 100


@pytest.mark.parametrize("count", [3, 12])
def test_nothing_in_a_layout_overlaps(count):
    edges = [(0, k) for k in range(1, count)] + [(k, count) for k in range(count)] + [(count, count + 1)]
    found = layout([40.0] * (count + 2), edges)
    for row in set(found.rows):
        middles = sorted(x for x, of in zip(found.middles, found.rows, strict=True) if of == row)
        assert all(b - a >= 40 + SPACE - 1e-6 for a, b in pairwise(middles))
    assert all(found.rows[a] < found.rows[b] for a, b in edges)
    assert len(found.passing[0, count]) == 1


def computation(*layers, shape=("N", 2)):
    network = Whole({"X": shape}, {"Y": ("N", 1)}, list(layers), "sse", name="<computed>")
    return Context(network.derive().derived, "rows")


def test_the_computation_shows_each_tensor_with_its_adjoint_and_the_numbers_of_both():
    context = computation(Dense(2, activation="sigmoid"), Dense(1))
    root = ElementTree.fromstring(svg(computation_drawing(context)))
    of = {group.get("data-of"): group for group in root.iter("g") if group.get("data-of")}
    assert {"X", "W1", "b1", "Z1", "A1", "W2", "b2", "Z2", "Y", "L"} <= set(of)
    for adjoint in context.derived.adjoints:
        group = of[adjoint.of.name]
        assert group.get("data-adjoint") == adjoint.equation.tensor.name
        assert words(group, "lit")[0].endswith(f"({context.label(adjoint.equation)})")
    assert of["X"].get("data-adjoint") is None
    blames = sum(len({c.use.tensor for c in adjoint.contributions}) for adjoint in context.derived.adjoints)
    lines = [line for line in parts(root, "path", "back") if "edge" in line.get("class")]
    assert len(lines) == blames


def test_a_long_computation_is_drawn_by_its_layers():
    context = computation(*[Dense(2, activation="tanh") for _ in range(9)], Dense(1))
    root = ElementTree.fromstring(svg(computation_drawing(context)))
    names = [group.get("data-of") for group in root.iter("g") if group.get("data-of")]
    assert names == ["X", "A1", "A2", "A9", "A10", "L"]


def test_tikz_says_the_same_in_the_same_places():
    drawing = network_drawing(stated([Dense(3, activation="tanh"), Dense(2)], ("N", 2)))
    text = tikz(drawing)
    assert text.count("circle[") == 2 + 3 + 2
    assert text.count(r"\draw[black!30]") == 2 * 3 + 3 * 2
    assert r"$\mathbf{W}^{[1]}$ 2 $\times$ 3" in text
    assert "blue" in text
    assert "orange" in text


def test_labels_of_one_line_do_not_overlap():
    tokens = [Embedding(tokens=99, units=16, name="embedded"), Dense(64, name="a_long_name_for_a_layer")]
    network = Network(
        {"X": {"shape": ("N", 12), "integer": True}}, {"Y": ("N", 12, 64)}, tokens, "sse", name="<words>"
    )
    for group in network_drawing(network.stated()[0]).parts:
        labels = [part for part in group.parts if isinstance(part, Label)] if isinstance(group, Group) else []
        boxes = [part for part in group.parts if isinstance(part, Box)] if labels else []
        for left, right in pairwise(labels):
            if boxes and left.y == right.y:
                assert left.x + room(left.words, left.kind) < right.x - room(right.words, right.kind)
