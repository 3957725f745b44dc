"""The files of the story: a page and a text in Markdown in each language, and the drawings that the latter
shows; written, or compared with those that are there.

What was measured is marked in the texts, and drawings of it are named so: it is not compared, since machines
differ in the last digits.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

from symnet.documents import formats
from symnet.documents.figures.svg import STYLE
from symnet.documents.outline import Block, Document, Figure, Fold, Measured
from symnet.files import write_atomically
from symnet.messages import Language, languages, say
from symnet.story import story
from symnet.story.runs import Runs

MEASURED = "measured"
MARKED = re.compile(r"<!-- measured -->.*?<!-- /measured -->", re.DOTALL)
SHOWN, WIDE = 40, 200
"""So many lines of a difference are told for each file, and so much of each."""


def texts() -> dict[str, str]:
    """Every file of the story by its name, as it is now."""
    runs, told = Runs(), languages()
    found: dict[str, str] = {}
    for name in told:
        language = Language(name)
        document = story(runs, language)
        for form, stem in (("html", "index"), ("markdown", "README")):
            suffix = formats()[form].SUFFIX
            others = tuple(
                (Language(other)(say("English")), f"{_named(stem, other)}{suffix}")
                for other in told
                if other != name
            )
            whole = replace(document, elsewhere=others)
            if form == "markdown":
                whole, drawings = _with_files(whole, name)
                found |= drawings
            found[f"{_named(stem, name)}{suffix}"] = formats()[form].write(whole)
    return found


def write(folder: Path, now: Mapping[str, str]) -> None:
    """Writes these texts into a folder, and takes away drawings that the story no longer has."""
    for name, text in now.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / name, text)
    for name in _present(folder).keys() - now.keys():
        if name.startswith("figures/"):
            (folder / name).unlink()


def differences(folder: Path, now: Mapping[str, str]) -> Iterator[str]:
    """How the story in a folder differs from the texts that it has now, line by line."""
    there = _present(folder)
    for name in sorted(now.keys() | there.keys()):
        if name not in now or name not in there:
            yield f"{name} is {'not there' if name in now else 'no longer written'}"
        elif MEASURED not in Path(name).name:
            old, new = (_settled(text).splitlines() for text in (there[name], now[name]))
            lines = list(difflib.unified_diff(old, new, name, f"now: {name}", lineterm="", n=0))
            yield from (line[:WIDE] for line in lines[:SHOWN])


def _present(folder: Path) -> dict[str, str]:
    """The files of a story in a folder, by name."""
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for pattern in ("*.html", "*.md", "figures/*.svg")
        for path in sorted(folder.glob(pattern))
    }


def _settled(text: str) -> str:
    """A text without what was measured."""
    return MARKED.sub("", text)


def _named(stem: str, language: str) -> str:
    return stem if language == "en" else f"{stem}.{language}"


def _with_files(document: Document, language: str) -> tuple[Document, Mapping[str, str]]:
    """The document with its drawings in files of their own, and those files."""
    drawings: dict[str, str] = {}

    def placed(block: Block, kind: str = "figure") -> Block:
        if isinstance(block, Figure):
            name = f"figures/{_named(f'{kind}-{len(drawings) + 1:02}', language)}.svg"
            drawings[name] = standalone(block.svg)
            return replace(block, file=name)
        if isinstance(block, Measured):
            return replace(block, blocks=tuple(placed(inner, MEASURED) for inner in block.blocks))
        if isinstance(block, Fold):
            return replace(block, blocks=tuple(placed(inner, kind) for inner in block.blocks))
        return block

    sections = tuple(
        replace(section, blocks=tuple(map(placed, section.blocks))) for section in document.sections
    )
    return replace(document, sections=sections), drawings


def standalone(svg: str) -> str:
    """A drawing of a page as a file of its own, in the colours of whoever looks at it."""
    colours = files("symnet.story").joinpath("standalone.css").read_text(encoding="utf-8")
    opening, rest = svg.split(">", 1)
    width = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', opening)
    assert width is not None, "a drawing has its size"
    size = f'xmlns="http://www.w3.org/2000/svg" width="{width[1]}" height="{width[2]}"'
    opening = re.sub(r' style="[^"]*"', "", opening).replace("<svg ", f"<svg {size} ", 1)
    return f"{opening}><style>{colours}{STYLE}</style>{rest}\n"
