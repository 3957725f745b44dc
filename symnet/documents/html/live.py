"""The part of a page that trains the network which the page derives: its words, and what its script reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from symnet.documents.outline import Live
from symnet.messages import Language, say

HERE = Path(__file__).parent
WORDS = {
    "title": say("Train it here"),
    "intro": say(
        "The program of this derivation, printed as JavaScript: this page trains the very network that it "
        "derives. Play, and watch the blame change the weights."
    ),
    "without": say("This part trains the network in the page, and needs JavaScript."),
    "controls": say("Training"),
    "play": say("Play"),
    "pause": say("Pause"),
    "step": say("Step"),
    "reset": say("Reset"),
    "again": say("New weights"),
    "rate": say("Learning rate"),
    "speed": say("Steps at a time"),
    "steps": say("Step"),
    "loss": say("Loss"),
    "right": say("Right"),
    "curve": say("The loss, step by step."),
    "plane": say("What the network says of every point of the plane; the samples are the circles."),
    "axes": say("From left to right {across}, upwards {up}."),
    "weights": say("The weights: the wider the line, the larger; below zero orange and dashed."),
    "table": say("What the network says of each sample now"),
    "input": say("input"),
    "target": say("target"),
    "prediction": say("prediction"),
    "paused": say("Paused after {steps} steps; the loss is {loss}."),
    "fresh": say("New weights, drawn by the seed {seed}; the loss is {loss}."),
    "lost": say("The loss is no longer finite. Reset, and take a smaller learning rate."),
    "learnt": say("The loss is zero: there is nothing left to learn."),
    "yes": say("right"),
    "no": say("wrong"),
}
"""All that the part says. What stands in braces is put in by the script."""
SPEEDS = (1, 10, 100, 1000)


@dataclass(frozen=True, slots=True)
class Part:
    """What the template needs."""

    words: Mapping[str, str]
    speeds: tuple[int, ...]
    script: Markup
    given: Markup


def part_of(live: Live, language: Language | None = None) -> Part:
    """The part of a page for what it trains with."""
    said = language or Language()
    words = {name: said(word) for name, word in WORDS.items()}
    given = {
        "data": live.data,
        "inputs": live.inputs,
        "weights": live.weights,
        "seed": live.seed,
        "words": words,
    }
    script = (HERE / "live.js").read_text(encoding="utf-8")
    return Part(words, SPEEDS, in_script(f"{live.module}\n{script}"), in_script(json.dumps(given)))


def in_script(text: str) -> Markup:
    """Text between the tags of a script: what would end it there, or open a comment, is written otherwise. It
    stands in comments and strings alone, to which that makes no difference.
    """
    return Markup(text.replace("</", "<\\/").replace("<!--", "<\\!--"))  # noqa: S704
