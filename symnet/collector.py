"""Python's search for garbage in circles, put off while a derivation is made.

A derivation makes many objects, and nearly all of them stay: each search walks over everything that is there
and finds nothing, which takes a sixth of the time at 100 layers. What is no circle is freed at once, as ever.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """A stretch, or a function, in which circles of garbage are not looked for; unless they never are."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
