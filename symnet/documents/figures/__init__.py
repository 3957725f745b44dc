"""Drawings: described free of any format (`drawing.py`), and printed as SVG and as TikZ."""

from __future__ import annotations

from symnet.documents.figures.boxes import boxes_drawing
from symnet.documents.figures.drawing import Drawing
from symnet.documents.figures.network import folded, layers_of, units_of
from symnet.documents.figures.svg import svg
from symnet.documents.figures.tikz import tikz
from symnet.documents.figures.units import units_drawing
from symnet.documents.outline import Figure
from symnet.equations.program import Program
from symnet.messages import Language

COLUMNS = 8
"""So many layers are drawn unit by unit, at most."""


def figure(drawing: Drawing, caption: str, language: Language | None = None) -> Figure:
    """A drawing as a block of a document."""
    said = language or Language()
    return Figure(svg(drawing, said), said(caption), tikz(drawing, said))


def network_drawing(program: Program) -> Drawing | None:
    """The layers of a network; None where it is not made of layers."""
    layers = layers_of(program)
    if len(layers) < 2:
        return None
    units = [count for layer in layers if (count := units_of(program, layer)) is not None]
    in_a_row = all(layer.sources == (k,) for k, layer in enumerate(layers[1:]))
    if in_a_row and len(units) == len(layers) <= COLUMNS:
        return units_drawing(program, layers, units)
    return boxes_drawing(program, folded(program, layers))
