"""The derivative with respect to what the last layer reads: the blame goes to the layer before."""

from __future__ import annotations

from symnet.documents.outline import Block, Section
from symnet.story.chapters.last import derivation, measured
from symnet.story.painted import BLAMED, KNOWN, painted
from symnet.story.teller import Teller, beside, equals


def chapter(tell: Teller) -> Section:
    """What the last layer reads, who made it, and the gradients of the first layer."""
    name = {
        tensor: tell.symbol(tensor) for tensor in ("A1", "Z1", "W1", "W2", "b1", "X", "dA1", "dZ1", "dZ2")
    }
    blocks: list[Block] = [
        tell.paragraph(
            "The last layer can defend itself: “I did what I could with what I was given.” And it is right. "
            "Its sum is made of its weights, and of what it reads, {A1}. If {A1} had been better, the answer "
            "would have been better.",
            A1=name["A1"],
        ),
        tell.paragraph(
            "So take one more derivative: not by the weights, but by the input of the layer. It is as easy "
            "as the other, for weight and input stand there multiplied by each other:"
        ),
        *derivation(tell, "A1"),
        tell.paragraph(
            "This is the turning point of the story. The sums sent {A1} forward through {W2}; now the blame "
            "{dZ2} comes back through the same {W2}, turned over. Whoever was heard most is blamed most.",
            A1=name["A1"],
            W2=name["W2"],
            dZ2=name["dZ2"],
        ),
        tell.figure(
            painted(
                tell.runs.xor.derived.stated,
                tell.say("Layer 2 blames layer 1"),
                {"layer 2": KNOWN, "layer 1": BLAMED},
            ),
            tell.say("Orange: the layer whose blame is known. Blue: the layer that it blames."),
        ),
        equals(name["dA1"], tell.values("dA1")),
        tell.paragraph(
            "But {A1} is what the layer before has said: it is to that layer what the answer was to the last "
            "one. So all that we did for the last layer can be done again, with {dA1} in the place of the "
            "blame of the answer. Through the sigmoid to the sum:",
            A1=name["A1"],
            dA1=name["dA1"],
        ),
        *derivation(tell, "Z1"),
        tell.paragraph(
            "And from the sum to the weights W′ of the layer before, which we call {W1}, and to its bias. "
            "What comes in here are the points themselves, {X}:",
            W1=name["W1"],
            X=name["X"],
        ),
        tell.xor.equation("dW1"),
        tell.xor.equation("db1"),
        beside((tell.slope("W1"), tell.values("dW1")), (tell.slope("b1"), tell.values("db1"))),
        tell.paragraph("These can be measured, too, as every slope can:"),
        measured(tell, ("W1", 0), ("W1", 1), ("b1", 0), ("b1", 1)),
    ]
    return Section(tell.text("Who is to blame in the layer before?"), "before", tuple(blocks))
