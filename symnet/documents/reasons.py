"""The journal's reasons with the formulas in them typeset.

"A2[m, k] is the element in question only where m = n: the sum over m keeps one term." has three formulas: an
element, an equation of indices, and an index. What is not certain to be a formula stays a word.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from symnet.documents import typeset as t
from symnet.documents.mathematics import Printer
from symnet.documents.names import tensor_name
from symnet.documents.notation import PLAIN, Names
from symnet.documents.outline import Text
from symnet.documents.typeset import Node, row
from symnet.index.symbols import Tensor

ELEMENT = r"[A-Za-z]\w*\[[^\[\]]+\]"
ARTICLES = frozenset({"a", "A", "I"})
"""Names that are English words: alone they stay as they are."""
SIGNS = {"+": t.PLUS, "-": t.MINUS, "=": t.EQUALS}


def typeset_reason(
    reason: str, tensors: Mapping[str, Tensor], symbols: frozenset[str], names: Names = PLAIN
) -> Text:
    """`reason` with the elements of `tensors` and the names of indices and sizes among `symbols` as
    formulas.
    """
    parts: list[str | Node] = []
    end = 0
    for found in _pattern(symbols).finditer(reason):
        formula = _formula(found[0], Printer(tensors, names=names))
        if formula is not None:
            parts += [reason[end : found.start()], formula]
            end = found.end()
    return tuple(part for part in (*parts, reason[end:]) if part)


def _pattern(symbols: frozenset[str]) -> re.Pattern[str]:
    names = "|".join(sorted(map(re.escape, symbols - ARTICLES), key=len, reverse=True)) or r"(?!)"
    atom = rf"(?:\d+\*)?(?:{names})(?![\w\[])"
    part = rf"(?:{atom}|\d+)"
    formula = rf"(?<![\w\[])(?:{atom}|\d+(?= [-+=] {part}))(?: [-+=] {part})*"
    return re.compile(rf"{ELEMENT}|{formula}|\b[A-Za-z]+\d\w*|\bd[A-Z]\w*")


def _formula(text: str, printer: Printer) -> Node | None:
    """An element, the name of a tensor, or a formula of indices; None where it is a word after all."""
    name, bracket, places = text.partition("[")
    tensor = printer.tensors.get(name)
    if bracket:
        if tensor is None:
            return None
        shown = [_indices(place, printer) for place in places.rstrip("]").split(",")]
        letters = all(isinstance(place, t.Name) for place in shown)
        below = row(*shown) if letters else t.joined(shown, t.COMMA)
        return tensor_name(tensor, below, names=printer.names)
    if tensor is not None:
        return tensor_name(tensor, bold=tensor.rank > 0, names=printer.names)
    return None if re.fullmatch(r"[A-Za-z]+\d\w*|d[A-Z]\w*", text) else _indices(text, printer)


def _indices(text: str, printer: Printer) -> Node:
    """A sum of indices and numbers, such as 2*i + k = p."""
    nodes: list[Node] = []
    for token in re.findall(r"\w+|[-+=]", text):
        sign = SIGNS.get(token)
        nodes.append(sign or (t.Number(token) if token.isdigit() else printer.symbol(token)))
    return row(*nodes)
