"""A perceptron and its line."""

from __future__ import annotations

from symnet.data import Array
from symnet.documents import typeset as t
from symnet.documents.figures.drawing import Drawing
from symnet.documents.mathematics import Printer
from symnet.documents.outline import Block, Section, Statement
from symnet.documents.typeset import row
from symnet.story.networks import BY_HAND, POINTS, WANTED
from symnet.story.plots import Plot
from symnet.story.runs import spelled
from symnet.story.teller import Teller, number, pair, short, symbol, table

WINDOW = (-0.5, 1.5)


def chapter(tell: Teller) -> Section:
    """The unit, its sum, what it says of four points, its line."""
    derived = tell.runs.perceptron.derived
    name = {tensor: symbol(derived.program, tensor) for tensor in ("X", "w", "b", "z")}
    blocks: list[Block] = [
        tell.paragraph(
            "A unit has two inputs. It multiplies each input by a number of its own, a weight, and adds up. "
            "It adds one more number, the bias. Then it looks at the sum: above zero it says yes, which is "
            "+1; otherwise it says no, which is −1. Such a unit is called a perceptron."
        ),
        tell.perceptron.equation("z", "index"),
        tell.perceptron.equation("h", "index"),
        tell.paragraph(
            "Each row of {X} is a point, and {n} counts the points. {w} holds the two weights, {b} is the "
            "bias. Written out, the sum is:",
            X=name["X"],
            n=t.Name("n"),
            w=name["w"],
            b=name["b"],
        ),
        _written_out(tell),
        tell.paragraph(
            "Let us ask the unit for AND: yes where both inputs are 1, no elsewhere. There are four points "
            "to get right. Take the weights 1 and 1, and the bias {b}:",
            b=short(BY_HAND["AND"][1]),
        ),
        *_by_hand(tell),
        tell.paragraph(
            "All four answers are right. Now look at the places where the sum is exactly zero. They form a "
            "straight line. On one side of it the unit says yes, on the other side no. That is all that one "
            "unit can do: it draws one line."
        ),
        tell.figure(
            gate(tell, "AND"),
            tell.say("AND: the unit says yes on the green side. A full point wants yes, an empty one no."),
        ),
        tell.figure(
            gate(tell, "OR"),
            tell.say("OR: the same weights; the bias {b} moves the line.", b=short(BY_HAND["OR"][1])),
        ),
    ]
    return Section(tell.text("What can one unit do?"), "line", tuple(blocks))


def _written_out(tell: Teller) -> Statement:
    program = tell.runs.perceptron.derived.program
    equation = program.defining["z"]
    shown = Printer(program.tensors, equation.indices)
    written = spelled(equation.rhs, program, {})
    return Statement("", row(shown.show(equation.lhs), t.EQUALS, shown.show(written)))


def _by_hand(tell: Teller) -> list[Block]:
    weights, bias = BY_HAND["AND"]
    values = _values(tell, "AND")
    head = (tell.say("point"), tell.say("sum"), tell.say("the unit says"), tell.say("it should say"))
    rows = [
        (pair(point), number(made, 1), tell.answer(said), tell.answer(wanted))
        for point, made, said, wanted in zip(POINTS, values["z"], values["h"], WANTED["AND"], strict=True)
    ]
    assert list(values["h"]) == list(WANTED["AND"]), f"{weights} and {bias} are AND"
    return [table(head, rows)]


def _values(tell: Teller, gate_name: str) -> dict[str, Array]:
    """What the unit makes of the points with the weights that a person finds."""
    weights, bias = BY_HAND[gate_name]
    return tell.runs.perceptron.network.evaluate(X=POINTS, w=weights, b=bias)


def plane(tell: Teller) -> Plot:
    """The plane of the two inputs."""
    return Plot(WINDOW, WINDOW, names=(tell.say("first input"), tell.say("second input")))


def points(plot: Plot, wanted: tuple[int, ...]) -> None:
    """The four points, and what is wanted of each."""
    for point, answer in zip(POINTS, wanted, strict=True):
        plot.point(float(point[0]), float(point[1]), answer > 0)


def gate(tell: Teller, name: str) -> Drawing:
    """A gate's points and the line of the weights that a person finds."""
    plot = plane(tell)
    weights, bias = BY_HAND[name]
    plot.side((weights, bias))
    plot.border(weights, bias)
    points(plot, WANTED[name])
    return plot.drawing(tell.say("{gate}: four points and a line between them", gate=name))
