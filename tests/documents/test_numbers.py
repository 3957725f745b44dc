"""The numbers of a worked example, against NumPy's own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from symnet.documents import typeset as t
from symnet.documents.compose import compose
from symnet.documents.numbers import DIGITS, MOST, fits, number, shown
from symnet.documents.outline import Meta, Statement
from symnet.documents.typeset import latex
from symnet.pipeline import Network
from symnet.results import example_of
from symnet.spec import load

EXAMPLES = Path(__file__).parents[2] / "examples"


def worked(name, convention="rows"):
    """The derivation of an example, what it is given, and the statements of its document by tensor."""
    spec = load(EXAMPLES / f"{name}.toml")
    derivation = Network.of(spec.network).derive()
    given = example_of(spec, derivation)
    if given is None:
        return derivation, None, {}
    outline = compose(
        derivation.derived, Meta(values=derivation.values(given)), convention, code="", evidence=None
    )
    blocks = [block for section in outline.sections for block in section.blocks]
    return derivation, given, {b.of: b for b in blocks if isinstance(b, Statement) and b.numbers}


def last(node):
    """What stands behind the last equals sign, as an array."""
    assert isinstance(node, t.Row)
    place = max(k for k, part in enumerate(node.parts) if part == t.EQUALS)
    value = t.row(*node.parts[place + 1 :])
    return (
        np.array([[read(cell) for cell in cells] for cells in value.rows])
        if isinstance(value, t.Matrix)
        else read(value)
    )


def read(node):
    text = latex(node).replace("{-}", "-").replace(" ", "")
    return float(text.replace(r"\cdot10^{", "e").replace("}", ""))


def by_hand(x, y, w1, b1, w2, b2):
    """Everything that a network of two sigmoid layers with a sum of squares has, by NumPy."""
    a1 = 1 / (1 + np.exp(-(x @ w1 + b1)))
    a2 = 1 / (1 + np.exp(-(a1 @ w2 + b2)))
    da2 = 2 * (a2 - y)
    dz2 = da2 * a2 * (1 - a2)
    da1 = dz2 @ w2.T
    dz1 = da1 * a1 * (1 - a1)
    return {
        "Z1": x @ w1 + b1,
        "A1": a1,
        "A2": a2,
        "L": ((a2 - y) ** 2).sum(),
        "dA2": da2,
        "dZ2": dz2,
        "dW2": a1.T @ dz2,
        "dA1": da1,
        "dZ1": dz1,
        "dW1": x.T @ dz1,
        "db1": dz1.sum(axis=0)[:, None],
        "db2": dz2.sum(axis=0)[:, None],
    }


@pytest.mark.parametrize("name", ["xor", "loy"])
@pytest.mark.parametrize("convention", ["rows", "columns"])
def test_the_numbers_beside_the_equations_are_those_of_numpy(name, convention):
    _, given, statements = worked(name, convention)
    weights = [given.get(part, np.zeros(1)) for part in ("W1", "b1", "W2", "b2")]
    expected = by_hand(given["X"], given["Y"], *weights)
    for tensor, value in expected.items():
        if tensor in statements:
            turned = convention == "columns" and np.ndim(value) == 2 and not tensor.startswith("db")
            value = np.transpose(value) if turned else value
            printed = last(statements[tensor].numbers)
            assert np.allclose(printed, value, rtol=0.5 * 10.0 ** (1 - DIGITS), atol=1e-12), tensor
    assert {"Z1", "A2", "L", "dW1", "dW2"} <= set(statements)


def test_an_equation_is_shown_with_the_values_that_it_reads():
    _, _, statements = worked("xor")
    text = latex(statements["Z1"].numbers)
    assert text.count("bmatrix") == 2 * 4  # X, W1, b1 and Z1
    assert r"\sigma" in latex(statements["A1"].numbers)


@pytest.mark.parametrize("name", ["wine", "digits", "names_rnn"])
def test_what_is_large_has_no_worked_example(name):
    assert worked(name)[1] is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (1.0, "1"),
        (0.5, "0.5"),
        (0.49999999, "0.5000"),
        (-0.123456, "{-} 0.1235"),
        (12345.6, r"1.235 \cdot 10^{4}"),
        (1234.4, "1234"),
        (1.5e-7, r"1.5 \cdot 10^{{-} 7}"),
        (np.inf, r"\infty"),
    ],
)
def test_a_number_never_looks_more_exact_than_it_is(value, text):
    assert latex(number(value)).replace(r"\mathrm{\infty}", r"\infty") == text


def test_vectors_are_columns_and_matrices_turn_with_the_convention():
    entries = np.arange(6).reshape(2, 3)
    assert len(shown(entries[0]).rows) == 3
    assert len(shown(entries[0], "columns").rows) == 3
    assert len(shown(entries[0], turned=True).rows) == 1
    assert len(shown(entries).rows) == 2
    assert len(shown(entries, "columns").rows) == 3
    assert len(shown(entries, "columns", turned=True).rows) == 2
    assert fits(entries)
    assert not fits(np.zeros((MOST + 1, 2)))
    assert not fits(np.zeros((2, 2, 2)))
