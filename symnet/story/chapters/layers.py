"""Layers: a matrix of weights and a row of biases each."""

from __future__ import annotations

from symnet.documents.outline import Block, Section
from symnet.documents.typeset import Name
from symnet.story.chapters.units import gate_values
from symnet.story.networks import GATES, POINTS
from symnet.story.painted import painted, weighted
from symnet.story.teller import Teller, beside, matrix, stated, symbol, transposed


def chapter(tell: Teller) -> Section:
    """The gates as two layers, and all four points at once."""
    program, values = tell.runs.gates.program, gate_values(tell)
    name = {tensor: symbol(program, tensor) for tensor in ("X", "W1", "b1", "W2", "b2", "A1", "A2", "Z1")}
    weights = {f"layer {k}": (GATES[f"W{k}"], GATES[f"b{k}"]) for k in (1, 2)}
    blocks: list[Block] = [
        tell.paragraph(
            "The units AND and OR look at the same inputs. They stand side by side, and we call them a "
            "layer. The third unit reads what they say. It is a layer of its own, the last one."
        ),
        tell.figure(
            weighted(
                painted(program, tell.say("Two inputs, a layer of two units, a layer of one"), {}), weights
            ),
            tell.say("The network. A number at a line is a weight, a number in a unit is its bias."),
        ),
        tell.paragraph(
            "Every layer has one matrix of weights and one row of biases. Column {j} of the matrix holds the "
            "weights of unit {j}.",
            j=Name("j"),
        ),
        beside(
            (name["W1"], matrix(GATES["W1"], None)),
            (transposed(name["b1"]), matrix(GATES["b1"][None, :], None)),
        ),
        beside((name["W2"], matrix(GATES["W2"], None)), (name["b2"], matrix(GATES["b2"], None))),
        tell.paragraph(
            "Now one line says what a whole layer does, for all the points at once. First the sums, then "
            "what is said. The column of ones gives every point the same bias."
        ),
        *(stated(program, tensor) for tensor in ("Z1", "A1")),
        tell.paragraph("The last layer does the same with what the first one says, {A1}:", A1=name["A1"]),
        *(stated(program, tensor) for tensor in ("Z2", "A2")),
        tell.paragraph("In numbers, with a point in every row:"),
        beside((name["X"], matrix(POINTS, None)), (name["Z1"], matrix(values["Z1"], 1))),
        beside((name["A1"], matrix(values["A1"], 0)), (name["A2"], matrix(values["A2"], 0))),
        tell.paragraph(
            "The number in square brackets counts the layers. A network may have as many of them as we like, "
            "each with a W and a b of its own."
        ),
    ]
    return Section(tell.text("What is a layer?"), "layers", tuple(blocks))
