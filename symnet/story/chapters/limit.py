"""Why no line parts the points of exclusive or: the loop that never ends, and the argument."""

from __future__ import annotations

import sympy as sp

from symnet.documents import typeset as t
from symnet.documents.figures.drawing import Drawing
from symnet.documents.mathematics import Printer
from symnet.documents.outline import Block, Line, Section, Steps
from symnet.documents.typeset import row
from symnet.story.chapters.line import plane, points
from symnet.story.chapters.rule import moves, moving
from symnet.story.networks import POINTS, WANTED
from symnet.story.runs import at_point, spelled
from symnet.story.teller import Teller, pair, short

ABOVE = t.Sign(">", ">", "relation")


def chapter(tell: Teller) -> Section:
    """The four points, the circle of the rule, the sum of the four demands."""
    lesson = tell.runs.lessons["XOR"]
    again = tell.runs.second_try
    assert not lesson.learned
    assert not again.learned
    last = lesson.moves[-1]
    blocks: list[Block] = [
        tell.paragraph(
            "Exclusive or, XOR, says yes where exactly one of the two inputs is 1. Look at the four points "
            "and try to lay a ruler between the full ones and the empty ones."
        ),
        tell.figure(
            _four(tell), tell.say("XOR: the two points that want yes face each other, and so do the others.")
        ),
        tell.paragraph(
            "The rule does not manage it either. It begins with zeros, and these are its moves in the first "
            "round:"
        ),
        moves(tell, lesson.moves),
        tell.paragraph(
            "After this round the weights are {weights} and the bias is {bias}, exactly as they were before "
            "it. So the next round will be the same, and so will every round after it. The loop never ends.",
            weights=pair(last.weights),
            bias=short(last.bias),
        ),
        tell.paragraph(
            "Another beginning does not help. Let the unit begin with the weights that it has learned for "
            "AND. The line wanders about, and after round {now} all is as after round {then}.",
            now=str(again.rounds),
            then=str(again.again),
        ),
        tell.figure(
            moving(tell, "XOR", again),
            tell.say(
                "XOR: the line after each of {count} moves. None of them parts the points.",
                count=len(again.moves),
            ),
        ),
        tell.paragraph(
            "Perhaps the rule is only clumsy, and there are weights that it does not find? No. Write down "
            "what each point demands. Where yes is wanted the sum must be above zero; where no is wanted, "
            "the sum with its sign turned round must be."
        ),
        *_contradiction(tell),
        tell.paragraph(
            "Four numbers above zero cannot add up to zero. So there are no such weights: not for this rule, "
            "and not for any other. One line cannot part XOR."
        ),
    ]
    return Section(tell.text("Why can one line not part XOR?"), "limit", tuple(blocks))


def _four(tell: Teller) -> Drawing:
    plot = plane(tell)
    points(plot, WANTED["XOR"])
    return plot.drawing(tell.say("XOR: four points"))


def demands(tell: Teller) -> list[sp.Expr]:
    """What must be above zero at each point, in the weights and the bias."""
    program = tell.runs.perceptron.derived.program
    written = spelled(program.defining["z"].rhs, program, {})
    return [
        sp.expand(wanted * at_point(written, "X", point))
        for point, wanted in zip(POINTS, WANTED["XOR"], strict=True)
    ]


def _contradiction(tell: Teller) -> list[Block]:
    printer = Printer(tell.runs.perceptron.derived.program.tensors)
    lines = []
    found = demands(tell)
    for point, wanted, demand in zip(POINTS, WANTED["XOR"], found, strict=True):
        reason = tell.text("The point {point} wants {answer}:", point=pair(point), answer=tell.answer(wanted))
        lines.append(Line(reason, row(printer.show(demand), ABOVE, t.Number("0"))))
    total = sp.Add(*found)
    assert total == 0, "the four demands cancel"
    left = t.joined([t.Fence(printer.show(demand)) for demand in found], t.PLUS)
    lines.append(
        Line(
            tell.text("Add the four left sides. Everything cancels:"),
            row(left, t.EQUALS, printer.show(total)),
        )
    )
    return [Steps("", tuple(lines))]
