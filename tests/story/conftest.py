"""The runs that the story is told from, made once for all its tests."""

from __future__ import annotations

import pytest

from symnet.story.runs import Runs


@pytest.fixture(scope="session")
def runs():
    return Runs()
