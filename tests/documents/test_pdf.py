"""PDFs: by each program that can make one, and what is said where none can."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess

import pytest
from documents.formulas import derivation

from symnet.documents import document
from symnet.documents import pdf as printing
from symnet.documents.outline import Meta
from symnet.documents.pdf import BROWSERS, ENGINES, pdf
from symnet.errors import MissingToolError

HOSTILE = r"\input{/etc/passwd} #read(\"/etc/passwd\") $x$ <script>document.title='run'</script> {{ 7*7 }}"
THERE = {
    "latex": shutil.which("pdflatex"),
    "typst": importlib.util.find_spec("typst"),
    "chromium": next(filter(shutil.which, BROWSERS), None),
}


def of(title: str, name: str = "dense") -> printing.Written:
    return lambda form: document(derivation(name), Meta(title), form, code="x = 1  # (1)\n")


def text_of(made: bytes) -> str:
    """The words of a PDF."""
    done = subprocess.run(["pdftotext", "-", "-"], input=made, capture_output=True, check=True, timeout=60)
    return done.stdout.decode()


@pytest.mark.parametrize("engine", ENGINES)
def test_each_program_makes_a_pdf_and_words_stay_words(engine: str) -> None:
    if not THERE[engine]:
        pytest.skip(f"{engine} is not installed")
    told: list[str] = []
    made = pdf(of(HOSTILE), told.append, (engine,))
    assert made.startswith(b"%PDF")
    assert told
    if shutil.which("pdftotext"):
        words = text_of(made)
        assert "/etc/passwd" in words
        assert "root:" not in words
        assert "The network" in words


@pytest.mark.skipif(not THERE["latex"], reason="pdflatex is not installed")
def test_a_pdf_is_the_same_whenever_it_is_made() -> None:
    assert pdf(of("test"), engines=("latex",)) == pdf(of("test"), engines=("latex",))


@pytest.mark.parametrize(("title", "wanted"), [("test", "pdflatex"), ("异或", "ctex")])
def test_without_a_program_it_says_what_to_install(title: str, wanted: str, monkeypatch) -> None:
    monkeypatch.setattr(printing.shutil, "which", lambda name: None)
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "typst" else found(name))
    with pytest.raises(MissingToolError, match="makes a PDF") as error:
        pdf(of(title))
    assert wanted in error.value.expected
    assert "symnet[pdf]" in error.value.expected


@pytest.mark.skipif(not THERE["latex"], reason="pdflatex is not installed")
def test_what_a_program_complains_of_is_told() -> None:
    broken = {"latex": r"\documentclass{article}\begin{document}\nosuch\end{document}"}
    with pytest.raises(MissingToolError, match="Undefined control sequence"):
        pdf(lambda form: broken[form], engines=("latex",))


@pytest.mark.skipif(not THERE["latex"], reason="pdflatex is not installed")
def test_latex_reads_no_file_outside() -> None:
    reading = r"\documentclass{article}\begin{document}\input{/etc/passwd}\end{document}"
    with pytest.raises(MissingToolError):
        pdf(lambda form: reading, engines=("latex",))
