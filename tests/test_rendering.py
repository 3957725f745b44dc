"""The one environment for templates is strict."""

from __future__ import annotations

import pytest
from jinja2 import UndefinedError

from symnet.rendering import environment, render


def test_a_name_that_nothing_defines_is_an_error():
    with pytest.raises(UndefinedError):
        render("symnet.backends.numpy", "TRAINER.py.jinja", {})


def test_blocks_leave_no_lines_behind():
    template = environment("symnet.backends.numpy").from_string("a\n  {% if True %}\nb\n  {% endif %}\n")
    assert template.render() == "a\nb\n"


def test_compiled_templates_are_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("SYMNET_CACHE", str(tmp_path))
    for _ in range(2):  # the second time what the first one has kept is read
        made = environment.__wrapped__("symnet.backends.numpy")
        made.get_template("SPECIAL.py.jinja")
        assert list((tmp_path / "templates").iterdir())


def test_what_cannot_be_kept_is_compiled_anew(tmp_path, monkeypatch):
    monkeypatch.setenv("SYMNET_CACHE", str(tmp_path))
    made = environment.__wrapped__("symnet.backends.numpy")
    (tmp_path / "templates").rmdir()
    assert made.get_template("SPECIAL.py.jinja")
    (tmp_path / "templates").write_text("a file")
    assert environment.__wrapped__("symnet.backends.numpy").get_template("SPECIAL.py.jinja")
