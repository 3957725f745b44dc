"""Formulas too wide for a line, broken where a person would break them: before a relation, before a plus or
minus of the outermost sum, and if that does not help, of the sum inside its widest brackets, or else between
factors. A fraction that is too wide is written as one over its denominator, times what stands above.

Widths are in em and approximate: what is measured is only whether a formula fits.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatch
from typing import NamedTuple

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
INDENT = 1.0
"""So many em a line is set in for each bracket that it is in."""
SHARE = 0.4
"""What is at most this part of a line stands before its relation, and not alone."""
CROSS, SLASH = t.Sign("×", r"\times"), t.Sign("/", "/", "postfix")
DEEPEST = 6
"""A product is broken in so many brackets at the most."""
Parts = tuple[Node, ...]


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


class Line(NamedTuple):
    """One line of a broken formula, and how far it is set in: 0 where it begins with a relation."""

    depth: int
    node: Node


def lines(node: Node, limit: float) -> tuple[Node, ...]:
    """`node` as lines of at most `limit` em where that can be done; a line after the first begins with its
    sign.
    """
    return tuple(line.node for line in broken(node, limit))


def broken(node: Node, limit: float) -> tuple[Line, ...]:
    """The same, with how far each line is set in."""
    if width(node) <= limit:
        return (Line(0, node),)
    found: list[Line] = []
    for sentence in _sentences(parts_of(node)):
        pieces = _pieces(sentence, _is_relation)
        if len(pieces) > 1 and width(t.Row(pieces[0])) <= SHARE * limit:
            pieces = [pieces[0] + pieces[1], *pieces[2:]]
        for piece in _filled(pieces, limit):
            found += _narrowed(piece, limit, 0)
    return tuple(found)


def parts_of(node: Node) -> Parts:
    """What stands side by side in a formula."""
    return node.parts if isinstance(node, t.Row) else (node,)


def _is_relation(part: Node) -> bool:
    return isinstance(part, t.Words) or (isinstance(part, t.Sign) and part.kind == "relation")


def _is_sign(part: Node) -> bool:
    return part in (t.PLUS, t.MINUS)


def _is_product(part: Node) -> bool:
    return part in (t.INVISIBLE, t.HADAMARD, t.TIMES, CROSS)


def _sentences(parts: Parts) -> list[Parts]:
    """The parts, and apart from them what a word behind a relation begins: "where ..."."""
    for position, part in enumerate(parts):
        if isinstance(part, t.Words) and any(map(_is_relation, parts[:position])):
            return [parts[:position], parts[position:]]
    return [parts]


def _pieces(parts: Parts, begins: Callable[[Node], bool], level: int = 0) -> list[Parts]:
    """The parts in pieces, each begun by a part that `begins` one, in no more than `level` brackets."""
    found: list[Parts] = [()]
    inside = 0
    for part in parts:
        if begins(part) and inside <= level and found[-1]:
            found.append(())
        if isinstance(part, t.Sign):
            inside += (part.kind == "open") - (part.kind == "close")
        found[-1] += (part,)
        inside = max(inside, 0)
    return found


def _filled(pieces: list[Parts], limit: float) -> list[Parts]:
    """The pieces on lines, each as full as it can be."""
    made = pieces[:1]
    for piece in pieces[1:]:
        if width(t.Row(made[-1] + piece)) > limit:
            made.append(piece)
        else:
            made[-1] += piece
    return made


def _narrowed(parts: Parts, limit: float, depth: int) -> list[Line]:
    """The parts on lines that fit: broken before the signs of the outermost sum; what is still too wide then,
    inside its widest brackets; and where it has none, between its factors.
    """
    if width(t.Row(parts)) <= limit:
        return [Line(depth, row(*parts))]
    pieces = _pieces(parts, _is_sign)
    if len(pieces) == 1:
        opened = _opened(parts, limit)
        if opened is None:
            return _between_factors(parts, limit, depth)
        before, inside, after = opened
        pieces = _pieces(inside, _is_sign)
        pieces[0] = before + pieces[0]
        pieces[-1] = pieces[-1] + after
    found: list[Line] = []
    for position, line in enumerate(_filled(pieces, limit)):
        further = int(bool(position)) if len(pieces) > 1 else 0
        found += _narrowed(line, limit - INDENT * further, depth + further)
    return found


def _between_factors(parts: Parts, limit: float, depth: int) -> list[Line]:
    """A product on lines, broken in as few brackets as can be; the dot between factors is written where a
    line begins with it.
    """
    made = [parts]
    for level in range(DEEPEST):
        pieces = [_filled(_pieces(line, _is_product, level), limit - INDENT) for line in made]
        made = [line for filled in pieces for line in filled]
        if max(width(t.Row(line)) for line in made) <= limit:
            break
    found: list[Line] = []
    for line in made:
        sign = (t.TIMES,) if found and line[0] == t.INVISIBLE else line[:1]
        found.append(Line(depth + bool(found), row(*sign, *line[1:])))
    return found


def _opened(parts: Parts, limit: float) -> tuple[Parts, Parts, Parts] | None:
    """The parts before, inside and behind the widest brackets or fraction among them, whose brackets are
    written as two signs, so that a line may end between them; None where nothing is wide enough.
    """
    able = [(width(part), place) for place, part in enumerate(parts) if _has_sum(part)]
    if not able or max(able)[0] < limit / 3:
        return None
    _, place = max(able)
    before, inside, after = _taken_apart(parts[place])
    return parts[:place] + before, inside, after + parts[place + 1 :]


def _has_sum(node: Node) -> bool:
    """Whether there is a sum, or at least a product, to be broken in what can be taken apart."""
    if isinstance(node, t.Script):
        return isinstance(node.base, t.Fence) and node.below is None and _has_sum(node.base)
    if isinstance(node, t.Fence):
        return node.pair in t.BIG and (isinstance(node.inside, t.Row) or _has_sum(node.inside))
    return isinstance(node, t.Fraction) and not node.of and isinstance(_wider(node), t.Row)


def _wider(node: t.Fraction) -> Node:
    return max(node.above, node.below, key=width)


def _taken_apart(node: Node) -> tuple[Parts, Parts, Parts]:
    """Brackets, a power of brackets or a fraction as parts around what is inside."""
    if isinstance(node, t.Script):
        assert isinstance(node.base, t.Fence), "chosen so"
        before, inside, after = _taken_apart(node.base)
        return before, inside, (t.Script(after[0], None, node.above),)
    if isinstance(node, t.Fence):
        opening, closing = t.BIG[node.pair]
        return (opening,), parts_of(node.inside), (closing,)
    assert isinstance(node, t.Fraction), "chosen so"
    above, (opening, closing) = parts_of(node.above), t.BIG["()"]
    if _wider(node) is node.below:
        over = (t.Fence(node.above),) if any(map(_is_sign, above)) else above
        return (*over, SLASH, opening), parts_of(node.below), (closing,)
    share = t.Fraction(t.Number("1"), node.below)
    if any(map(_is_sign, above)):
        return (share, opening), above, (closing,)
    return (share, t.TIMES if isinstance(above[0], t.Number) else t.INVISIBLE), above, ()
