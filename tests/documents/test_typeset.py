from __future__ import annotations

import pytest
from documents.formulas import assert_balanced, assert_well_formed

from symnet.documents import typeset as t
from symnet.documents.breaking import lines, width
from symnet.documents.mathml import mathml
from symnet.documents.typeset import latex, latex_text, row

X, Y = t.Name("x"), t.Name("y")
NODES = [
    X,
    t.Name("word", "upright"),
    t.Name("σ", "bold", r"\sigma"),
    t.Number("12"),
    *(
        t.Sign("+", "+", kind)
        for kind in ("binary", "relation", "prefix", "postfix", "comma", "open", "close")
    ),
    row(X, t.PLUS, Y),
    t.Script(X, Y),
    t.Script(X, None, Y),
    t.Script(X, Y, X),
    t.Fraction(X, Y),
    t.Root(X),
    t.Accent(X),
    t.Accent(X, "hat"),
    *(t.Fence(X, pair) for pair in ("()", "[]", "||", "⌊⌋")),
    t.Fence(t.Fraction(X, Y)),
    t.Sum(X),
    t.Cases(((X, Y), (Y, X))),
    t.Matrix(((X, Y), (Y, X))),
    t.Words("where it holds"),
]
HOSTILE = [
    r"\input{/etc/passwd}",
    "$x$ & 100% #1 _a_ {b} ~c ^d",
    "<script>alert(1)</script>",
    "a\nb\\\\end{document}",
    '"`<math>`"',
    "名前 \u202e",
]


@pytest.mark.parametrize("node", NODES, ids=repr)
def test_every_node_has_each_form(node: t.Node) -> None:
    assert_balanced(latex(node).replace(r"\left(", r"\left ").replace(r"\right)", r"\right "))
    assert_well_formed(mathml(node))
    assert width(node) >= 0


def test_every_kind_of_node_is_tested() -> None:
    assert {type(node) for node in NODES} == set(t.Node.__args__)


@pytest.mark.parametrize("text", HOSTILE)
def test_text_is_never_a_command(text: str) -> None:
    shown = latex_text(text)
    commands = {r"\textbackslash", r"\&", r"\%", r"\$", r"\#", r"\_", r"\{", r"\}", r"\textasciitilde"}
    commands |= {r"\textasciicircum", r"\textless", r"\textgreater", r"\textquotedbl", r"\textasciigrave"}
    rest = shown
    for command in sorted(commands, key=len, reverse=True):
        rest = rest.replace(command + "{}", "").replace(command, "")
    assert not set(rest) & set("\\&%$#_{}~^<>"), shown
    assert shown.replace("名前", "").isascii()


@pytest.mark.parametrize("text", HOSTILE)
def test_a_name_is_escaped_in_mathml(text: str) -> None:
    root = assert_well_formed(mathml(row(t.Name(text, "upright"), t.Words(text))))
    assert root.find(".//script") is None
    assert root.find(".//math") is None


def test_brackets_grow_only_around_what_is_tall() -> None:
    assert latex(t.Fence(X)) == "( x )"
    assert latex(t.Fence(t.Fraction(X, Y))) == r"\left( \frac{x}{y} \right)"
    assert 'stretchy="false"' in mathml(t.Fence(X))
    assert 'stretchy="false"' not in mathml(t.Fence(t.Root(X)))


def test_both_languages_hold_the_same_letters() -> None:
    formula = row(t.Script(X, Y), t.EQUALS, t.Fraction(t.Name("z"), t.Number("3")))
    text = "".join(
        assert_well_formed(mathml(formula).split("<annotation")[0] + "</semantics></math>").itertext()
    )
    assert text == "xy=z3"
    assert latex(formula) == r"x_{y} = \frac{z}{3}"


def test_a_wide_sum_is_broken_before_its_signs() -> None:
    terms = [t.Name("x" * 8, "upright") for _ in range(12)]
    formula = row(Y, t.EQUALS, *t.joined(terms, t.PLUS).parts)
    broken = lines(formula, 30.0)
    assert len(broken) > 1
    assert max(map(width, broken)) <= 30.0
    assert all(line.parts[0] == t.PLUS for line in broken[1:])
    assert [part for line in broken for part in line.parts] == list(formula.parts)


def test_a_sum_in_wide_brackets_is_broken_inside_them() -> None:
    inside = t.joined([t.Name("x" * 8, "upright") for _ in range(12)], t.MINUS)
    broken = lines(row(Y, t.EQUALS, t.Number("2"), t.Fence(inside)), 30.0)
    assert len(broken) > 1
    text = r" \\ ".join(map(latex, broken))
    assert text.count(r"\Bigl(") == text.count(r"\Bigr)") == 1
    assert_balanced(text)


def test_what_fits_stays_on_its_line() -> None:
    formula = row(X, t.EQUALS, Y)
    assert lines(formula, 30.0) == (formula,)
