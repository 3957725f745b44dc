"""Articles, slides and fragments in LaTeX: that they compile, and that nothing in them is a command."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from derivation.programs import CASES
from documents.formulas import assert_balanced, derivation

from symnet.documents import document, fragment
from symnet.documents.latex.equations import LINE, rows, size
from symnet.documents.notation import ADJOINTS, Notation
from symnet.documents.outline import Evidence, Meta, Results
from symnet.documents.typeset import INVISIBLE, Fraction, Name, joined
from symnet.errors import SymnetError

CODE = '"""Made by hand: a < b."""\nx = 1  # (7)\n'
EVIDENCE = Evidence(("check", "passed"), (("steps", "yes"),), "passed: all of it")
RESULTS = Results(facts=(("accuracy", "0.98"),))
HOSTILE = Meta(
    title=r"\input{/etc/passwd} $x$ \end{frame} ``` {{ 7*7 }} \write18{id} % #1 é",
    command="symnet `derive` --x </style>",
    source="a&b_c.toml</title>",
)
GALLERY = sorted((Path(__file__).parents[2] / "generated").glob("*/derivation.tex"))


def written(form: str, name: str = "dense", meta: Meta | None = None) -> str:
    return document(derivation(name), meta or Meta("test"), form, "rows", CODE, EVIDENCE, RESULTS)


def compiled(text: str, folder: Path, program: str = "pdflatex", runs: int = 2) -> str:
    """The log of a run of LaTeX that ended well."""
    (folder / "derivation.tex").write_text(text, encoding="utf-8")
    draft = ["-draftmode"] if runs == 1 and program == "pdflatex" else []
    command = [
        program,
        *draft,
        "-no-shell-escape",
        "-interaction=nonstopmode",
        "-halt-on-error",
        "derivation.tex",
    ]
    for _ in range(runs):
        run = subprocess.run(command, cwd=folder, capture_output=True, timeout=240, check=False)
    log = (folder / "derivation.log").read_text(encoding="utf-8", errors="replace")
    assert run.returncode == 0, log[-2000:]
    return log


def assert_nothing_is_too_wide(log: str) -> None:
    wide = [float(points) for points in re.findall(r"Overfull \\hbox \(([\d.]+)pt", log)]
    assert max(wide, default=0.0) <= 2.0, [line for line in log.splitlines() if "Overfull" in line]


def environments_balance(text: str) -> None:
    outside = re.sub(r"\\begin\{lstlisting\}.*?\\end\{lstlisting\}", "", text, flags=re.DOTALL)
    assert_balanced(re.sub(r"(?<!\\)%.*", "", outside))


needs_pdflatex = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
needs_ctex = pytest.mark.skipif(
    shutil.which("xelatex") is None
    or subprocess.run(["kpsewhich", "ctex.sty"], capture_output=True, check=False).returncode != 0,
    reason="xelatex with ctex is not installed",
)


@pytest.mark.parametrize("form", ["latex", "beamer"])
@pytest.mark.parametrize("name", CASES)
def test_latex_closes_what_it_opens(name: str, form: str) -> None:
    environments_balance(written(form, name))


@pytest.mark.parametrize("form", ["latex", "beamer"])
def test_hostile_words_are_only_words_in_latex(form: str) -> None:
    text = written(form, meta=HOSTILE)
    environments_balance(text)
    assert not re.search(r"\\(input|write18|end\{frame\} ``)", text)
    assert "49" not in text.split(r"\begin{document}")[0]


def test_code_cannot_end_its_listing() -> None:
    code = CODE + "# \\end{lstlisting}\\input{x}\n"
    text = document(derivation("dense"), Meta(), "latex", code=code)
    assert text.count(r"\end{lstlisting}") == 1


@needs_pdflatex
@pytest.mark.parametrize("form", ["latex", "beamer"])
@pytest.mark.parametrize("name", ["dense", "attention"])
def test_it_compiles_without_a_warning_that_shows(name: str, form: str, tmp_path: Path) -> None:
    log = compiled(written(form, name, HOSTILE if name == "dense" else None), tmp_path)
    assert_nothing_is_too_wide(log)
    assert not re.search(r"(LaTeX|hyperref) Warning(?!: Label)", log)


@needs_pdflatex
@pytest.mark.parametrize("notation", ADJOINTS)
def test_every_notation_compiles(notation: str, tmp_path: Path) -> None:
    meta = Meta("test", notation=Notation(notation, "paren"))
    assert_nothing_is_too_wide(compiled(written("latex", "recurrence", meta), tmp_path, runs=1))


@needs_pdflatex
@pytest.mark.parametrize("path", GALLERY, ids=lambda path: path.parent.name)
def test_the_gallery_compiles_and_nothing_is_too_wide(path: Path, tmp_path: Path) -> None:
    assert_nothing_is_too_wide(compiled(path.read_text(encoding="utf-8"), tmp_path, runs=1))


@needs_ctex
@pytest.mark.parametrize("form", ["latex", "beamer"])
def test_a_chinese_name_is_for_xelatex(form: str, tmp_path: Path) -> None:
    text = written(form, meta=Meta(r"异或网络 \input{x}"))
    assert text.startswith("% !TEX program = xelatex")
    assert "异或网络" in text
    log = compiled(text, tmp_path, "xelatex", runs=1)
    assert "Missing character" not in log


def test_a_reference_leads_to_its_equation() -> None:
    text = written("latex")
    assert set(re.findall(r"hyperref\[eq:(\w+)\]", text)) <= set(re.findall(r"label\{eq:(\w+)\}", text))


def test_a_fragment_is_the_equations_alone() -> None:
    text = fragment(derivation("dense"), Meta(), "latex")
    assert text.startswith(r"% needs \usepackage{amsmath")
    assert text.count(r"\label{eq:symnet-") == text.count(r"\begin{equation}") > 5
    assert not re.search(r"\\(document|section|tag|color|text)", text)
    environments_balance(text)
    with pytest.raises(SymnetError, match="no fragment") as error:
        fragment(derivation("dense"), Meta(), "html")
    assert error.value.expected == "latex or typst"


@needs_pdflatex
def test_a_fragment_compiles_with_the_packages_that_it_names(tmp_path: Path) -> None:
    text = fragment(derivation("attention"), Meta(), "latex")
    packages = re.match(r"% needs (.*)", text)
    assert packages
    whole = rf"\documentclass{{article}}{packages[1]}\begin{{document}}" + text + r"\end{document}"
    compiled(whole, tmp_path, runs=1)


def test_what_cannot_be_broken_is_set_in_smaller_type() -> None:
    word = Name("x" * 80, "upright")
    assert size((word,)) != ""
    assert size((Name("x"),)) == ""
    wide = Fraction(joined([Name("x" * 12, "upright")] * 12, INVISIBLE), Name("y"))
    assert len(list(rows(wide))) > 1
    assert all(sum(row.widths) <= LINE for row in rows(wide))
