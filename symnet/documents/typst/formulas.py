"""The tree of layout as Typst's mathematics, and words as strings of Typst, in which nothing is markup."""

from __future__ import annotations

from functools import singledispatch

from symnet.documents import typeset as t
from symnet.documents.breaking import broken, parts_of
from symnet.documents.typeset import Node

ESCAPES = {"\\": r"\\", '"': r"\"", "\n": r"\n", "\r": r"\r", "\t": r"\t"}


def string(text: str) -> str:
    """Text as a string of Typst; whoever reads it sees the text and nothing else."""
    return '"' + "".join(ESCAPES.get(c, c if c.isprintable() else " ") for c in text) + '"'


def rows(node: Node, line: float) -> list[str]:
    """A formula as lines aligned at the first relation, broken where it is too wide."""
    first, *others = broken(node, line)
    parts = parts_of(first.node)
    place = next((k for k, part in enumerate(parts) if _is_relation(part)), 0)
    found = [f"{_row(parts[:place])} & {_row(parts[place:])}"]
    for further in others:
        relation = further.depth == 0 and _is_relation(parts_of(further.node)[0])
        found.append("& " + ("" if relation else "quad " * (further.depth + 1)) + formula(further.node))
    return found


def _is_relation(part: Node) -> bool:
    return isinstance(part, t.Words) or (isinstance(part, t.Sign) and part.kind == "relation")


@singledispatch
def formula(node: Node) -> str:
    """A node as Typst, for use between dollars."""
    raise TypeError(f"{type(node).__name__} has no Typst; add it in formulas.py")


@formula.register
def _(node: t.Name) -> str:
    if len(node.text) > 1 and node.style == "upright" and node.latex:
        limits = ", limits: #true" if node.latex in LIMITS else ""
        return f"op({string(node.text)}{limits})"
    if node == t.PARTIAL:
        return 'class("normal", ∂)'
    text = node.text if len(node.text) == 1 and node.text.isalpha() else string(node.text)
    if node.style == "bold":
        return f"upright(bold({text}))" if node.text.isascii() else f"bold({text})"
    return f"{node.style}({text})"


LIMITS = (r"\max", r"\min", r"\operatorname*{argmax}")
"""Functions whose index stands below them."""


@formula.register
def _(node: t.Number) -> str:
    return node.text if node.text.replace(".", "").isdigit() else string(node.text)


SIGNS = {"<": "lt", ">": "gt", ",": r"\,", "/": r"\/", "·": "dot.op", "\u2062": ""}
"""Signs that mean something to Typst, and the one that is not seen."""


@formula.register
def _(node: t.Sign) -> str:
    if node.kind in ("open", "close"):
        return rf"lr(\{node.text}, size: #150%)"
    sign = SIGNS.get(node.text, node.text)
    return f'class("normal", {sign})' if node.kind in ("prefix", "postfix") else sign


@formula.register
def _(node: t.Row) -> str:
    return _row(node.parts)


def _row(parts: tuple[Node, ...]) -> str:
    return " ".join(filter(None, map(formula, parts)))


@formula.register
def _(node: t.Script) -> str:
    below = f", b: {formula(node.below)}" if node.below is not None else ""
    above = f", t: {formula(node.above)}" if node.above is not None else ""
    return f"attach({formula(node.base)}{below}{above})"


@formula.register
def _(node: t.Fraction) -> str:
    return f"frac({formula(node.above)}, {formula(node.below)})"


@formula.register
def _(node: t.Root) -> str:
    return f"sqrt({formula(node.of)})"


@formula.register
def _(node: t.Accent) -> str:
    mark = {"bar": "macron", "hat": "hat", "dot": "dot"}[node.mark]
    return f"{mark}({formula(node.over)})"


FENCES = {"||": ("|", "|"), "⌊⌋": ("⌊", "⌋"), "[]": (r"\[", r"\]"), "()": (r"\(", r"\)")}


@formula.register
def _(node: t.Fence) -> str:
    left, right = FENCES[node.pair]
    inside = f"{left} {formula(node.inside)} {right}"
    return f"lr({inside})" if t.is_tall(node.inside) else rf"lr({inside}, size: #1em)"


@formula.register
def _(node: t.Sum) -> str:
    return f"sum_({formula(node.below)})"


@formula.register
def _(node: t.Cases) -> str:
    return f"cases({', '.join(f'{formula(value)} & {formula(condition)}' for value, condition in node.rows)})"


@formula.register
def _(node: t.Matrix) -> str:
    rows = "; ".join(", ".join(map(formula, cells)) for cells in node.rows)
    return f'mat(delim: "[", {rows})'


@formula.register
def _(node: t.Words) -> str:
    return string(f" {node.text} ")
