"""The derivatives of the loss with respect to the last layer's weights and bias, step by step."""

from __future__ import annotations

from collections.abc import Iterator

from symnet.documents import typeset as t
from symnet.documents.outline import Block, Section, Steps
from symnet.story.networks import START
from symnet.story.teller import Teller, beside, number, table


def chapter(tell: Teller) -> Section:
    """From the loss to the answer, to the sum, to the weights and the bias; and measured."""
    name = {
        tensor: tell.symbol(tensor) for tensor in ("A1", "A2", "Z2", "W2", "b2", "L", "dA2", "dZ2", "dW2")
    }
    blocks: list[Block] = [
        tell.paragraph(
            "A weight does not touch the loss. It changes the sum, the sum changes the answer, and the "
            "answer changes the loss. So we go back along this way, from the loss to the weight, one "
            "equation at a time. A bar over a name says how much the loss grows with it: {bar} = {slope}. We "
            "call it the blame.",
            bar=name["dA2"],
            slope=tell.slope("A2"),
        ),
        tell.paragraph(
            "First the answer. The loss is a square, and the slope of a square is twice what is squared:"
        ),
        *derivation(tell, "A2"),
        tell.paragraph(
            "In these lines {delta} is 1 where its two indices are the same and 0 elsewhere. It says that a "
            "number depends on itself and on no other, and so it ends a sum.",
            delta=t.Script(t.Name("δ", "italic", r"\delta"), t.row(t.Name("m"), t.Name("n"))),
        ),
        tell.paragraph("Then the sum. Its blame is that of the answer times the slope of the sigmoid:"),
        *derivation(tell, "Z2"),
        tell.paragraph(
            "Now the weights. A weight is multiplied by what comes in, {A1}. So it is blamed by the blame of "
            "the sum times what came in, added up over all points:",
            A1=name["A1"],
        ),
        *derivation(tell, "W2"),
        tell.paragraph("And the bias. It is added as it is, so the blames of the sum are just added up:"),
        *derivation(tell, "b2"),
        tell.paragraph(
            "That is all that the last layer needs. At the weights of the beginning, with a point in every "
            "row, the numbers are:"
        ),
        beside((name["dA2"], tell.values("dA2")), (name["dZ2"], tell.values("dZ2"))),
        beside((tell.slope("W2"), tell.values("dW2")), (tell.slope("b2"), tell.values("db2"))),
        tell.paragraph(
            "Do you believe it? Measure it. Make one weight a tiny bit larger, then a tiny bit smaller, and "
            "see how much the loss changes:"
        ),
        measured(tell, ("W2", 0), ("W2", 1), ("b2", 0)),
    ]
    return Section(tell.text("Who is to blame in the last layer?"), "last", tuple(blocks))


def derivation(tell: Teller, name: str) -> Iterator[Block]:
    """How the adjoint of a tensor comes about, as the derivation's document has it."""
    yield from (block for block in tell.xor.blocks(f"adjoint-{name}") if isinstance(block, Steps))
    yield tell.xor.equation(f"d{name}")


def measured(tell: Teller, *entries: tuple[str, int]) -> Block:
    """Slopes that were derived beside slopes that were measured."""
    rows = []
    for name, row in entries:
        derived, found = float(tell.runs.values[f"d{name}"].flat[row]), tell.runs.nudged(name, row)
        assert abs(derived - found) < 1e-6, f"{name}: {derived} and {found}"
        rows.append(
            (
                tell.element(name, row),
                number(float(START[name].flat[row]), 1),
                number(derived, 4),
                number(found, 4),
            )
        )
    head = (tell.say("of"), tell.say("its value"), tell.say("slope, derived"), tell.say("slope, measured"))
    return table(head, rows)
