"""Formulas too wide for a line, broken where a person would break them: before a plus or minus of the
outermost sum, and if that does not help, of the sum inside its widest brackets.

Widths are in em and approximate: what is measured is only whether a formula fits.
"""

from __future__ import annotations

from functools import singledispatch

from symnet.documents import typeset as t
from symnet.documents.typeset import Node, row

SIGN_WIDTHS = {
    "relation": 1.4,
    "binary": 1.3,
    "comma": 0.5,
    "prefix": 0.8,
    "postfix": 0.6,
    "open": 0.5,
    "close": 0.5,
}
SMALL = 0.7
"""An index is set in type of this size."""


@singledispatch
def width(node: Node) -> float:
    """About how wide a formula is, in em."""
    raise TypeError(f"{type(node).__name__} has no width; add it in breaking.py")


@width.register
def _(node: t.Name) -> float:
    return len(node.text) * (0.52 if node.style == "upright" else 0.62)


@width.register
def _(node: t.Number) -> float:
    return len(node.text) * 0.5


@width.register
def _(node: t.Sign) -> float:
    return SIGN_WIDTHS[node.kind] if node.latex else 0.0


@width.register
def _(node: t.Row) -> float:
    return sum(map(width, node.parts))


@width.register
def _(node: t.Script) -> float:
    return width(node.base) + SMALL * max(
        width(script) for script in (node.below, node.above) if script is not None
    )


@width.register
def _(node: t.Fraction) -> float:
    return max(width(node.above), width(node.below)) + 0.3


@width.register
def _(node: t.Root) -> float:
    return width(node.of) + 0.9


@width.register
def _(node: t.Accent) -> float:
    return width(node.over)


@width.register
def _(node: t.Fence) -> float:
    return width(node.inside) + (1.3 if t.is_tall(node.inside) else 0.8)


@width.register
def _(node: t.Sum) -> float:
    return max(1.5, SMALL * width(node.below)) + 0.2


@width.register
def _(node: t.Cases) -> float:
    return (
        max(width(value) for value, _ in node.rows)
        + max(width(condition) for _, condition in node.rows)
        + 2.5
    )


@width.register
def _(node: t.Matrix) -> float:
    columns = zip(*node.rows, strict=True)
    return sum(max(map(width, column)) + 1.0 for column in columns) + 0.4


@width.register
def _(node: t.Words) -> float:
    return len(node.text) * 0.47 + 0.6


def lines(node: Node, limit: float) -> tuple[Node, ...]:
    """`node` as lines of at most `limit` em where that can be done; a line after the first begins with its
    sign.
    """
    if not isinstance(node, t.Row) or width(node) <= limit:
        return (node,)
    found = _filled(node.parts, limit)
    if max(map(width, found)) > limit:
        opened = _opened(node.parts, limit)
        if opened != node.parts:
            found = _filled(opened, limit)
    return found


def _filled(parts: tuple[Node, ...], limit: float) -> tuple[Node, ...]:
    """The parts on lines, each as full as it can be."""
    pieces: list[list[Node]] = [[]]
    for part in parts:
        if part in (t.PLUS, t.MINUS) and pieces[-1]:
            pieces.append([])
        pieces[-1].append(part)
    made: list[list[Node]] = [pieces[0]]
    for piece in pieces[1:]:
        if width(row(*made[-1], *piece)) > limit:
            made.append(piece)
        else:
            made[-1] = [*made[-1], *piece]
    return tuple(t.Row(tuple(line)) for line in made)


def _opened(parts: tuple[Node, ...], limit: float) -> tuple[Node, ...]:
    """The parts with the widest brackets among them written as two signs, so that a line may end between
    them.
    """
    fences = [part for part in parts if isinstance(part, t.Fence) and isinstance(part.inside, t.Row)]
    widest = max(fences, key=width, default=None)
    if widest is None or widest.pair not in t.BIG or width(widest) < limit / 3:
        return parts
    assert isinstance(widest.inside, t.Row), "chosen so"
    place = parts.index(widest)
    opening, closing = t.BIG[widest.pair]
    return (*parts[:place], opening, *widest.inside.parts, closing, *parts[place + 1 :])
