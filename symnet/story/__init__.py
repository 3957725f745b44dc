"""The story of how layers came to learn what one unit cannot: from a perceptron and its line to the chain
rule, told from networks that symnet derives, checks and trains as it tells.
"""

from __future__ import annotations

from symnet.documents.outline import Document
from symnet.messages import Language
from symnet.story.chapters import (
    augmented,
    back,
    before,
    code,
    error,
    last,
    layers,
    limit,
    line,
    proof,
    rule,
    smooth,
    trained,
    units,
)
from symnet.story.runs import Runs
from symnet.story.teller import Teller

CHAPTERS = (
    line,
    rule,
    limit,
    units,
    layers,
    smooth,
    error,
    last,
    augmented,
    before,
    back,
    code,
    trained,
    proof,
)
"""In the order in which they are read."""


def story(runs: Runs, language: Language) -> Document:
    """The whole story in one language."""
    tell = Teller(runs, language)
    lead = tell.text(
        "One unit draws one line, and that is not enough. This is the way from there to back-propagation. "
        "Every number in it was computed, every figure drawn from such numbers, and every equation derived "
        "and checked."
    )
    sections = tuple(chapter.chapter(tell) for chapter in CHAPTERS)
    heading = tell.say("How a network learns XOR")
    whole = Document("xor", lead, sections, "symnet story", language=language.name, heading=heading)
    return language.all_of(whole)
