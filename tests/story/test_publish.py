"""docs/story/ is what symnet tells now; its files hang together."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from click.testing import CliRunner

from symnet.cli import commands
from symnet.documents.outline import Paragraph
from symnet.messages import Language
from symnet.story import CHAPTERS, story
from symnet.story.publish import differences, texts

FOLDER = Path(__file__).parents[2] / "docs" / "story"


@pytest.fixture(scope="module")
def told():
    return texts()


def test_docs_story_is_what_is_told_now(told):
    assert list(differences(FOLDER, told)) == []


def test_every_chapter_begins_with_a_question(runs):
    sections = story(runs, Language()).sections
    assert len(sections) == len(CHAPTERS)
    for section in sections:
        assert isinstance(section.title[-1], str)
        assert section.title[-1].endswith("?")
        assert isinstance(section.blocks[0], Paragraph)


def test_links_lead_somewhere(told):
    for name, text in told.items():
        if not name.endswith(".html"):
            continue
        places = re.findall(r'\bid="([^"]+)"', text)
        assert len(places) == len(set(places)), name
        assert set(re.findall(r'href="#([^"]+)"', text)) <= set(places), name
        assert set(re.findall(r'href="([^"#:]+)"', text)) <= set(told), name


def test_a_page_needs_nothing_else(told):
    page = told["index.html"]
    assert "http://" not in re.sub(r'xmlns(:\w+)?="[^"]+"', "", page)
    assert not re.search(r'src="|@import|url\((?!data:)', page)
    assert len(page) < 1_000_000


def test_drawings_are_files_of_their_own(told):
    for name, text in told.items():
        if name.endswith(".md"):
            assert all(file in told for file in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text))
        elif name.endswith(".svg"):
            assert ET.fromstring(text).tag == "{http://www.w3.org/2000/svg}svg"


def test_the_command_writes_and_compares(tmp_path, told, monkeypatch):
    monkeypatch.setattr("symnet.story.publish.texts", lambda: told)

    def run(*options):
        return CliRunner().invoke(commands, ["story", "-o", str(tmp_path), *options], standalone_mode=False)

    assert run().return_value == 0
    assert run("--check").return_value == 0
    page = tmp_path / "index.html"
    page.write_text(page.read_text(encoding="utf-8").replace("Rosenblatt", "Nobody"), encoding="utf-8")
    (tmp_path / "figures" / "figure-01.svg").unlink()
    assert run("--check").return_value == 1
    assert "figure-01.svg is not there" in run("--check").output
    (tmp_path / "figures" / "figure-99.svg").write_text("", encoding="utf-8")
    assert run().return_value == 0
    assert run("--check").return_value == 0


def test_what_was_measured_may_differ(tmp_path, told):
    for name, text in told.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        changed = re.sub(r"(<!-- measured -->).*?(<!-- /measured -->)", r"\1\2", text, flags=re.DOTALL)
        (tmp_path / name).write_text("" if "measured" in name else changed, encoding="utf-8")
    assert list(differences(tmp_path, told)) == []
