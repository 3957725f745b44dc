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
