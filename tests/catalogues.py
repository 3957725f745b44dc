"""The catalogues of messages in symnet/locale: what is to be translated is found where it is said.

    python tests/catalogues.py              bring every catalogue up to date, and say what it lacks
    python tests/catalogues.py --begin fr   begin one for another language

A message stands inside `say("...")`, `say_count("...", "...")` or `Context.text("...")`, in Python or in a
template; or it is what a member of the catalogue, a layer or a check says of itself, found as they are.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from string import Formatter

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

import symnet
from symnet.discovery import modules
from symnet.messages import CATALOGUES, DOMAIN
from symnet.registry import catalogue, layer_kinds

PACKAGE = Path(symnet.__file__).parent
METHODS = [("**.py", "python"), ("**.jinja", "jinja2.ext:babel_extract")]
KEYWORDS = {"say": None, "text": None, "paragraph": None, "say_count": (1, 2)}
OPTIONS = {"**.jinja": {"trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}}
HEAD = "# What symnet says, in another language: `make messages` brings it up to date."
NEVER = datetime(2000, 1, 1, tzinfo=UTC)
"""A catalogue is the same whenever it is written."""
DATED = re.compile(
    r'^"(POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team|Generated-By|.*EMAIL).*\n',
    re.MULTILINE,
)


def extracted() -> Catalog:
    """Every message, with the files that say it."""
    found = Catalog(project="symnet", fuzzy=False)
    for file, _, message, _, _ in extract_from_dir(PACKAGE, METHODS, OPTIONS, KEYWORDS):
        found.add(message, locations=[(f"symnet/{file}", 0)])
    for message, file in said_by_members():
        found.add(message, locations=[(file, 0)])
    return found


def said_by_members() -> Iterator[tuple[str, str]]:
    """What the members of the registries say of themselves."""
    for folder, members in catalogue().items():
        for name, member in members.items():
            yield member.words, f"symnet/{folder}/{name}.py"
    for kind in layer_kinds().values():
        yield kind.WORDS, f"{kind.__module__.replace('.', '/')}.py"
    for name, check in modules("symnet.verify.checks").items():
        yield check.NAME, f"symnet/verify/checks/{name}.py"


def path_of(language: str) -> Path:
    return CATALOGUES / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def read(language: str) -> Catalog:
    with path_of(language).open("rb") as file:
        found = read_po(file)
    found.header_comment = HEAD
    found.creation_date = found.revision_date = NEVER
    return found


def compiled(found: Catalog) -> bytes:
    buffer = io.BytesIO()
    write_mo(buffer, found)
    return buffer.getvalue()


def write(language: str, found: Catalog) -> None:
    """The .po, and the .mo that is read when symnet runs."""
    buffer = io.BytesIO()
    write_po(buffer, found, width=110, sort_output=True, include_lineno=False)
    path = path_of(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(DATED.sub("", buffer.getvalue().decode()), encoding="utf-8")
    path.with_suffix(".mo").write_bytes(compiled(read(language)))


def update(found: Catalog, messages: Catalog) -> None:
    """What is said no more stays at the end of the .po, and comes back when it is said again."""
    for key, old in [*found.obsolete.items()]:
        if old.id in messages:
            found.add(old.id, old.string)
            del found.obsolete[key]
    found.update(messages, no_fuzzy_matching=True)


def missing(found: Catalog) -> Iterator[str]:
    """What is wrong with the translations."""
    for message in found:
        if message.id:
            yield from (f"{problem}: {message.id}" for problem in problems(message))


def problems(message: Message) -> Iterator[str]:
    said = message.string if isinstance(message.string, tuple) else (message.string,)
    asked = message.id if isinstance(message.id, tuple) else (message.id,)
    if not all(said):
        yield "not translated"
    elif message.fuzzy:
        yield "fuzzy"
    elif any(parts(words) != parts(asked[-1]) for words in said):
        yield "other parts in braces"


def parts(words: str) -> set[str]:
    try:
        return {name for _, name, _, _ in Formatter().parse(words) if name is not None}
    except ValueError:  # braces that are no parts
        return set()


def languages() -> list[str]:
    """Those that a catalogue has been begun for."""
    return sorted(path.parents[1].name for path in CATALOGUES.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))


def main() -> None:
    parser = argparse.ArgumentParser(description="Bring the catalogues of messages up to date.")
    parser.add_argument("--begin", metavar="CODE", help="begin a catalogue for this language")
    begin = parser.parse_args().begin
    messages = extracted()
    if begin and begin not in languages():
        write(begin, Catalog(locale=begin, project="symnet", fuzzy=False))
    for language in languages():
        found = read(language)
        update(found, messages)
        write(language, found)
        for problem in missing(found):
            sys.stderr.write(f"{language}: {problem}\n")


if __name__ == "__main__":
    main()
