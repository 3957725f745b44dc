"""Weights and bias as one coefficient."""

from __future__ import annotations

import numpy as np

from symnet.documents import typeset as t
from symnet.documents.outline import Block, Section
from symnet.story.teller import Teller, equals, matrix, symbol


def chapter(tell: Teller) -> Section:
    """A 1 beside every input, the bias below the weights, and the two gradients at once."""
    runs, program = tell.runs, tell.runs.augmented.derived.program
    a, c = symbol(program, "A"), symbol(program, "C")
    halves = np.vstack([runs.values["dW2"], runs.values["db2"][None, :]])
    assert np.allclose(runs.joined["dC"], halves, rtol=0, atol=1e-12), "one coefficient has both gradients"
    stacked = t.Matrix(((tell.symbol("W2"),), (tell.symbol("b2"),)))
    slopes = t.Matrix(((tell.slope("W2"),), (tell.slope("b2"),)))
    blocks: list[Block] = [
        tell.paragraph(
            "There was one rule for the weights and another for the bias. Look again: a bias is a weight "
            "too, the weight of an input that is always 1."
        ),
        tell.paragraph(
            "So write a 1 beside everything that comes in, and the bias below the weights. {A} are the "
            "inputs with the 1, {C} is the one coefficient:",
            A=a,
            C=c,
        ),
        equals(c, stacked, matrix(runs.joined["C"], 1)),
        tell.augmented.equation("Z"),
        tell.paragraph("It is one letter less to derive, and one gradient comes out:"),
        tell.augmented.equation("dC"),
        tell.paragraph("In numbers it is the two that we know, one below the other:"),
        equals(a, matrix(runs.joined["A"], 3)),
        equals(
            t.Fraction(t.row(t.PARTIAL, tell.symbol("L")), t.row(t.PARTIAL, c)),
            matrix(runs.joined["dC"], 3),
            slopes,
        ),
        tell.paragraph(
            "From now on, when we speak of the weights of a layer, we may mean both. In the code they stay "
            "apart, since nothing is gained by copying a column of ones."
        ),
    ]
    return Section(tell.text("Are weights and bias two things?"), "augmented", tuple(blocks))
