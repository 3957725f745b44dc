"""A comment is broken into lines, and has an end whatever is in it."""

from __future__ import annotations

import pytest

from symnet.backends.numpy.statements import comment


@pytest.mark.parametrize(
    "text", ["short", "a " * 100, "a" * 300, "a " + "b" * 150 + " c " + "d" * 200, " " * 300, ""]
)
def test_a_long_comment(text):
    lines = comment(text, "  ")
    assert all(line.startswith("  # ") for line in lines)
    assert "".join("".join(lines).split()).replace("#", "") == "".join(text.split())
    assert all(len(line) <= 120 or " " not in line[8:] for line in lines)
