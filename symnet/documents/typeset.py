"""A tiny tree of mathematical layout, and what it is in LaTeX and in MathML.

`mathematics.py` turns expressions into this tree; both languages are printed from the one tree, so that they
cannot differ. Nothing else in symnet writes a formula.
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from functools import singledispatch


@dataclass(frozen=True, slots=True)
class Name:
    """A letter or a word. `style` is "italic", "bold" or "upright"."""

    text: str
    style: str = "italic"
    latex: str = ""  # the command, where the text is no ASCII: \\sigma


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


@dataclass(frozen=True, slots=True)
class Fraction:
    """One thing over another."""

    above: Node
    below: Node


@dataclass(frozen=True, slots=True)
class Root:
    """A square root."""

    of: Node


@dataclass(frozen=True, slots=True)
class Accent:
    """A bar over a letter, or a hat."""

    over: Node
    mark: str = "bar"


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
class Words:
    """Ordinary words inside a formula."""

    text: str


Node = Name | Number | Sign | Row | Script | Fraction | Root | Accent | Fence | Sum | Cases | Words

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
}
"""Brackets as two signs, for a formula that is broken between them."""
PARTIAL = Name("∂", "upright", r"\partial")


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
    mark.
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
            out.append(character if character.isascii() else "?")
    return "".join(out)


@singledispatch
def latex(node: Node) -> str:
    """A node as LaTeX, for use in math mode."""
    raise TypeError(f"{type(node).__name__} has no LaTeX; add it in typeset.py")


@latex.register
def _(node: Name) -> str:
    inside = node.latex or node.text.replace("_", r"\_")
    if node.style == "bold":
        return rf"\boldsymbol{{{inside}}}" if node.latex else rf"\mathbf{{{inside}}}"
    if node.latex:
        return inside
    if node.style == "upright":
        return rf"\mathrm{{{inside}}}"
    return inside if len(node.text) == 1 else rf"\mathit{{{inside}}}"


@latex.register
def _(node: Number) -> str:
    return node.text


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
        is_tall(node.inside) if isinstance(node, Fence) else isinstance(node, Fraction | Root | Sum | Cases)
    )


@latex.register
def _(node: Sum) -> str:
    return rf"\sum_{{{latex(node.below)}}}"


@latex.register
def _(node: Cases) -> str:
    rows = r" \\ ".join(f"{latex(value)} & {latex(condition)}" for value, condition in node.rows)
    return rf"\begin{{cases}} {rows} \end{{cases}}"


@latex.register
def _(node: Words) -> str:
    return rf"\text{{ {latex_text(node.text)} }}"


def mathml(node: Node, display: bool = False) -> str:
    """A node as a whole MathML formula, inline or on a line of its own; its LaTeX is kept for copying."""
    return _math(element(node), latex(node), display)


def mathml_lines(lines: tuple[Node, ...]) -> str:
    """Formulas below each other as one formula, those after the first set in."""
    if len(lines) == 1:
        return mathml(lines[0], display=True)
    rows = "".join(f"<mtr><mtd>{element(line)}</mtd></mtr>" for line in lines)
    source = " \\\\ ".join(map(latex, lines))
    return _math(f'<mtable class="lines" displaystyle="true">{rows}</mtable>', source, display=True)


def _math(inside: str, source: str, display: bool) -> str:
    kind = ' display="block"' if display else ""
    return (
        f"<math{kind}><semantics><mrow>{inside}</mrow>"
        f'<annotation encoding="application/x-tex">{html.escape(source)}</annotation></semantics></math>'
    )


@singledispatch
def element(node: Node) -> str:
    """A node as a MathML element."""
    raise TypeError(f"{type(node).__name__} has no MathML; add it in typeset.py")


@element.register
def _(node: Name) -> str:
    text = html.escape(node.text)
    if node.style == "bold":
        return f'<mi mathvariant="normal" class="bold">{text}</mi>'
    if node.style == "upright":
        return f'<mi mathvariant="normal">{text}</mi>'
    return f"<mi>{text}</mi>" if len(node.text) == 1 else f'<mi class="word">{text}</mi>'


@element.register
def _(node: Number) -> str:
    return f"<mn>{html.escape(node.text)}</mn>"


SIGN_ATTRIBUTES = {
    "prefix": ' form="prefix" lspace="0" rspace="0"',
    "postfix": ' form="postfix" lspace="0.1em" rspace="0"',
    "comma": ' separator="true"',
    "open": ' form="prefix" stretchy="false"',
    "close": ' form="postfix" stretchy="false"',
}
"""What a sign says of its place, beyond what MathML knows of it."""


@element.register
def _(node: Sign) -> str:
    return f"<mo{SIGN_ATTRIBUTES.get(node.kind, '')}>{html.escape(node.text)}</mo>"


@element.register
def _(node: Row) -> str:
    parts: list[str] = []
    for before, part in zip((None, *node.parts), node.parts, strict=False):
        spaced = is_function(part) and (before == INVISIBLE or not isinstance(before, Sign | None))
        parts.append('<mspace width="0.17em"/>' * spaced + element(part))
    return f"<mrow>{''.join(parts)}</mrow>"


def is_function(node: Node) -> bool:
    """Whether a node is the name of a function, which stands apart from what is before it."""
    if isinstance(node, Script):
        return is_function(node.base)
    return isinstance(node, Name) and node.style == "upright" and len(node.text) > 1 and bool(node.latex)


@element.register
def _(node: Script) -> str:
    base = element(node.base)
    if node.below is None:
        return f"<msup>{base}{element(_present(node.above))}</msup>"
    if node.above is None:
        return f"<msub>{base}{element(node.below)}</msub>"
    return f"<msubsup>{base}{element(node.below)}{element(node.above)}</msubsup>"


def _present(node: Node | None) -> Node:
    assert node is not None, "a script has something below or above"
    return node


@element.register
def _(node: Fraction) -> str:
    return f"<mfrac>{element(node.above)}{element(node.below)}</mfrac>"


@element.register
def _(node: Root) -> str:
    return f"<msqrt>{element(node.of)}</msqrt>"


@element.register
def _(node: Accent) -> str:
    # as a MathML accent, the bar would touch a capital letter
    mark = {"bar": "‾", "hat": "^"}[node.mark]
    return f'<mover>{element(node.over)}<mo stretchy="false">{mark}</mo></mover>'


@element.register
def _(node: Fence) -> str:
    left, right = tuple(node.pair)
    fixed = "" if is_tall(node.inside) else ' stretchy="false"'
    opening = f'<mo form="prefix" fence="true"{fixed}>{left}</mo>'
    return f'<mrow>{opening}{element(node.inside)}<mo form="postfix" fence="true"{fixed}>{right}</mo></mrow>'


@element.register
def _(node: Sum) -> str:
    return f'<munder><mo movablelimits="false">∑</mo>{element(node.below)}</munder>'


@element.register
def _(node: Cases) -> str:
    rows = "".join(
        f"<mtr><mtd>{element(value)}</mtd><mtd>{element(condition)}</mtd></mtr>"
        for value, condition in node.rows
    )
    return f'<mrow><mo form="prefix" fence="true">{{</mo><mtable class="cases">{rows}</mtable></mrow>'


@element.register
def _(node: Words) -> str:
    return f"<mtext>\u00a0{html.escape(node.text)}\u00a0</mtext>"
