"""A broken formula still says what it said."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from documents.formulas import assert_balanced, coverage

from symnet.documents import typeset as t
from symnet.documents.breaking import SLASH, broken, lines, width
from symnet.documents.mathematics import Printer
from symnet.documents.typeset import Node, latex, row

VALUES = {letter: Fraction(number) for number, letter in enumerate("abcdefghk", start=2)}


def drawn(random_: random.Random, depth: int) -> Node:
    """A formula of sums, products, fractions and powers of brackets."""
    if depth == 0:
        return t.Name(random_.choice("abcdefghk"))
    kind = random_.choice(["sum", "product", "fraction", "power", "brackets"])
    parts = [drawn(random_, depth - 1) for _ in range(random_.randint(2, 4))]
    if kind == "sum":
        found = parts[0]
        for part in parts[1:]:
            found = row(found, random_.choice([t.PLUS, t.MINUS]), closed(part))
        return found
    if kind == "product":
        return t.joined([closed(part) for part in parts], t.INVISIBLE)
    if kind == "fraction":
        return t.Fraction(parts[0], row(closed(parts[1]), t.PLUS, t.Number("100000")))
    return t.Script(t.Fence(parts[0]), None, t.Number("2")) if kind == "power" else t.Fence(parts[0])


def closed(node: Node) -> Node:
    return t.Fence(node) if isinstance(node, t.Row) else node


def arithmetic(node: Node) -> str:
    """A formula as Python; factors beside each other are multiplied."""
    if isinstance(node, t.Row):
        found = ""
        for part in node.parts:
            piece = arithmetic(part)
            beside = found[-1:] not in ("", "(", "+", "-", "*", "/") and piece[0] not in ")+-*/"
            found += "*" * beside + piece
        return found
    if isinstance(node, t.Name):
        return f"V[{node.text!r}]"
    if isinstance(node, t.Number):
        return f"F({node.text})"
    if isinstance(node, t.Fence):
        return f"({arithmetic(node.inside)})"
    if isinstance(node, t.Fraction):
        return f"(({arithmetic(node.above)})/({arithmetic(node.below)}))"
    if isinstance(node, t.Script):
        assert isinstance(node.above, t.Number)
        return f"{arithmetic(node.base)}**{node.above.text}"
    assert isinstance(node, t.Sign)
    signs = {t.PLUS: "+", t.MINUS: "-", t.TIMES: "*", t.INVISIBLE: "*", SLASH: "/"}
    return signs.get(node) or node.text


def value(node: Node) -> Fraction:
    return Fraction(eval(arithmetic(node), {"V": VALUES, "F": Fraction}))


@pytest.mark.parametrize("seed", range(60))
def test_a_broken_formula_has_the_same_value(seed: int) -> None:
    formula = drawn(random.Random(seed), 3)
    for limit in (3.0, 8.0, 15.0):
        assert value(row(*lines(formula, limit))) == value(formula), latex(formula)


@pytest.mark.parametrize("limit", [5.0, 12.0, 30.0])
def test_every_line_has_its_signs_whatever_the_width(limit: float) -> None:
    equations, program = coverage()
    for equation in equations:
        formula = Printer(program.tensors).equation(equation)
        found = broken(formula, limit)
        assert_balanced(" ".join(latex(line.node) for line in found))
        for line in found:
            assert_balanced(latex(line.node))
        if width(formula) <= limit:
            assert [line.node for line in found] == [formula]


def test_a_wide_formula_is_broken_before_its_relation() -> None:
    side = t.joined([t.Name("x" * 8, "upright") for _ in range(4)], t.PLUS)
    found = broken(row(side, t.EQUALS, side), 30.0)
    assert [line.depth for line in found] == [0, 0]
    assert isinstance(found[1].node, t.Row)
    assert found[1].node.parts[0] == t.EQUALS


def test_a_product_is_broken_last_and_shows_its_dot() -> None:
    factors = [t.Name("x" * 8, "upright") for _ in range(12)]
    found = lines(row(t.Name("y"), t.EQUALS, t.joined(list(factors), t.INVISIBLE)), 30.0)
    assert len(found) > 1
    assert all(isinstance(line, t.Row) and line.parts[0] == t.TIMES for line in found[1:])
    assert max(map(width, found)) <= 30.0
