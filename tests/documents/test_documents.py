"""Tests over every format, and what each one promises."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser

import pytest
from derivation.programs import CASES
from documents.formulas import assert_balanced, assert_well_formed, deep, derivation

from symnet import Dense, Network
from symnet.documents import document, formats
from symnet.documents.compose import compose
from symnet.documents.html import write
from symnet.documents.html.facts import facts, in_script
from symnet.documents.html.listing import listing
from symnet.documents.outline import Evidence, Meta, Results, Statement, Steps
from symnet.documents.typeset import latex
from symnet.errors import SymnetError

CODE = '"""Made by hand: a < b."""\nx = 1  # (7)\nif x < 2:\n    y = f"{x}_&"  # (12a)\n'
EVIDENCE = Evidence(("check", "passed"), (("steps", "yes"),), "passed: all of it", (), (("steps", "1e-15"),))
RESULTS = Results(losses=(3.0, 2.0, 1.0), facts=(("accuracy", "0.98"),), confusion=((3, 1), (0, 4)))
HOSTILE = Meta(
    title=r"<script>alert('x')</script> \input{/etc/passwd} $x$ ``` {{ 7*7 }} [a](javascript:b)",
    command="symnet `derive` --x </style>",
    source="a&b_c.toml</title>",
)
VOID = {"meta", "line", "rect", "circle", "polyline", "br", "input"}


def written(form: str, name: str = "dense", meta: Meta | None = None, **options: object) -> str:
    meta = meta or Meta("test", "symnet derive test.toml", "test.toml")
    return document(derivation(name), meta, form, code=CODE, evidence=EVIDENCE, **options)


def has_number(text: str, label: str) -> bool:
    """Whether an equation with that number is in a text, whatever its format."""
    return any(form in text for form in (f"({label})", f"tag{{{label}}}", f'numbered("{label}")'))


class Page(HTMLParser):
    """Reads a page strictly: every tag is closed where it was opened."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(text)
        self.close()
        assert not self.open, f"{self.open} stay open"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.links += [value or "" for name, value in attrs if name == "href"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> closes another"


@pytest.mark.parametrize("form", formats())
def test_a_format_has_all_that_a_format_has(form: str) -> None:
    module = formats()[form]
    assert form == module.NAME
    assert "." in module.SUFFIX
    assert module.WORDS


@pytest.mark.parametrize("form", formats())
@pytest.mark.parametrize("name", CASES)
def test_every_derivation_is_a_document(name: str, form: str) -> None:
    text = written(form, name)
    for label in derivation(name).labels.values():
        assert has_number(text, label), f"equation {label} is not in the document"
    assert text == written(form, name), "a second time, something else is written"


@pytest.mark.parametrize("form", formats())
def test_a_deep_network_is_a_document(form: str) -> None:
    derived = deep(10)
    text = document(derived, Meta("deep", unfold=True), form)
    assert len(text) > 20_000
    for adjoint in derived.adjoints:
        label = derived.labels[adjoint.equation.tensor.name]
        assert has_number(text, label)


@pytest.mark.parametrize("form", formats())
def test_results_and_certificate_are_in_it_and_marked_off(form: str) -> None:
    text = written(form, results=RESULTS)
    assert "0.98" in text
    assert "passed: all of it" in text
    measured = re.findall(r"(?:<!--|%|//) measured.*?/measured", text, re.DOTALL)
    assert len(measured) == 2
    assert "0.98" in measured[0]
    assert "1e-15" in measured[1]


@pytest.mark.parametrize("form", formats())
def test_the_convention_is_named(form: str) -> None:
    assert "every sample is a row" in written(form)
    assert "every sample is a column" in written(form, convention="columns")


def test_what_does_not_exist_is_an_error_with_the_nearest_name() -> None:
    with pytest.raises(SymnetError, match="no format") as error:
        document(derivation("dense"), Meta(), "latx")
    assert error.value.suggestion == "latex"
    with pytest.raises(SymnetError, match="no convention"):
        document(derivation("dense"), Meta(), "html", "diagonal")  # type: ignore[arg-type]


def test_the_steps_are_those_of_the_journal() -> None:
    derived = derivation("dense")
    outline = compose(derived, Meta())
    for adjoint in derived.adjoints:
        section = next(s for s in outline.sections if s.anchor == f"adjoint-{adjoint.of.name}")
        steps = next(block for block in section.blocks if isinstance(block, Steps))
        statement = next(block for block in section.blocks if isinstance(block, Statement))
        formulas = [latex(line.formula) for line in steps.lines if line.formula is not None]
        assert latex(statement.index).endswith(formulas[-1]), "the last step is the result"
        journal = [step for c in adjoint.contributions for step in (*c.local, *c.steps)]
        trivial = [
            step
            for step in journal
            if step.wrt is not None and step.wrt.is_Add is False and step.before.is_Add
        ]
        assert len(formulas) >= len(journal) - len(trivial)


# HTML


@pytest.mark.parametrize("name", CASES)
def test_a_page_is_well_formed_and_its_links_lead_somewhere(name: str) -> None:
    text = written("html", name)
    page = Page(text)
    assert len(page.ids) == len(set(page.ids)), "an id is given twice"
    assert {link for link in page.links if link.startswith("#")} <= {f"#{name}" for name in page.ids}
    for formula in re.findall(r"<math.*?</math>", text, re.DOTALL):
        assert_well_formed(formula)


def test_a_page_needs_nothing_from_elsewhere() -> None:
    text = written("html", results=RESULTS)
    page = Page(text)
    assert not page.tags & {"link", "img", "iframe", "object", "embed"}
    assert "src" not in dict(page.attributes)
    asked = re.findall(r"https?:[^\s\"']*|url\((?!data:)|@import", text)
    assert set(asked) <= {"http://www.w3.org/1998/Math/MathML"}, "the name of a language is no request"
    assert len(text) < 1_000_000


def test_only_the_scripts_of_the_page_may_run() -> None:
    text = written("html", meta=HOSTILE)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; script-src 'sha256-")
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    hashes = {b64encode(sha256(script.encode()).digest()).decode() for script in scripts}
    assert set(re.findall(r"'sha256-([^']*)'", policy[1])) == hashes
    assert not re.search(r"\beval\(|new Function|innerHTML|document\.write", text)


def test_what_the_script_knows_ends_no_element() -> None:
    hostile = "</script><!-- & \u2028"
    assert json.loads(in_script(hostile)) == hostile
    assert not set(in_script(hostile)) & set("<>&\u2028")


def test_the_blame_goes_from_the_loss_to_the_first_layer() -> None:
    layers = [Dense(2, activation="sigmoid"), Dense(1, activation="sigmoid")]
    network = Network(inputs={"X": ("N", 2)}, targets={"Y": ("N", 1)}, layers=layers, loss="sse")
    known = json.loads(facts(compose(network.derive().derived, Meta())))
    way = [(step["from"], step["to"]) for step in known["steps"].values() if "from" in step]
    assert way[0][0] == ["loss"]
    crossings = [(source, target) for sources, target in way for source in sources if source != target]
    assert crossings == [("loss", "layer 2"), ("layer 2", "layer 1")]
    assert known["symbols"]["W1"][3] == "layer 1"


def test_a_year_in_brackets_is_no_equation() -> None:
    words = ("Bishop (2006) has it as (1), and (99).",)
    outline = replace(compose(derivation("dense"), Meta()), lead=words)
    lead = re.search(r'<p class="lead">.*?</p>', write(outline))
    assert lead is not None
    assert re.findall(r"<a [^>]*>(.*?)</a>", lead[0]) == ["1"]


def test_hostile_words_are_only_words_on_a_page() -> None:
    page = Page(written("html", meta=HOSTILE))
    assert page.text.count("<script>") == 2
    assert not any("javascript" in (value or "") for _, value in page.attributes)
    assert "49" not in re.findall(r"<h1>.*?</h1>", written("html", meta=HOSTILE), re.DOTALL)[0]


def test_marks_in_the_code_are_links() -> None:
    html = str(listing(CODE))
    assert '<a href="#step-7">7</a>' in html
    assert '<a href="#step-12a">12a</a>' in html
    assert "a &lt; b" in html
    plain = re.sub(r"<[^>]*>", "", html)
    assert plain.replace("&lt;", "<").replace("&quot;", '"').replace("&amp;", "&") == CODE


@pytest.mark.parametrize(
    ("mark", "computed", "linked"),
    [
        ("7", ["7"], ["7"]),
        ("12, 13a", ["12", "13a"], ["12", "13a"]),
        ("14-17", ["14", "15", "16", "17"], ["14", "17"]),
        ("18, 23, ..., 33", ["18", "23", "28", "33"], ["18", "23", "33"]),
    ],
)
def test_a_line_names_every_equation_that_it_computes(
    mark: str, computed: list[str], linked: list[str]
) -> None:
    html = str(listing(f"x = 1  # ({mark})\n"))
    assert f'data-eq="{" ".join(computed)}"' in html
    assert re.findall(r'href="#step-(\w+)"', html) == linked
    assert f"# ({mark})" in re.sub(r"<[^>]*>", "", html)


# Markdown


@pytest.mark.parametrize("name", CASES)
def test_markdown_closes_its_fences(name: str) -> None:
    text = written("markdown", name)
    fences = re.findall(r"^ *(`{3,})(\w*)", text, re.MULTILINE)
    assert len(fences) % 2 == 0
    assert [bool(language) for _, language in fences] == [True, False] * (len(fences) // 2)
    for formula in re.findall(r"```math\n(.*?)\n *```", text, re.DOTALL):
        assert_balanced(formula)


def test_hostile_words_are_only_words_in_markdown() -> None:
    head = written("markdown", meta=HOSTILE).split("\n## ")[0]
    assert not re.search(r"(?<!\\)<script", head)
    assert r"\[a\]" in head
    assert r"\$x\$" in head
