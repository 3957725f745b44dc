"""The sign gives way to the sigmoid, and classification becomes the fitting of a function."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import sympy as sp

from symnet.documents import typeset as t
from symnet.documents.figures.drawing import Drawing
from symnet.documents.mathematics import Printer
from symnet.documents.outline import Block, Code, Section, Statement, Steps
from symnet.documents.typeset import Node
from symnet.story.chapters.line import WINDOW, plane, points
from symnet.story.networks import POINTS, START, WANTED, XOR
from symnet.story.plots import Plot
from symnet.story.teller import Teller, number, pair, symbol, table

REACH, TILES = 6.0, 32


def chapter(tell: Teller) -> Section:
    """Why a sign cannot learn, what a sigmoid does, and what the network says now."""
    program = tell.runs.xor.derived.program
    a = symbol(program, "A2")
    steepest = tell.say("Its slope: {value} in the middle, and above zero everywhere.", value=number(0.25))
    blocks: list[Block] = [
        tell.paragraph(
            "We chose these weights by thinking. For a large network nobody can do that. The weights must be "
            "learned, and Rosenblatt's rule speaks of one layer only: nobody tells the units in front what "
            "they should have said."
        ),
        tell.paragraph(
            "Could we try what happens when a weight in front changes a little? Mostly nothing happens. The "
            "sum is a little larger, but yes stays yes. The sign is flat on both sides of its jump:"
        ),
        tell.figure(_curve(tell, _sign), tell.say("The sign: flat, a jump, flat.")),
        tell.figure(
            _curve(tell, lambda _: 0.0),
            tell.say("Its slope: zero. Whoever wants to know which way is better learns nothing."),
        ),
        tell.paragraph("Ask for the derivation of the gates, and it is refused:"),
        Code(tell.runs.refusal, ""),
        tell.paragraph(
            "So we round the jump off. The sigmoid rises from 0 to 1. Far below zero it says nearly 0, far "
            "above nearly 1, and in between it is not sure. Now every small change of a weight changes the "
            "answer a little."
        ),
        Statement("", _sigmoid_itself(tell)),
        tell.figure(_curve(tell, _sigmoid), tell.say("The sigmoid.")),
        tell.figure(_curve(tell, _slope), steepest),
        tell.paragraph(
            "Its slope needs no new calculation. The derivation finds that it is made of the answer {A} "
            "itself:",
            A=a,
        ),
        *_slope_of(tell),
        tell.paragraph("Put the sigmoid in the place of the sign, and the network is these four equations:"),
        *(tell.xor.equation(tensor) for tensor in ("Z1", "A1", "Z2", "A2")),
        tell.paragraph(
            "With this the question changes. We asked: is it yes or no? Now we ask: which number? No is 0 "
            "and yes is 1, and the network is a function of its two inputs whose values should be 0, 1, 1, 0 "
            "at the four points. Classification has become the fitting of a function."
        ),
        tell.paragraph(
            "Take the weights of the gates for a beginning. Only the last bias changes, from −1 to {b}, "
            "since the answers of the units now lie between 0 and 1. This is what the network says:",
            b=number(float(START["b2"][0]), 1),
        ),
        answers(tell, tell.runs.values["A2"][:, 0]),
        tell.figure(
            field(tell, tell.runs.beginner().predict),
            tell.say(
                "The function at the beginning: the darker, the nearer to 1. It hardly tells the points "
                "apart."
            ),
        ),
    ]
    return Section(tell.text("How could layers learn?"), "smooth", tuple(blocks))


def _sigmoid_itself(tell: Teller) -> Node:
    """The sigmoid, written with the exponential function."""
    program = tell.runs.xor.derived.program
    equation = program.defining["A1"]
    (z,) = equation.rhs.args
    written = sp.Pow(sp.Add(1, sp.exp(-z), evaluate=False), -1, evaluate=False)
    assert sp.lambdify(z, written)(0.7) == _sigmoid(0.7)
    shown = Printer(program.tensors, equation.indices)
    return t.joined([shown.show(equation.rhs), shown.show(written)], t.EQUALS)


def _sign(z: float) -> float:
    return math.copysign(1.0, z)


def _sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z))


def _slope(z: float) -> float:
    return _sigmoid(z) * (1 - _sigmoid(z))


def _curve(tell: Teller, function: Callable[[float], float]) -> Drawing:
    low = -1.2 if function(-REACH) < -0.5 else -0.1
    plot = Plot(
        (-REACH, REACH), (low, 1.2), (340, 230), ((-6, -3, 0, 3, 6), (-1, 0, 1) if low < -1 else (0, 0.5, 1))
    )
    below = [float(z) for z in np.linspace(-REACH, -1e-9, 61)]
    above = [-z for z in reversed(below)]
    for part in (below, above):
        plot.curve((z, function(z)) for z in part)
    return plot.drawing(tell.say("A curve over the weighted sum"))


def _slope_of(tell: Teller) -> list[Block]:
    """The lines of the derivation that differentiate the sigmoid."""
    steps = next(block for block in tell.xor.blocks("adjoint-Z2") if isinstance(block, Steps))
    return [Statement("", line.formula) for line in steps.lines[1:3] if line.formula is not None]


def answers(tell: Teller, found: np.ndarray) -> Block:
    """What the network says of the four points, and what it should say."""
    head = (tell.say("point"), tell.say("the network says"), tell.say("it should say"))
    rows = [
        (pair(point), number(float(said)), number(float(wanted), 0))
        for point, said, wanted in zip(POINTS, found, XOR[:, 0], strict=True)
    ]
    return table(head, rows)


def field(tell: Teller, predict: Callable[[np.ndarray], np.ndarray]) -> Drawing:
    """The answer at every place of the plane."""
    plot = plane(tell)
    step = (WINDOW[1] - WINDOW[0]) / TILES
    middles = WINDOW[0] + step * (np.arange(TILES) + 0.5)
    grid = np.array([[x, y] for y in middles for x in middles])
    plot.shade(predict(grid).reshape(TILES, TILES).tolist())
    points(plot, WANTED["XOR"])
    return plot.drawing(tell.say("The answer of the network over the plane of the inputs"))
