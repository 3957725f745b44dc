"""Rosenblatt's rule: how a unit finds its line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from symnet.documents.context import Context
from symnet.documents.figures.drawing import Drawing
from symnet.documents.outline import Block, Fold, Section, Statement, Table
from symnet.story.chapters.line import plane, points
from symnet.story.networks import WANTED
from symnet.story.rosenblatt import Lesson, Move
from symnet.story.teller import Teller, number, pair, plain, short, symbol, table


def chapter(tell: Teller) -> Section:
    """The rule in words, as the slope of a loss, and at work on AND and OR."""
    quoted, lessons = tell.perceptron, tell.runs.lessons
    program = tell.runs.perceptron.derived.program
    last = lessons["AND"].moves[-1]
    blocks: list[Block] = [
        tell.paragraph(
            "Rosenblatt found a rule in 1958. Show the unit one point after another. Where its answer is "
            "right, change nothing. Where it should have said yes, add the point to the weights and 1 to the "
            "bias. Where it should have said no, subtract them. So each mistake pulls the line towards the "
            "point, or pushes it away."
        ),
        tell.paragraph(
            "The rule need not fall from the sky. Say what a mistake costs: a point on the right side costs "
            "nothing, a point on the wrong side costs the size of its sum. This is a loss, {L}, and {y} is "
            "the answer that is wanted, +1 or −1:",
            L=symbol(program, "L"),
            y=symbol(program, "y"),
        ),
        quoted.equation("L", "index"),
        tell.paragraph("How does the loss change when a weight changes? That is a derivative:"),
        quoted.equation("dz", "index"),
        quoted.equation("dw", "index"),
        quoted.equation("db", "index"),
        tell.paragraph(
            "The square bracket is 1 where the point is on the wrong side, or on the line itself, and 0 "
            "elsewhere. The loss grows in the direction of the slope, so we step the other way:"
        ),
        *_updates(tell),
        tell.paragraph(
            "With the step {eta} = 1 this is Rosenblatt's rule, letter for letter.",
            eta=symbol(tell.runs.perceptron.derived.computed, "learning_rate"),
        ),
        tell.paragraph(
            "Let it run. The unit begins with zeros and goes round the four points. Here is its first round "
            "with AND:"
        ),
        moves(tell, [move for move in lessons["AND"].moves if move.round == 1]),
        Fold(
            tell.text("All {count} moves", count=str(len(lessons["AND"].moves))),
            (moves(tell, lessons["AND"].moves),),
        ),
        tell.paragraph(
            "After {rounds} rounds the weights are {first} and {second}, and the bias is {bias}. No point is "
            "on the wrong side any more.",
            rounds=str(lessons["AND"].rounds),
            first=short(last.weights[0]),
            second=short(last.weights[1]),
            bias=short(last.bias),
        ),
    ]
    for gate in ("AND", "OR"):
        told = tell.say(
            "{gate}: the line after each move, the last one in full; {rounds} rounds.",
            gate=gate,
            rounds=lessons[gate].rounds,
        )
        blocks.append(tell.figure(moving(tell, gate, lessons[gate]), told))
    return Section(tell.text("How does it find its line?"), "rule", tuple(blocks))


def _updates(tell: Teller) -> list[Statement]:
    derived = tell.runs.perceptron.derived
    context = Context(derived, "rows")
    told = [context.statement(equation, derived.computed) for equation in derived.updates]
    return [plain(replace(statement, label="", matrix=None, shapes=(), words="")) for statement in told]


def moves(tell: Teller, made: Sequence[Move]) -> Table:
    """What the rule did, line by line."""
    head = (
        tell.say("round"),
        tell.say("point"),
        tell.say("sum"),
        tell.say("it should say"),
        tell.say("weights now"),
        tell.say("bias now"),
    )
    rows = [
        (
            str(move.round),
            pair(move.point),
            number(move.sum, 0),
            tell.answer(move.wanted),
            pair(move.weights),
            short(move.bias),
        )
        for move in made
    ]
    return table(head, rows)


def moving(tell: Teller, gate: str, lesson: Lesson) -> Drawing:
    """The line after each move, the earlier ones faint."""
    plot = plane(tell)
    count = len(lesson.moves)
    if lesson.learned:
        plot.side((lesson.moves[-1].weights, lesson.moves[-1].bias))
    for k, move in enumerate(lesson.moves, start=1):
        recent = "edge strong" if 2 * k > count else "edge"
        plot.border(move.weights, move.bias, "strong line" if k == count and lesson.learned else recent)
    points(plot, WANTED[gate])
    return plot.drawing(tell.say("{gate}: the line as it moves", gate=gate))
