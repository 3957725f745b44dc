"""The tree of layout as MathML Core, which browsers show without a script: real text, to be selected and read
aloud.

A displayed formula carries its LaTeX, so that what is copied from a page can be pasted into a paper. Bold
letters are characters of their own, as MathML Core has it: every font of mathematics draws them, and every
screen reader calls them bold.
"""

from __future__ import annotations

import html
from functools import singledispatch

from symnet.documents.typeset import (
    INVISIBLE,
    Accent,
    Cases,
    Fence,
    Fraction,
    Matrix,
    Name,
    Node,
    Number,
    Root,
    Row,
    Script,
    Sign,
    Sum,
    Words,
    is_tall,
    latex,
)


def mathml(node: Node, display: bool = False, source: bool = True) -> str:
    """A node as a whole MathML formula, inline or on a line of its own; with `source` its LaTeX is kept for
    copying.
    """
    return _math(element(node), latex(node) if source else "", display)


def mathml_lines(lines: tuple[Node, ...], source: bool = True) -> str:
    """Formulas below each other as one formula, those after the first set in."""
    if len(lines) == 1:
        return mathml(lines[0], display=True, source=source)
    rows = "".join(f"<mtr><mtd>{element(line)}</mtd></mtr>" for line in lines)
    written = " \\\\ ".join(map(latex, lines)) if source else ""
    return _math(f'<mtable class="lines" displaystyle="true">{rows}</mtable>', written, display=True)


def _math(inside: str, source: str, display: bool) -> str:
    kind = ' display="block"' if display else ""
    if not source:
        return f"<math{kind}>{inside}</math>"
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
    of = _of(node)
    if node.style == "bold":
        return f"<mi{of}>{html.escape(bold(node.text))}</mi>"
    text = html.escape(node.text)
    if node.style == "upright":  # a word is upright by itself
        return f"<mi{of}>{text}</mi>" if len(node.text) > 1 else f'<mi mathvariant="normal"{of}>{text}</mi>'
    return f"<mi{of}>{text}</mi>" if len(node.text) == 1 else f'<mi class="word"{of}>{text}</mi>'


BOLD = (
    (("A", "Z"), 0x1D400),
    (("a", "z"), 0x1D41A),
    (("0", "9"), 0x1D7CE),
    (("Α", "Ω"), 0x1D6A8),
    (("α", "ω"), 0x1D6C2),
)
"""The letters that have a bold twin, and where the first one's twin is in Unicode."""


def bold(text: str) -> str:
    """The text in bold characters; what has none stays as it is."""
    return "".join(_bold(letter) for letter in text)


def _bold(letter: str) -> str:
    for (first, last), twin in BOLD:
        if first <= letter <= last:
            return chr(ord(letter) - ord(first) + twin)
    return letter


def _of(node: Name | Script | Accent | Fraction) -> str:
    """Which tensor a node names, as an attribute."""
    return f' data-of="{html.escape(node.of)}"' if node.of else ""


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
    base, of = element(node.base), _of(node)
    if node.below is None:
        return f"<msup{of}>{base}{element(_present(node.above))}</msup>"
    if node.above is None:
        return f"<msub{of}>{base}{element(node.below)}</msub>"
    return f"<msubsup{of}>{base}{element(node.below)}{element(node.above)}</msubsup>"


def _present(node: Node | None) -> Node:
    assert node is not None, "a script has something below or above"
    return node


@element.register
def _(node: Fraction) -> str:
    return f"<mfrac{_of(node)}>{element(node.above)}{element(node.below)}</mfrac>"


@element.register
def _(node: Root) -> str:
    return f"<msqrt>{element(node.of)}</msqrt>"


@element.register
def _(node: Accent) -> str:
    # as a MathML accent, the bar would touch a capital letter
    mark = {"bar": "‾", "hat": "^", "dot": "˙"}[node.mark]
    return f'<mover{_of(node)}>{element(node.over)}<mo stretchy="false">{mark}</mo></mover>'


@element.register
def _(node: Fence) -> str:
    left, right = tuple(node.pair)
    fixed = "" if is_tall(node.inside) else ' stretchy="false"'
    # the first and the last of a row are opening and closing by themselves; equal signs have to say it
    opening, closing = (
        ("", "") if left != right else (' form="prefix" fence="true"', ' form="postfix" fence="true"')
    )
    return (
        f"<mrow><mo{opening}{fixed}>{left}</mo>{element(node.inside)}<mo{closing}{fixed}>{right}</mo></mrow>"
    )


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
def _(node: Matrix) -> str:
    rows = "".join(
        f"<mtr>{''.join(f'<mtd>{element(cell)}</mtd>' for cell in cells)}</mtr>" for cells in node.rows
    )
    left, right = '<mo form="prefix" fence="true">[</mo>', '<mo form="postfix" fence="true">]</mo>'
    return f'<mrow>{left}<mtable class="numbers">{rows}</mtable>{right}</mrow>'


@element.register
def _(node: Words) -> str:
    return f"<mtext>\u00a0{html.escape(node.text)}\u00a0</mtext>"
