"""Notebooks, and Markdown as GitHub reads it."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from documents.formulas import derivation

from symnet.documents import document
from symnet.documents.markdown import GITHUB
from symnet.documents.markdown.blocks import Writer, formula
from symnet.documents.outline import Meta, Paragraph, Table
from symnet.documents.typeset import Fence, Name, Node, Script, Sign, row
from symnet.pipeline import Network

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.toml"))
LETTER = Name("x")
REFUSED = {"operatorname", "mbox", "phantom", "def", "newcommand", "href", "require"}
"""What GitHub does not let a formula have."""


def run(*arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "symnet", *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


class TestGitHub:
    @pytest.mark.parametrize(
        ("node", "latex"),
        [
            (Name("erf", "upright", r"\operatorname{erf}"), r"\mathop{\mathrm{erf}}\nolimits"),
            (
                Script(Name("argmax", "upright", r"\operatorname*{argmax}"), LETTER),
                r"\mathop{\mathrm{argmax}}_{x}",
            ),
            (row(LETTER, Sign("|", "|"), LETTER), r"x \vert  x"),
            (Fence(LETTER, "||"), r"\lvert x \rvert"),
        ],
    )
    def test_formulas_have_what_it_allows(self, node: Node, latex: str) -> None:
        assert formula(node) == latex

    @pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
    def test_every_example_has_what_it_allows(self, path: Path) -> None:
        text = Network.from_toml(path).derive().document("markdown").partition("```python")[0]
        inline = re.findall(r"\$`(.*?)`\$", text)
        blocks = re.findall(r"```math\n(.*?)\n *```", text, re.DOTALL)
        assert inline
        assert blocks
        for body in (*inline, *blocks):
            assert not REFUSED & set(re.findall(r"\\([a-zA-Z]+)", body))
            assert "|" not in body
            assert "`" not in body
            assert not re.search(r"^\s*$", body, re.MULTILINE), "an empty line ends a formula"

    def test_words_are_never_markup(self) -> None:
        writer = Writer(GITHUB, "en")
        told = [*writer.blocks((Paragraph(("1. a &lt; <b> | _c_",)), Paragraph(("- no list",))))]
        assert told == [r"1\. a \&lt; \<b\> \| \_c\_", r"\- no list"]
        table = Table(("a|b",), ((("c|d",),),))
        assert [*writer.blocks((table,))] == ["| a\\|b |\n| --- |\n| c\\|d |"]

    def test_the_network_is_a_chart_that_mermaid_draws(self) -> None:
        text = Network.from_toml(ROOT / "examples" / "xor.toml").derive().document("markdown")
        chart = re.search(r"```mermaid\n(.*?)```", text, re.DOTALL)
        assert chart is not None
        assert chart[1].splitlines() == [
            "flowchart LR",
            '  n0(["X: N × 2"])',
            '  n1["layer 1<br>W1, b1<br>A1: N × 2"]',
            '  n2["layer 2<br>W2, b2<br>A2: N × 1"]',
            "  n0 --> n1",
            "  n1 --> n2",
        ]


def test_cells_are_the_sections() -> None:
    content = json.loads(document(derivation("dense"), Meta("test"), "notebook"))
    assert (content["nbformat"], content["nbformat_minor"]) == (4, 5)
    ids = [cell["id"] for cell in content["cells"]]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name) for name in ids)
    assert {"network", "loss", "backward"} <= set(ids)
    text = "".join(line for cell in content["cells"] for line in cell["source"])
    assert "$$\n" in text
    assert "```math" not in text
    assert "$`" not in text


runs = pytest.mark.skipif(
    not all(map(importlib.util.find_spec, ("nbclient", "ipykernel"))), reason="the extra notebook is missing"
)


@runs
def test_a_notebook_has_been_run_and_is_the_same_every_time(tmp_path: Path) -> None:
    spec = (ROOT / "examples" / "xor.toml").read_text(encoding="utf-8").replace("4000", "2000")
    (tmp_path / "xor.toml").write_text(spec, encoding="utf-8")
    for name in ("a.ipynb", "b.ipynb"):
        done = run("derive", "xor.toml", "-o", name, "--no-cache", folder=tmp_path)
        assert done.returncode == 0, done.stderr
    text = (tmp_path / "a.ipynb").read_text(encoding="utf-8")
    assert text == (tmp_path / "b.ipynb").read_text(encoding="utf-8")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.ipynb", "b.ipynb", "xor.toml"]
    cells = {cell["id"]: cell for cell in json.loads(text)["cells"]}
    run_cells = [cell for cell in cells.values() if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in run_cells] == [1, 2, 3, 4]
    shown = {name: _shown(cell) for name, cell in cells.items() if cell["cell_type"] == "code"}
    assert "data:image/svg+xml" in shown["build"]
    assert shown["derive"].count("<tr>") == 4
    assert "accuracy 1.0000" in shown["train"]
    assert "passed: " in shown["verify"]


def _shown(cell: dict) -> str:
    return "".join(text for output in cell["outputs"] for lines in output["data"].values() for text in lines)


@runs
def test_data_in_a_file_are_found_from_where_the_notebook_lies(tmp_path: Path) -> None:
    written = tmp_path / "deep" / "er" / "wine.ipynb"
    done = run("derive", ROOT / "examples" / "wine.toml", "-o", written, "--language", "zh", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    cells = {cell["id"]: cell for cell in json.loads(written.read_text(encoding="utf-8"))["cells"]}
    assert "".join(cells["training"]["source"]) == "## 训练"
    assert "held out" in _shown(cells["train"])


def test_without_the_extra_the_error_names_it(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['nbclient'] = None; sys.argv[1:] = ['derive', sys.argv[1], '--format', 'notebook'];"
        "from symnet.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(ROOT / "examples" / "xor.toml")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={**__import__("os").environ, "SYMNET_CACHE": ""},
    )
    assert done.returncode == 2
    assert "pip install 'symnet[notebook]'" in done.stderr
    assert done.stdout == ""
