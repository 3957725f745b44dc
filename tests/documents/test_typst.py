"""Typst: that it compiles, and that no words are markup."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from derivation.programs import CASES
from documents.formulas import coverage, derivation

from symnet.documents import document, fragment
from symnet.documents.mathematics import Printer
from symnet.documents.notation import ADJOINTS, Notation
from symnet.documents.outline import Meta
from symnet.documents.typst.formulas import formula, rows, string

HOSTILE = '#read("/etc/passwd") $x$ *b* "; #panic() \\ <label> @ref // c\n= h'


def compiled(text: str, folder: Path) -> bytes:
    typst = pytest.importorskip("typst")
    (folder / "document.typ").write_text(text, encoding="utf-8")
    return bytes(typst.compile(folder / "document.typ", root=folder))


@pytest.mark.parametrize("name", CASES)
def test_every_derivation_compiles(name: str, tmp_path: Path) -> None:
    text = document(derivation(name), Meta(HOSTILE, HOSTILE), "typst", code="x = 1  # (1)\n")
    assert compiled(text, tmp_path).startswith(b"%PDF")


@pytest.mark.parametrize("notation", ADJOINTS)
def test_every_notation_compiles(notation: str, tmp_path: Path) -> None:
    compiled(document(derivation("recurrence"), Meta(notation=Notation(notation)), "typst"), tmp_path)


def test_every_kind_of_expression_compiles(tmp_path: Path) -> None:
    equations, program = coverage()
    shown = [
        " \\ ".join(rows(Printer(program.tensors).equation(e), limit)) for e in equations for limit in (8, 36)
    ]
    compiled("\n".join(f"$ {text} $" for text in shown), tmp_path)


def test_a_fragment_compiles_alone(tmp_path: Path) -> None:
    text = fragment(derivation("attention"), Meta(), "typst")
    assert "#let" not in text
    compiled(text, tmp_path)


def test_words_are_strings() -> None:
    assert string('a "b" \\ \n') == r'"a \"b\" \\ \n"'
    text = document(derivation("dense"), Meta(HOSTILE), "typst")
    assert "#read" not in re.sub(r'"(?:[^"\\]|\\.)*"', '""', text)


def test_a_comma_between_arguments_is_no_argument_of_typst() -> None:
    equations, program = coverage()
    text = formula(Printer(program.tensors).equation(equations[3]))
    assert r"\," in text
