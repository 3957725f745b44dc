"""The search for garbage is put off, and comes back."""

from __future__ import annotations

import gc

import pytest

from symnet.collector import uncollected


@uncollected()
def raising():
    assert not gc.isenabled()
    with uncollected():
        pass
    assert not gc.isenabled()
    raise ValueError("wrong")


def test_it_comes_back_after_an_error():
    with pytest.raises(ValueError, match="wrong"):
        raising()
    assert gc.isenabled()


def test_who_has_turned_it_off_finds_it_off():
    gc.disable()
    try:
        with uncollected():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
