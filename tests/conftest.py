"""What every test shares: the same examples on every run, and the flag that renews goldens."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

# The same examples each time, on every machine: a failure is a fact about the change, not about the day.
# For a search further afield: `make test ARGS="--hypothesis-profile=default"`.
settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("ci")
os.environ["SYMNET_CACHE"] = ""  # every test sees the work done, but those of the cache


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--renew", action="store_true", help="write the goldens rather than compare")


@pytest.fixture
def renew(request: pytest.FixtureRequest) -> bool:
    """Whether goldens are to be written anew."""
    return bool(request.config.getoption("--renew"))
