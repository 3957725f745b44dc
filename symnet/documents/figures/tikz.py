"""A drawing as TikZ, in the colours orange and blue: a picture that needs only the package tikz."""

from __future__ import annotations

from functools import singledispatch

from symnet.documents.figures.drawing import (
    Box,
    Circle,
    Drawing,
    Group,
    Label,
    Part,
    Patches,
    Path,
    Point,
    size_of,
)
from symnet.documents.typeset import latex, latex_text
from symnet.messages import Language

UNIT, WIDTH, HEIGHT = 0.75, 440.0, 600.0
"""What the length 1 is in points, and what a page has room for."""
FILLS = {
    "hidden": "blue!65!black",
    "output": "orange!85!black",
    "less": "blue!65!black",
    "more": "orange!90!black",
    "right": "blue!65!black",
    "wrong": "orange!90!black",
    "c0": "blue!65!black",
    "c1": "orange!85!black",
    "c2": "green!50!black",
    "c3": "violet",
    "c4": "purple",
    "c5": "gray",
    "none": "black!55",
    "field": "black!4",
    "given": "black!4",
    "gap": "white",
    "yes": "black",
    "no": "white",
}
LINES = {
    "tied": "dashed",
    "back": "orange!85!black",
    "strong": "black!60",
    "edge": "black!30",
    "grid": "black!15",
    "curve": "blue!65!black,line width=1pt",
    "line": "black,line width=.8pt",
    "frame": "black!30",
    "hidden": "blue!65!black",
    "output": "orange!85!black",
}
OUTLINES = {
    "hidden": "blue!65!black",
    "output": "orange!85!black",
    "adjoint": "orange!85!black",
    "given": "black!30",
}
INKS = {"name": "black", "strong": "black", "lit": "orange!70!black", "count": "black"}
"""Colours by class; of several classes the first that is in the table counts."""
SIDES = {"start": "base west", "middle": "base", "end": "base east"}


def tikz(drawing: Drawing, language: Language | None = None) -> str:
    """The drawing as a tikzpicture, made smaller where a page has not the room."""
    unit = min(UNIT, WIDTH / drawing.width, HEIGHT / drawing.height)
    drawing = (language or Language()).all_of(drawing)
    lines = [line for part in drawing.parts for line in _part(part, unit)]
    options = f"x={unit:.3g}pt,y=-{unit:.3g}pt,line width=.5pt,inner sep=0pt,>=stealth"
    frame = f"\\path (0,0) rectangle ({_number(drawing.width)},{_number(drawing.height)});"
    return "\n".join((rf"\begin{{tikzpicture}}[{options}]", frame, *lines, r"\end{tikzpicture}"))


def _styled(table: dict[str, str], kind: str, otherwise: str = "") -> str:
    words = kind.split()
    return next((table[word] for word in reversed(words) if word in table), otherwise)


@singledispatch
def _part(part: Part, unit: float) -> list[str]:
    raise TypeError(f"{type(part).__name__} has no TikZ; add it in tikz.py")


@_part.register
def _(part: Circle, unit: float) -> list[str]:
    fill = _styled(FILLS, part.kind, "white")
    draw = "white" if "point" in part.kind else fill if fill != "white" else "black!60"
    radius = f"circle[radius={part.radius * unit:.3g}pt]"
    return [rf"\filldraw[fill={fill},draw={draw}] {_at((part.x, part.y))} {radius};"]


@_part.register
def _(part: Box, unit: float) -> list[str]:
    rounded = f",rounded corners={part.round * unit:.3g}pt" if part.round else ""
    corner = _at((part.x + part.width, part.y + part.height))
    where = f"{_at((part.x, part.y))} rectangle {corner};"
    if "frame" in part.kind:
        return [rf"\draw[{LINES['frame']}] {where}"]
    if "box" in part.kind:
        fill = FILLS["given"] if "given" in part.kind else "white"
        return [rf"\filldraw[fill={fill},draw={_styled(OUTLINES, part.kind, 'black!60')}{rounded}] {where}"]
    return [rf"\fill[{_styled(FILLS, part.kind, 'black!55')}{rounded}] {where}"]


@_part.register
def _(part: Path, unit: float) -> list[str]:
    style = [_styled(LINES, part.kind, "black!60"), *(["dashed,black!40"] if "tied" in part.kind else [])]
    if part.arrow:
        style.append("->")
    first, *rest = map(_at, part.points)
    if part.bends:
        line = "".join(f" .. controls {a} and {b} .. {c}" for a, b, c in zip(*[iter(rest)] * 3, strict=True))
    else:
        line = "".join(f" -- {point}" for point in rest)
    return [rf"\draw[{','.join(style)}] {first}{line};"]


@_part.register
def _(part: Patches, unit: float) -> list[str]:
    areas = [" -- ".join(map(_at, area)) + " -- cycle" for area in part.areas]
    opacity = f",fill opacity={part.strength:.2g}" if part.strength < 1 else ""
    return [rf"\fill[{_styled(FILLS, part.kind, 'black!55')}{opacity}] " + "\n".join(areas) + ";"]


@_part.register
def _(part: Label, unit: float) -> list[str]:
    parts = (part.words,) if isinstance(part.words, str) else part.words
    words = "".join(_spaced(inner) if isinstance(inner, str) else f"${latex(inner)}$" for inner in parts)
    size = size_of(part.kind) * unit
    font = rf"\fontsize{{{size:.3g}}}{{{1.2 * size:.3g}}}\selectfont\sffamily"
    font += r"\bfseries" if "name" in part.kind.split() else ""
    ink = "white" if part.kind == "count strong" else _styled(INKS, part.kind, "black!60")
    turned = ",rotate=90" if part.turned else ""
    place = _at((part.x, part.y))
    return [rf"\node[anchor={SIDES[part.anchor]},text={ink},font={{{font}}}{turned}] at {place} {{{words}}};"]


@_part.register
def _(part: Group, unit: float) -> list[str]:
    return [line for inner in part.parts for line in _part(inner, unit)]


def _spaced(words: str) -> str:
    """Words with the spaces at their ends, which part them from a formula."""
    left, right = " " * words[:1].isspace(), " " * (words[-1:].isspace() and bool(words.strip()))
    return (
        f"{left}{latex_text(words)}{right}".replace("?", r"$\vdots$")
        if words == "⋮"
        else f"{left}{latex_text(words)}{right}"
    )


def _at(point: Point) -> str:
    return f"({_number(point[0])},{_number(point[1])})"


def _number(value: float) -> str:
    return f"{round(value, 1):g}"
