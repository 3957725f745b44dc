"""A drawing as SVG: what its parts look like is said by classes, in `style.css`, so that one file is right on
the screen, light or dark, and on paper.
"""

from __future__ import annotations

import html
import math
from functools import singledispatch
from pathlib import Path as File

from symnet.documents import typeset as t
from symnet.documents.figures.drawing import (
    Box,
    Circle,
    Data,
    Drawing,
    Group,
    Label,
    Part,
    Patches,
    Path,
    Point,
    Words,
    size_of,
)
from symnet.documents.typeset import Node
from symnet.messages import Language

STYLE = File(__file__).with_name("style.css").read_text(encoding="utf-8")
"""What the classes look like."""
HEAD = 7.0
"""How long an arrowhead is."""


def svg(drawing: Drawing, language: Language | None = None, alone: bool = False) -> str:
    """The drawing as an SVG element; a file of its own where it stands `alone`."""
    drawing = (language or Language()).all_of(drawing)
    width, height = _number(drawing.width), _number(drawing.height)
    title = html.escape(drawing.title)
    inside = "".join(_part(part) for part in drawing.parts)
    space = ' xmlns="http://www.w3.org/2000/svg"' if alone else ""
    style = f"<style>{STYLE}</style>" if alone else ""
    head = f'<svg{space} class="{drawing.kind}" viewBox="0 0 {width} {height}" style="max-width:{width}px"'
    return f'{head} role="img" aria-label="{title}"><title>{title}</title>{style}{inside}</svg>'


@singledispatch
def _part(part: Part) -> str:
    raise TypeError(f"{type(part).__name__} has no SVG; add it in svg.py")


@_part.register
def _(part: Circle) -> str:
    place = f'cx="{_number(part.x)}" cy="{_number(part.y)}" r="{_number(part.radius)}"'
    return f'<circle class="{part.kind}"{_data(part.data)} {place}/>'


@_part.register
def _(part: Box) -> str:
    place = f'x="{_number(part.x)}" y="{_number(part.y)}"'
    sides = f'width="{_number(part.width)}" height="{_number(part.height)}"'
    corners = f' rx="{_number(part.round)}"' if part.round else ""
    return f'<rect class="{part.kind}" {place} {sides}{corners}/>'


@_part.register
def _(part: Path) -> str:
    if not part.bends and len(part.points) == 2 and not part.arrow:
        (x1, y1), (x2, y2) = part.points
        ends = f'x1="{_number(x1)}" y1="{_number(y1)}" x2="{_number(x2)}" y2="{_number(y2)}"'
        return f'<line class="{part.kind}"{_data(part.data)} {ends}/>'
    places = [f"{_number(x)} {_number(y)}" for x, y in part.points]
    between = "C" if part.bends else "L"
    line = f"M{places[0]}{between}{' '.join(places[1:])}"
    head = (
        f'<path class="{part.kind.replace("edge", "head")}" d="{_area(_head(part.points))}"/>'
        if part.arrow
        else ""
    )
    return f'<path class="{part.kind}"{_data(part.data)} fill="none" d="{line}"/>{head}'


def _head(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """The arrowhead at the end of a line."""
    x, y = points[-1]
    before = next(point for point in reversed(points) if point != points[-1])
    length = math.dist(before, (x, y))
    across, down = (x - before[0]) / length * HEAD, (y - before[1]) / length * HEAD
    left = (x - across - 0.4 * down, y - down + 0.4 * across)
    right = (x - across + 0.4 * down, y - down - 0.4 * across)
    return (x, y), left, right


@_part.register
def _(part: Patches) -> str:
    areas = "".join(map(_area, part.areas))
    strength = f' fill-opacity="{part.strength:.2g}"' if part.strength < 1 else ""
    return f'<path class="{part.kind}"{strength} d="{areas}"/>'


def _area(points: tuple[Point, ...]) -> str:
    (x, y), (x2, y2) = points[0], points[min(2, len(points) - 1)]
    if points == ((x, y), (x2, y), (x2, y2), (x, y2)):
        across, down = _number(round(x2, 1) - round(x, 1)), _number(round(y2, 1) - round(y, 1))
        return f"M{_number(x)} {_number(y)}h{across}v{down}h-{across}z"
    return "M" + "L".join(f"{_number(x)} {_number(y)}" for x, y in points) + "z"


@_part.register
def _(part: Label) -> str:
    place = f'x="{_number(part.x)}" y="{_number(part.y)}"'
    if part.turned:
        place = f'transform="translate({_number(part.x)} {_number(part.y)}) rotate(-90)"'
    return f'<text class="{part.kind}" {place} text-anchor="{part.anchor}">{_words(part)}</text>'


@_part.register
def _(part: Group) -> str:
    kind = f' class="{part.kind}"' if part.kind else ""
    return f"<g{kind}{_data(part.data)}>{''.join(_part(inner) for inner in part.parts)}</g>"


def _data(data: Data) -> str:
    return "".join(f' data-{name}="{html.escape(value)}"' for name, value in data)


def _number(value: float) -> str:
    return f"{round(value, 1):g}"


def _words(label: Label) -> str:
    """What is written, formulas as runs of text that stand higher or lower."""
    parts: Words = (label.words,) if isinstance(label.words, str) else label.words
    if all(isinstance(part, str) for part in parts):
        return html.escape("".join(part for part in parts if isinstance(part, str)))
    size, level, out = size_of(label.kind), 0, ""
    runs = [run for part in parts for run in ([(part, "", 0)] if isinstance(part, str) else _runs(part))]
    for text, kind, raised in runs:
        shift = f' dy="{_number(0.32 * size * (level - raised))}"' if raised != level else ""
        small = f' font-size="{_number(0.72 * size)}"' if raised else ""
        named = f' class="{kind}"' if kind else ""
        inside = html.escape(text)
        out += f"<tspan{named}{shift}{small}>{inside}</tspan>" if kind or shift else inside
        level = raised
    return out


MARKS = {"hat": "\u0302", "dot": "\u0307"}
"""What stands over the letter before it; a bar is a line over it, which every font sets right."""
Run = tuple[str, str, int]
"""A text, its class, and whether it is raised (1) or lowered (-1)."""


@singledispatch
def _runs(node: Node, raised: int = 0) -> list[Run]:
    """A formula as texts in a row. Only what names a tensor, and says how large it is, is written so."""
    raise TypeError(f"{type(node).__name__} is not written in a drawing; add it in svg.py")


@_runs.register
def _(node: t.Name, raised: int = 0) -> list[Run]:
    return [(node.text, {"bold": "bold", "italic": "letter"}.get(node.style, "upright"), raised)]


@_runs.register
def _(node: t.Number, raised: int = 0) -> list[Run]:
    return [(node.text, "upright", raised)]


@_runs.register
def _(node: t.Sign, raised: int = 0) -> list[Run]:
    between = node.kind in ("binary", "relation") and node.latex
    return [(f"\u2009{node.text}\u2009" if between else node.text, "upright", raised)] if node.latex else []


@_runs.register
def _(node: t.Words, raised: int = 0) -> list[Run]:
    return [(node.text, "upright", raised)]


@_runs.register
def _(node: t.Row, raised: int = 0) -> list[Run]:
    return [run for part in node.parts for run in _runs(part, raised)]


@_runs.register
def _(node: t.Fence, raised: int = 0) -> list[Run]:
    left, right = tuple(node.pair)
    return [(left, "upright", raised), *_runs(node.inside, raised), (right, "upright", raised)]


@_runs.register
def _(node: t.Fraction, raised: int = 0) -> list[Run]:
    return [*_runs(node.above, raised), ("/", "upright", raised), *_runs(node.below, raised)]


@_runs.register
def _(node: t.Accent, raised: int = 0) -> list[Run]:
    runs = _runs(node.over, raised)
    text, kind, level = runs[0]
    barred = f"{kind} barred" if node.mark == "bar" else kind
    return [(text + MARKS.get(node.mark, ""), barred, level), *runs[1:]]


@_runs.register
def _(node: t.Script, raised: int = 0) -> list[Run]:
    runs = _runs(node.base, raised)
    runs += _runs(node.below, -1) if node.below is not None else []
    return runs + (_runs(node.above, 1) if node.above is not None else [])
