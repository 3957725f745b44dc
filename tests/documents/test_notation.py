"""Notations change what names look like, and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import fields, is_dataclass

import pytest
from derivation.programs import CASES
from documents.formulas import derivation
from sympy import S

from symnet.documents import document
from symnet.documents import typeset as t
from symnet.documents.context import Context
from symnet.documents.differentials import local
from symnet.documents.names import tensor_name
from symnet.documents.notation import ADJOINTS, SUPERSCRIPTS, Names, Notation
from symnet.documents.outline import Meta
from symnet.documents.typeset import latex
from symnet.errors import SymnetError
from symnet.index.symbols import Index, Size, Tensor

N = Size("N")
DZ1, DB1 = Tensor("dZ1", (N, N), adjoint_of="Z1"), Tensor("db1", (N,), adjoint_of="b1")


def named(node: object) -> Iterator[tuple[str, str]]:
    """Every tensor that a formula names, with the indices at it."""
    if isinstance(node, t.Name | t.Script | t.Accent | t.Fraction) and node.of:
        yield node.of, indices(node)
    elif isinstance(node, tuple):
        for part in node:
            yield from named(part)
    elif is_dataclass(node):
        for field in fields(node):
            yield from named(getattr(node, field.name))


def indices(node: t.Node) -> str:
    """The last indices below a name, or below what a fraction is derived by."""
    if isinstance(node, t.Fraction):
        assert isinstance(node.below, t.Row)
        return indices(node.below.parts[-1])
    below = node.below if isinstance(node, t.Script) else None
    return "" if below is None else latex(below).rsplit(" , ", 1)[-1]


@pytest.mark.parametrize("notation", ADJOINTS)
@pytest.mark.parametrize("name", CASES)
def test_an_equation_names_the_same_elements_in_every_notation(name: str, notation: str) -> None:
    derived = derivation(name)
    usual = Context(derived, "rows")
    other = Context(derived, "rows", notation=Notation(notation, "paren"))
    for equation in derived.program.equations:
        expected = Counter(named(usual.printer.equation(equation)))
        assert Counter(named(other.printer.equation(equation))) == expected
        names = {tensor for tensor, _ in named(other.statement(equation).index)}
        assert {tensor for tensor, _ in expected} <= names


@pytest.mark.parametrize(
    ("notation", "deltas", "expected"),
    [
        ("bars", {}, (r"\bar{Z}^{[1]}", r"\bar{\mathbf{Z}}^{[1] \top}")),
        ("differential", {}, (r"\bar{Z}^{[1]}", r"\bar{\mathbf{Z}}^{[1] \top}")),
        (
            "partial",
            {},
            (
                r"\frac{\partial L}{\partial Z^{[1]}}",
                r"\left( \frac{\partial L}{\partial \mathbf{Z}^{[1]}} \right)^{\top}",
            ),
        ),
        ("delta", {"Z1": False}, (r"\delta^{[1]}", r"\boldsymbol{\Delta}^{[1] \top}")),
        ("delta", {"Z1": True}, (r"\delta_{Z}^{[1]}", r"\boldsymbol{\Delta}_{\mathbf{Z}}^{[1] \top}")),
    ],
)
def test_an_adjoint_in_each_notation(
    notation: str, deltas: dict[str, bool], expected: tuple[str, str]
) -> None:
    names = Names(Notation(notation), "L", deltas)
    shown = latex(tensor_name(DZ1, names=names)), latex(tensor_name(DZ1, None, True, t.TOP, names))
    assert shown == expected


def test_the_brackets_of_a_layer_and_of_a_second_tensor_differ() -> None:
    second = Tensor("S1_2", (N,))
    assert latex(tensor_name(second)) == "S^{[1] (2)}"
    assert latex(tensor_name(second, names=Names(Notation(superscripts="paren")))) == "S^{(1) [2]}"


def test_only_weighted_sums_have_a_delta() -> None:
    context = Context(derivation("dense"), "rows", notation=Notation("delta"))
    assert set(context.names.deltas) == {"Z1", "Z2"}
    attention = Context(derivation("attention"), "rows", notation=Notation("delta")).names.deltas
    assert attention
    assert latex(context.kronecker(t.Name("m"), t.Name("n"))) == "[ m = n ]", "δ has another meaning here"


def test_a_gradient_as_a_differential() -> None:
    derived = derivation("dense")
    context = Context(derived, "rows", notation=Notation("differential"))
    statement = context.statement(derived.gradients["W1"].equation)
    assert statement.matrix is not None
    assert latex(statement.matrix).startswith(
        r"\mathrm{d} L = \operatorname{tr} ( \bar{\mathbf{W}}^{[1] \top} \mathrm{d} \mathbf{W}^{[1]} )"
    )
    vector = context.statement(derived.gradients["b1"].equation)
    assert vector.matrix is not None
    assert r"\operatorname{tr}" not in latex(vector.matrix)


@pytest.mark.parametrize("form", ["html", "latex", "markdown", "typst"])
def test_every_format_follows_a_notation(form: str) -> None:
    def shown(*notation: str) -> str:
        return document(derivation("dense"), Meta(notation=Notation(*notation)), form)

    assert len({shown(a, s) for a in ADJOINTS for s in SUPERSCRIPTS}) == len(ADJOINTS) * len(SUPERSCRIPTS)


def test_a_notation_that_there_is_not_is_an_error_with_the_nearest_name() -> None:
    with pytest.raises(SymnetError, match="no notation") as error:
        Notation("differntial")
    assert error.value.suggestion == "differential"
    with pytest.raises(SymnetError, match="superscripts"):
        Notation(superscripts="braces")


def test_a_local_differential_has_its_sign_in_front() -> None:
    x, y = Index("x"), Index("y")
    printer = Context(derivation("dense"), "rows").printer
    shown = [latex(local(after, x, t.Name("z"), printer)) for after in (S.One, -S.One, -y, y - 1)]
    change = r"\mathrm{d} \mathrm{x}" if r"\mathrm{x}" in shown[0] else r"\mathrm{d} x"
    assert shown[0] == rf"\mathrm{{d}} z = {change}"
    assert shown[1] == rf"\mathrm{{d}} z = {{-}} {change}"
    assert shown[2].startswith(r"\mathrm{d} z = {-} ")
    assert "( " in shown[3]
