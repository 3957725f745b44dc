"""The squared error of the answer and of what was wanted."""

from __future__ import annotations

from symnet.documents.figures.drawing import Drawing
from symnet.documents.outline import Block, Section
from symnet.documents.typeset import Accent, Name
from symnet.story.networks import POINTS, START, XOR
from symnet.story.plots import Plot
from symnet.story.teller import Teller, number, pair, symbol, table

SEEN = (-8.0, 8.0)


def chapter(tell: Teller) -> Section:
    """The error of each point, the loss, and how the loss depends on one weight."""
    program = tell.runs.xor.derived.program
    wanted, said = Name("y"), Accent(Name("y"), "hat")
    blocks: list[Block] = [
        tell.paragraph(
            "To get better, the network must know how wrong it is, in one number. Call the answer that is "
            "wanted {y} and the answer of the network {said}. Take the difference, square it, and add up "
            "over the points. A square is never below zero, and large mistakes count most.",
            y=wanted,
            said=said,
        ),
        tell.xor.equation("L"),
        tell.paragraph(
            "In the equation {said} is {A}, what the last layer says, and {y} is {Y}.",
            said=said,
            y=wanted,
            A=symbol(program, "A2"),
            Y=symbol(program, "Y"),
        ),
        _errors(tell),
        tell.paragraph(
            "Now change one weight and leave the others alone: the one by which the last unit reads OR. At "
            "each value the loss is another number. The curve is a valley, and we stand on its slope, at "
            "{here}.",
            here=number(float(START["W2"][1, 0]), 0),
        ),
        tell.figure(_valley(tell), tell.say("The loss along one weight, and its slope where we stand.")),
        tell.paragraph(
            "The slope there is {slope}. It is below zero, so a larger weight makes the loss smaller. To "
            "learn is to walk downhill, with all the weights at once. For that we need the slope along every "
            "one of them: {dW} and {db} of every layer.",
            slope=number(_slope(tell)),
            dW=tell.slope("W2"),
            db=tell.slope("b2"),
        ),
    ]
    return Section(tell.text("How wrong is the network?"), "error", tuple(blocks))


def _slope(tell: Teller) -> float:
    return float(tell.runs.values["dW2"][1, 0])


def _errors(tell: Teller) -> Block:
    head = (tell.say("point"), "ŷ", "y", "ŷ − y", "(ŷ − y)²")
    said = tell.runs.values["A2"][:, 0]
    rows = [
        (pair(point), number(a, 3), number(y, 0), number(a - y, 3), number((a - y) ** 2, 3))
        for point, a, y in zip(POINTS, map(float, said), map(float, XOR[:, 0]), strict=True)
    ]
    rows.append((tell.say("all together"), "", "", "", number(float(tell.runs.values["L"]), 3)))
    return table(head, rows)


def _valley(tell: Teller) -> Drawing:
    curve = tell.runs.along("W2", 1)
    here, slope = (float(START["W2"][1, 0]), float(tell.runs.values["L"])), _slope(tell)
    top = max(value for _, value in curve)
    plot = Plot(
        SEEN, (0, 1.1 * top), (520, 280), ((-8, -4, 0, 4, 8), (0, 0.5, 1, 1.5, 2)), (tell.say("weight"), "L")
    )
    plot.curve(curve)
    plot.curve([(here[0] + step, here[1] + step * slope) for step in (-3, 3)], "edge back")
    plot.mark(*here)
    return plot.drawing(tell.say("The loss along one weight"))
