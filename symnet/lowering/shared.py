"""Which expressions stand in more places than one, and so are computed once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from symnet.lowering.nodes import (
    ArrayExpr,
    Elementwise,
    Iota,
    Number,
    Read,
    SizeValue,
    Window,
    children,
    nameless,
)


def shared(expressions: Iterable[ArrayExpr]) -> frozenset[ArrayExpr]:
    """The expressions that must be computed and that stand in more places than one, up to the names of their
    axes.
    """
    counted: Counter[ArrayExpr] = Counter()
    for expression in expressions:
        pending: list[ArrayExpr] = list(_inside(expression))
        while pending:
            node = pending.pop()
            if isinstance(node, Read | Window | Iota | Number | SizeValue) or not node.axes:
                pending.extend(_inside(node))
                continue
            key = nameless(node)
            counted[key] += 1
            if counted[key] == 1:
                pending.extend(_inside(node))
    return frozenset(node for node, count in counted.items() if count > 1)


def _inside(node: ArrayExpr) -> tuple[ArrayExpr, ...]:
    """The parts of an expression, without the branches of a choice, which are not computed everywhere."""
    if isinstance(node, Elementwise) and node.function == "where":
        return node.args[:1]
    return children(node)
