"""What is derived is the same in every process: no order of a set, which Python draws anew, shows in it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from layers.samples import every_sample

TESTS = Path(__file__).parents[1]
WRITES = """
from layers.samples import every_sample
from layers.test_every_layer import derived_of
from symnet.derivation.second import hessian_product
from symnet.errors import DerivationError

for name, sample in every_sample().items():
    if name in {names!r}:
        derived, _ = derived_of(sample)
        found = list(derived.computed.equations)
        try:
            found += hessian_product(derived).equations
        except DerivationError as error:
            found.append(error)
        print(name, *found, sep="\\n")
"""
PARTS = 4


def written(names: list[str], seed: int) -> str:
    """The equations of these samples, from a process with its own order of sets."""
    return subprocess.run(
        [sys.executable, "-c", WRITES.format(names=names)],
        env={**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=TESTS,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


@pytest.mark.parametrize("part", range(PARTS))
def test_no_order_of_a_set_shows(part):
    names = [name for name in sorted(every_sample()) if name.endswith("-0")][part::PARTS]  # one of each kind
    first = written(names, 1)
    assert all(name in first for name in names)
    assert written(names, 2) == first
