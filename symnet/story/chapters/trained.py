"""The training, what the network says afterwards, and the lines that it found."""

from __future__ import annotations

from collections.abc import Mapping

from symnet.data import Array
from symnet.documents.figures.drawing import Drawing
from symnet.documents.outline import Block, Measured, Section
from symnet.story.chapters.line import plane, points
from symnet.story.chapters.smooth import answers, field
from symnet.story.networks import POINTS, START, STEPS, WANTED
from symnet.story.plots import Plot
from symnet.story.teller import Teller, beside, matrix, number


def chapter(tell: Teller) -> Section:
    """The loss falls; the truth table; the function; the lines of the two units, before and after."""
    trainer, losses = tell.runs.trained, tell.runs.losses
    assert ((trainer.predict(POINTS)[:, 0] > 0.5) == [wanted > 0 for wanted in WANTED["XOR"]]).all()
    blocks: list[Block] = [
        tell.paragraph("Let it run: {steps} steps, from the weights of the gates.", steps=str(STEPS)),
        Measured(
            (
                tell.figure(_falling(tell, losses), tell.say("The loss, step by step.")),
                tell.paragraph(
                    "The loss was {first} in the beginning and is {last} in the end.",
                    first=number(losses[0], 3),
                    last=number(losses[-1], 3),
                ),
                answers(tell, trainer.predict(POINTS)[:, 0]),
            )
        ),
        tell.paragraph(
            "Round them, and it is the table of XOR: 0, 1, 1, 0. Nobody told the units in front what to say. "
            "They were only told how much they were to blame."
        ),
        Measured(
            (
                tell.figure(field(tell, trainer.predict), tell.say("The function that was fitted.")),
                tell.figure(
                    _lines(tell, trainer.parameters),
                    tell.say("The lines of the two units: thin in the beginning, thick in the end."),
                ),
                tell.paragraph("The weights that it found:"),
                *(
                    beside(*((tell.symbol(name), matrix(trainer.parameters[name], 1)) for name in names))
                    for names in (("W1", "b1"), ("W2", "b2"))
                ),
            )
        ),
        tell.paragraph(
            "Look at the two lines. One unit is still a kind of AND, the other a kind of OR, but both have "
            "become much surer of themselves. The network has found by going downhill what we had found by "
            "thinking."
        ),
    ]
    return Section(tell.text("Does it learn?"), "trained", tuple(blocks))


def _falling(tell: Teller, losses: tuple[float, ...]) -> Drawing:
    plot = Plot(
        (0, len(losses) - 1),
        (0, 1.05),
        (520, 260),
        ((0, 100, 200, 300), (0, 0.5, 1)),
        (tell.say("step"), "L"),
    )
    plot.curve(list(enumerate(losses))[::2])
    return plot.drawing(tell.say("The loss falls"))


def _lines(tell: Teller, parameters: Mapping[str, Array]) -> Drawing:
    plot = plane(tell)
    for weights, kind in ((START, "edge strong"), (parameters, "strong line")):
        for j in range(2):
            first, second = map(float, weights["W1"][:, j])
            plot.border((first, second), float(weights["b1"][j]), kind)
    points(plot, WANTED["XOR"])
    return plot.drawing(tell.say("The lines of the two units"))
