"""The parts of a message as formulas.

"A2[m, k] is the element in question only where m = n: the sum over m keeps one term." has three: an element,
a statement that two indices are equal, and an index.
"""

from __future__ import annotations

from sympy import Basic

from symnet.derivation.journal import Equality, Named
from symnet.documents import typeset as t
from symnet.documents.mathematics import Printer
from symnet.documents.names import tensor_name
from symnet.documents.typeset import Node, row


def shown(part: object, printer: Printer) -> str | Node:
    """A part as a formula where it is one; as it stands where it is words."""
    if isinstance(part, Named):
        return tensor_name(part.tensor, bold=part.tensor.rank > 0, names=printer.names)
    if isinstance(part, Equality):
        return row(printer.show(part.left), t.EQUALS, printer.show(part.right))
    if isinstance(part, Basic):
        return printer.show(part)
    return part if isinstance(part, str | Node) else str(part)
