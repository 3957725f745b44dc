"""docs/documents.md describes every format, notation and option that there is."""

from __future__ import annotations

from pathlib import Path

from symnet.cli import derive, serve
from symnet.documents import formats, pdf
from symnet.documents.notation import ADJOINTS, SUPERSCRIPTS
from symnet.messages import languages

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "documents.md").read_text(encoding="utf-8")


def test_every_format_and_notation_is_described() -> None:
    for name in (*formats(), pdf.NAME, *ADJOINTS, *SUPERSCRIPTS, *languages()):
        assert f"`{name}`" in TEXT


def test_every_option_is_described() -> None:
    for command in (derive, serve):
        for parameter in command.params:
            option = parameter.opts[-1]
            assert option in ("spec", "--format", "--output") or f"`{option}`" in TEXT, option
