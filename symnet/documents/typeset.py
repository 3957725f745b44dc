"""A tiny tree of mathematical layout, and what it is in LaTeX; `mathml.py` says what it is in MathML.

A node that names a tensor says so in `of`: a page can tell what it is, and where it was defined.

`mathematics.py` turns expressions into this tree; both languages are printed from the one tree, so that they
cannot differ. Nothing else in symnet writes a formula.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import singledispatch


@dataclass(frozen=True, slots=True)
class Name:
    """A letter or a word. `style` is "italic", "bold" or "upright"."""

    text: str
    style: str = "italic"
    latex: str = ""  # the command, where the text is no ASCII: \\sigma
    of: str = ""  # the tensor that it names


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it is written."""

    text: str


@dataclass(frozen=True, slots=True)
class Sign:
    """An operator: `kind` is "binary", "relation", "prefix", "postfix", "comma", "open" or "close"."""

    text: str
    latex: str
    kind: str = "binary"


@dataclass(frozen=True, slots=True)
class Row:
    """Parts side by side."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Script:
    """A base with an index below or above, or both."""

    base: Node
    below: Node | None = None
    above: Node | None = None
    of: str = ""  # the tensor that it names


@dataclass(frozen=True, slots=True)
class Fraction:
    """One thing over another."""

    above: Node
    below: Node
    of: str = ""  # the tensor that it names: an adjoint as the derivative that it is


@dataclass(frozen=True, slots=True)
class Root:
    """A square root."""

    of: Node


@dataclass(frozen=True, slots=True)
class Accent:
    """A bar over a letter, a hat or a dot."""

    over: Node
    mark: str = "bar"
    of: str = ""  # the tensor that it names


@dataclass(frozen=True, slots=True)
class Fence:
    """Something between brackets: "()", "[]", "||" or "⌊⌋"."""

    inside: Node
    pair: str = "()"


@dataclass(frozen=True, slots=True)
class Sum:
    """A big sum over the indices below it."""

    below: Node


@dataclass(frozen=True, slots=True)
class Cases:
    """Values with their conditions, one below the other."""

    rows: tuple[tuple[Node, Node], ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Entries in rows and columns, between square brackets."""

    rows: tuple[tuple[Node, ...], ...]


@dataclass(frozen=True, slots=True)
class Words:
    """Ordinary words inside a formula."""

    text: str


Node = Name | Number | Sign | Row | Script | Fraction | Root | Accent | Fence | Sum | Cases | Matrix | Words

EQUALS = Sign("=", "=", "relation")
PLUS, MINUS, MINUS_SIGN = Sign("+", "+"), Sign("−", "-"), Sign("−", "-", "prefix")
TIMES, HADAMARD = Sign("·", r"\cdot"), Sign("⊙", r"\odot")
COMMA = Sign(",", ",", "comma")
TOP = Sign("⊤", r"\top", "postfix")
INVISIBLE = Sign("\u2062", "")
"""Two factors beside each other."""
BIG = {
    "()": (Sign("(", r"\Bigl(", "open"), Sign(")", r"\Bigr)", "close")),
    "[]": (Sign("[", r"\Bigl[", "open"), Sign("]", r"\Bigr]", "close")),
    "||": (Sign("|", r"\Bigl\lvert", "open"), Sign("|", r"\Bigr\rvert", "close")),
}
"""Brackets as two signs, for a formula that is broken between them."""
PARTIAL = Name("∂", "upright", r"\partial")
ELL = Name("ℓ", "italic", r"\ell")
"""The number of a layer, where one formula stands for several; it may be a part of a name: [ℓ−1]."""


def row(*parts: Node) -> Node:
    """Parts side by side, rows within taken apart; one part is itself."""
    flat: list[Node] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, Row) else (part,))
    return flat[0] if len(flat) == 1 else Row(tuple(flat))


def joined(parts: list[Node], between: Node) -> Node:
    """The parts with `between` between them."""
    flat = [parts[0]]
    for part in parts[1:]:
        flat += [between, part]
    return row(*flat)


LATEX_SPECIAL = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "`": r"\textasciigrave{}",
}


def latex_text(text: str) -> str:
    """Plain text as LaTeX text: nothing in it is a command, and a character that the fonts lack is a question
    mark. Chinese, Japanese and Korean stay: a document that has them is for an engine that has their fonts.
    """
    known = {
        "−": "-",
        "–": "--",
        "—": "---",
        "’": "'",
        "“": "``",
        "”": "''",
        "×": r"$\times$",
        "∂": r"$\partial$",
        "⊙": r"$\odot$",
    }
    known |= {
        "σ": r"$\sigma$",
        "δ": r"$\delta$",
        "Δ": r"$\Delta$",
        "ŷ": r"$\hat{y}$",
        "…": r"\dots{}",
        "ℓ": r"$\ell$",
        "·": r"$\cdot$",
        "→": r"$\to$",
        "ᵀ": r"$^\top$",
    }
    out = []
    for character in " ".join(text.split()):
        if character in LATEX_SPECIAL:
            out.append(LATEX_SPECIAL[character])
        elif character in known:
            out.append(known[character])
        else:
            out.append(character if character.isascii() or is_wide_script(character) else "?")
    return "".join(out)


def is_wide_script(text: str) -> bool:
    """Whether something in a text is Chinese, Japanese or Korean, or punctuation of theirs."""
    return any(unicodedata.east_asian_width(character) in "WF" for character in text)


@singledispatch
def latex(node: Node) -> str:
    """A node as LaTeX, for use in math mode."""
    raise TypeError(f"{type(node).__name__} has no LaTeX; add it in typeset.py")


@latex.register
def _(node: Name) -> str:
    inside = node.latex or _numbered(node.text.replace("_", r"\_").replace(" ", r"\ "))
    if node.style == "bold":
        return rf"\boldsymbol{{{inside}}}" if node.latex else rf"\mathbf{{{inside}}}"
    if node.latex:
        return inside
    if node.style == "upright":
        return rf"\mathrm{{{inside}}}"
    return inside if len(node.text) == 1 else rf"\mathit{{{inside}}}"


def _numbered(text: str) -> str:
    """A name or a number with the number of a layer in it."""
    return text.replace(ELL.text, rf"{ELL.latex} ").replace("−", "-") if ELL.text in text else text


@latex.register
def _(node: Number) -> str:
    return _numbered(node.text)


@latex.register
def _(node: Sign) -> str:
    return rf"{{{node.latex}}}" if node.kind == "prefix" else node.latex


@latex.register
def _(node: Row) -> str:
    return " ".join(filter(None, map(latex, node.parts)))


@latex.register
def _(node: Script) -> str:
    text = latex(node.base)
    text += f"_{{{latex(node.below)}}}" if node.below is not None else ""
    return text + (f"^{{{latex(node.above)}}}" if node.above is not None else "")


@latex.register
def _(node: Fraction) -> str:
    return rf"\frac{{{latex(node.above)}}}{{{latex(node.below)}}}"


@latex.register
def _(node: Root) -> str:
    return rf"\sqrt{{{latex(node.of)}}}"


@latex.register
def _(node: Accent) -> str:
    return rf"\{node.mark}{{{latex(node.over)}}}"


LATEX_FENCES = {"||": (r"\lvert", r"\rvert"), "⌊⌋": (r"\lfloor", r"\rfloor")}
"""Brackets that LaTeX has commands for."""


@latex.register
def _(node: Fence) -> str:
    left, right = LATEX_FENCES.get(node.pair) or tuple(node.pair)
    inside = latex(node.inside)
    return rf"\left{left} {inside} \right{right}" if is_tall(node.inside) else f"{left} {inside} {right}"


def is_tall(node: Node) -> bool:
    """Whether brackets around a node must grow with it."""
    if isinstance(node, Row):
        return any(map(is_tall, node.parts))
    if isinstance(node, Script):
        return is_tall(node.base)
    return (
        is_tall(node.inside)
        if isinstance(node, Fence)
        else isinstance(node, Fraction | Root | Sum | Cases | Matrix)
    )


@latex.register
def _(node: Sum) -> str:
    return rf"\sum_{{{latex(node.below)}}}"


@latex.register
def _(node: Cases) -> str:
    rows = r" \\ ".join(f"{latex(value)} & {latex(condition)}" for value, condition in node.rows)
    return rf"\begin{{cases}} {rows} \end{{cases}}"


@latex.register
def _(node: Matrix) -> str:
    rows = r" \\ ".join(" & ".join(map(latex, cells)) for cells in node.rows)
    return rf"\begin{{bmatrix}} {rows} \end{{bmatrix}}"


@latex.register
def _(node: Words) -> str:
    return rf"\text{{ {latex_text(node.text)} }}"
