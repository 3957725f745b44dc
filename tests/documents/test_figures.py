"""The drawing of a network: units where there are only rows of them, a line of layers otherwise."""

from __future__ import annotations

from xml.etree import ElementTree

from symnet.documents.figures import MOST, network_figure
from symnet.layers.add import Add
from symnet.layers.conv import Conv
from symnet.layers.dense import Dense
from symnet.layers.flatten import Flatten
from symnet.network import Network


def drawn(layers, shape, outputs=2):
    network = Network({"X": shape}, {"Y": ("N", outputs)}, layers, "sse", name="<drawn>")
    return ElementTree.fromstring(network_figure(network.stated()[0]))


def parts(svg, tag, kind=""):
    return [part for part in svg if part.tag == tag and kind in part.get("class", "")]


def test_rows_of_units_are_columns_with_an_edge_for_each_weight():
    svg = drawn([Dense(3, activation="tanh"), Dense(2)], ("N", 40))
    assert len(parts(svg, "circle")) == MOST - 1 + 3 + 2
    assert len(parts(svg, "line", "edge")) == MOST * 3 + 3 * 2
    assert [text.text for text in parts(svg, "text", "label")] == ["X (40)", "layer 1 (3)", "layer 2 (2)"]


def test_feature_maps_are_a_line_of_layers_with_their_shapes():
    svg = drawn([Conv(3, kernel=2), Flatten(), Dense(2)], ("N", 4, 4, 1))
    assert not parts(svg, "line")
    assert len(parts(svg, "circle")) == 4
    assert len(parts(svg, "path", "edge")) == 3
    shapes = [text.text for text in parts(svg, "text", "label")][1::2]
    assert shapes == ["N × 4 × 4 × 1", "N × 3 × 3 × 3", "N × 27", "N × 2"]


def test_a_way_around_a_layer_is_an_arc():
    layers = [
        Dense(2, name="one"),
        Dense(2, name="two", activation="tanh"),
        Add(name="both", inputs=("one", "two")),
    ]
    svg = drawn(layers, ("N", 2))
    starts = sorted(path.get("d").split()[1] for path in parts(svg, "path", "edge"))
    assert len(starts) == 4
    assert len(set(starts)) == 3  # two of them leave the same layer


def test_equations_alone_are_not_drawn():
    text = "X: input[N]\nW: parameter[N]\nL = sum(X[n]*W[n], n)"
    assert network_figure(Network(equations=text).stated()[0]) == ""
