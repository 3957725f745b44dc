"""The code that trains the network."""

from __future__ import annotations

import ast
import textwrap

from symnet.documents.outline import Block, Code, Fold, Section, Statement
from symnet.story.networks import STEPS
from symnet.story.teller import Teller, symbol

SHOWN = ("_predict", "_loss", "_backward", "_update")


def chapter(tell: Teller) -> Section:
    """The update, and the part of the generated module in which the equations are."""
    updates = [block for block in tell.xor.blocks("update") if isinstance(block, Statement | Fold)]
    safe = tell.xor.blocks("safe")
    blocks: list[Block] = [
        tell.paragraph(
            "Now all the slopes are known, and every weight takes a step downhill. The step {eta} is 1 here:",
            eta=symbol(tell.runs.xor.derived.computed, "learning_rate"),
        ),
        *updates,
        tell.paragraph(
            "Nobody writes this program by hand. It is printed from the equations, with NumPy alone. The "
            "number behind a line is that of the equation which it computes. First the answer, then the "
            "loss, then back, then the step; and that {steps} times.",
            steps=str(STEPS),
        ),
        Code(excerpt(tell.runs.module, SHOWN)),
    ]
    if safe:
        title = tell.text("Why some lines look different: the sigmoid, made safe for very large sums")
        blocks.append(Fold(title, safe))
    return Section(tell.text("What does the computer do?"), "code", tuple(blocks))


def excerpt(module: str, names: tuple[str, ...]) -> str:
    """Some methods of the Trainer in a module's text."""
    lines = module.splitlines()
    trainer = next(n for n in ast.parse(module).body if isinstance(n, ast.ClassDef) and n.name == "Trainer")
    found = {n.name: n for n in trainer.body if isinstance(n, ast.FunctionDef)}
    parts = (lines[found[name].lineno - 1 : found[name].end_lineno] for name in names)
    return "\n\n".join(textwrap.dedent("\n".join(part)) for part in parts) + "\n"
