"""AND and OR together say XOR."""

from __future__ import annotations

from symnet.data import Array
from symnet.documents import typeset as t
from symnet.documents.figures.drawing import Drawing
from symnet.documents.outline import Block, Section, Statement, Table
from symnet.documents.typeset import Node, row
from symnet.story.chapters.line import plane, points
from symnet.story.networks import BY_HAND, GATES, POINTS, WANTED
from symnet.story.plots import Plot
from symnet.story.teller import Teller, short, table

NOT = t.Sign("!", "!", "prefix")
AND_UNIT = t.Script(t.Name("H"), t.Number("11"))
OR_UNIT = t.Script(t.Name("H"), t.Number("12"))
NAME = t.Name("XOR", "upright", r"\mathrm{XOR}")
EITHER: Node = row(NOT, OR_UNIT, t.PLUS, AND_UNIT)
BETWEEN = (-1.6, 1.6)


def chapter(tell: Teller) -> Section:
    """The strip between two lines, the truth table, the points as the two units see them."""
    values = gate_values(tell)
    weights, bias = GATES["W2"][:, 0], GATES["b2"][0]
    blocks: list[Block] = [
        tell.paragraph(
            "One line is too few. Take two: the line of AND and the line of OR. The points that XOR wants "
            "lie between them, where OR says yes and AND says no."
        ),
        tell.figure(
            _strip(tell), tell.say("XOR: yes in the strip between the line of OR and the line of AND.")
        ),
        tell.paragraph(
            "So let two units look at the point: {first} is AND, {second} is OR. A third unit looks at what "
            "the two say, and not at the point. Write ! for not and + for or:",
            first=AND_UNIT,
            second=OR_UNIT,
        ),
        Statement("", row(NAME, t.EQUALS, NOT, t.Fence(EITHER))),
        tell.paragraph(
            "In words: it must not be that OR says no, or that AND says yes. The table goes through all four "
            "points. Its last two columns, what the third unit says and what is wanted, are the same:"
        ),
        truth(tell, values),
        tell.paragraph(
            "The third unit is a perceptron like the others. Its weights are {first} for AND and {second} "
            "for OR, and its bias is {bias}. And it needs only one line, since it sees other points than we "
            "do: the two units have moved them.",
            first=short(weights[0]),
            second=short(weights[1]),
            bias=short(bias),
        ),
        tell.figure(
            _moved(tell, values),
            tell.say(
                "What the third unit sees: (0, 1) and (1, 0) have become one point, and one line is enough."
            ),
        ),
    ]
    return Section(tell.text("Can two lines do it?"), "units", tuple(blocks))


def gate_values(tell: Teller) -> dict[str, Array]:
    """What all three units say of the four points."""
    return tell.runs.gates.evaluate(X=POINTS, **GATES)


def truth(tell: Teller, values: dict[str, Array]) -> Table:
    """The table of everything that is said."""
    head = [
        tell.say("first input"),
        tell.say("second input"),
        "H₁₁",
        "H₁₂",
        "!H₁₂",
        "!H₁₂ + H₁₁",
        "!(!H₁₂ + H₁₁)",
    ]
    head += [tell.say("third unit"), tell.say("wanted")]
    rows = []
    for point, (first, second), third, wanted in zip(
        POINTS, values["A1"], values["A2"][:, 0], WANTED["XOR"], strict=True
    ):
        either = max(-second, first)
        assert third == -either == wanted
        said = [tell.answer(value) for value in (first, second, -second, either, -either, third, wanted)]
        rows.append((short(point[0]), short(point[1]), *said))
    return table(head, rows)


def _strip(tell: Teller) -> Drawing:
    plot = plane(tell)
    (weights, bias), other = BY_HAND["AND"], BY_HAND["OR"]
    plot.side(((-weights[0], -weights[1]), -bias), other)
    for first, second in BY_HAND.values():
        plot.border(first, second)
    plot.words(1.0, 0.5, "AND")
    plot.words(0.0, 0.5, "OR")
    points(plot, WANTED["XOR"])
    return plot.drawing(tell.say("XOR: four points and two lines"))


def _moved(tell: Teller, values: dict[str, Array]) -> Drawing:
    plot = Plot(BETWEEN, BETWEEN, ticks=((-1, 1), (-1, 1)), names=(tell.say("AND says"), tell.say("OR says")))
    weights, bias = GATES["W2"][:, 0], float(GATES["b2"][0])
    plot.side(((weights[0], weights[1]), bias))
    plot.border((weights[0], weights[1]), bias)
    for (first, second), wanted in zip(values["A1"], WANTED["XOR"], strict=True):
        plot.point(float(first), float(second), wanted > 0)
    return plot.drawing(tell.say("What AND and OR say, with one line"))
