"""Layers that repeat are printed once, and what is printed stands for each of them, letter by letter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from derivation.programs import CASES
from documents.formulas import deep, derivation

from symnet.derivation.derive import derive
from symnet.derivation.journal import Derived
from symnet.documents import document, formats
from symnet.documents.compose import compose
from symnet.documents.outline import Document, Fold, Meta, Section, Statement, Table, Unfolding
from symnet.documents.patterns import MARK, Forms, changed, continues, pattern
from symnet.documents.repeats import owner
from symnet.documents.typeset import latex
from symnet.equations.parse import parse_program
from symnet.layers.transformer_block import TransformerBlock
from symnet.pipeline import Network

LAYERS = 8
TURNING = """
X: input[N, D]
Y: target[N, D]
{parameters}
{equations}
L = sum((A{last}[n,j] - Y[n,j])**2, n, j)
"""


def composed(derived: Derived, unfold: bool = False) -> Document:
    return compose(derived, Meta("test", unfold=unfold))


def unfoldings(told: Document) -> list[Unfolding]:
    return [b for section in told.sections for b in section.blocks if isinstance(b, Unfolding)]


def blocks_of(told: Document) -> Iterator[Any]:
    """Every block of a document, and every row of a table by itself."""
    for section in told.sections:
        for block in section.blocks:
            yield from (
                (replace(block, rows=(row,)) for row in block.rows) if isinstance(block, Table) else [block]
            )


def unfolded(told: Document) -> list[Any]:
    """What the instances of all patterns say."""
    said: list[Any] = []
    for found in unfoldings(told):
        for k in range(found.pattern.count):
            fold = found.pattern.instance(k)
            assert isinstance(fold, Fold)
            for block in fold.blocks:
                said += (
                    [replace(block, rows=(r,)) for r in block.rows] if isinstance(block, Table) else [block]
                )
    return said


def section(told: Document, anchor: str) -> Section:
    return next(section for section in told.sections if section.anchor == anchor)


def statements(told: Document, anchor: str) -> dict[str, Statement]:
    found = section(told, anchor).blocks
    return {block.label: block for block in found if isinstance(block, Statement)}


@pytest.mark.parametrize("name", ["deep", "turning", "blocks"])
def test_each_layer_comes_out_of_the_general_step_letter_by_letter(name: str) -> None:
    derived = {"deep": lambda: deep(LAYERS), "turning": turning, "blocks": blocks}[name]()
    full, told = composed(derived, unfold=True), composed(derived)
    said = unfolded(told)
    assert said
    everything = list(blocks_of(full))
    for block in said:
        assert block in everything
    # and what is in no run is there as it was
    printed = [*said, *blocks_of(told)]
    for block in everything:
        assert block in printed


def turning() -> Derived:
    """Layers of two kinds that take turns."""
    parameters, equations, before = [], [], "X"
    for k in range(1, LAYERS + 1):
        if k % 2:
            parameters.append(f"W{k}: parameter[D, D]")
            equations.append(f"A{k}[n,j] = sum({before}[n,i]*W{k}[i,j], i)")
        else:
            equations.append(f"A{k}[n,j] = tanh({before}[n,j])")
        before = f"A{k}"
    text = TURNING.format(parameters="\n".join(parameters), equations="\n".join(equations), last=LAYERS)
    return derive(parse_program(text))


def blocks() -> Derived:
    """Blocks of several layers, with ways around them."""
    layers = [
        TransformerBlock(heads=2, units=8, activation="relu", name=f"block{number}")
        for number in range(8, 13)
    ]
    named = Network(inputs={"X": ["N", 3, 4]}, targets={"Y": ["N", 3, 4]}, layers=layers, loss="sse")
    return named.derive().derived


def test_the_general_step_is_what_a_textbook_prints() -> None:
    told = composed(deep(LAYERS))
    general = statements(told, "forward")["3, 5, …, 15"]
    assert latex(general.index) == (
        r"Z_{n j}^{[\ell ]} = \sum_{i} A_{n i}^{[\ell -1]} W_{i j}^{[\ell ]} + b_{j}^{[\ell ]}"
    )
    (blame,) = statements(told, "adjoint-Aℓ").values()
    assert latex(blame.matrix) == (
        r"\bar{\mathbf{A}}^{[\ell ]} = \bar{\mathbf{Z}}^{[\ell +1]} \mathbf{W}^{[\ell +1] \top}"
    )


def test_runs_end_where_layers_differ() -> None:
    told = composed(deep(LAYERS))
    labels = list(statements(told, "forward"))
    assert labels == ["1", "2", f"3, 5, …, {2 * LAYERS - 1}", f"4, 6, …, {2 * LAYERS}"]
    anchors = [found.anchor for found in told.sections if found.anchor.startswith("adjoint-")]
    assert "adjoint-A1" in anchors
    assert f"adjoint-A{LAYERS}" in anchors
    assert "adjoint-A3" not in anchors


def test_two_layers_are_no_run() -> None:
    assert composed(deep(2)) == composed(deep(2), unfold=True)


@pytest.mark.parametrize("name", sorted(CASES))
def test_what_does_not_repeat_is_printed_as_it_was(name: str) -> None:
    derived = derivation(name)
    assert composed(derived) == composed(derived, unfold=True)


def test_a_page_of_many_layers_is_hardly_longer_than_one_of_few() -> None:
    pages = [document(deep(layers), Meta("test"), "html") for layers in (6, 18)]
    assert len(pages[1]) < 1.5 * len(pages[0])


@pytest.mark.parametrize("form", sorted(formats()))
def test_no_mark_is_left_for_a_reader(form: str) -> None:
    text = document(deep(LAYERS), Meta("test"), form)
    shown = re.sub(r"<template>.*?</template>", "", text, flags=re.DOTALL)
    shown = re.sub(r"<script>.*?</script>", "", shown, flags=re.DOTALL)
    assert not MARK.search(shown)


def test_every_equation_of_a_run_can_be_linked_to() -> None:
    told = composed(deep(LAYERS))
    general = [b.label for s in told.sections for b in s.blocks if isinstance(b, Statement)]
    labels = {label for found in general if "," not in found for label in [found]}
    labels |= {block.label for block in unfolded(told) if isinstance(block, Statement)}
    full = composed(deep(LAYERS), unfold=True)
    assert labels >= {
        b.label for s in full.sections for b in s.blocks if isinstance(b, Statement) and b.label
    }


def test_patterns_go_on_evenly_or_not_at_all() -> None:
    forms = Forms()
    first, second, third, odd = (
        forms.of(("W", text)) for text in ("A1 W2 0.05", "A2 W3 0.05", "A3 W4 0.05", "A3 W5 0.05")
    )
    assert continues([first], second)
    assert continues([first, second], third)
    assert not continues([first, second], odd)
    assert not continues([first], forms.of(("V", "A2 W3 0.05")))
    found = pattern(("W", "A1 W2 0.05"), first.numbers, second.numbers, 12)
    assert found.instance(0) == ("W", "A1 W2 0.05")
    assert found.instance(9) == ("W", "A10 W11 0.05")


def test_what_does_not_change_stays_the_same_object() -> None:
    (block,) = [b for b in section(composed(deep(2)), "forward").blocks if owner(b) == "Z1"]
    assert changed(block, lambda text, _: text) is block
