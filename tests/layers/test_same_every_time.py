"""What is derived is the same in every process: no order of a set, which Python draws anew, shows in it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from layers.samples import every_sample

from symnet.registry import layer_kinds

TESTS = Path(__file__).parents[1]
WRITES = """
from layers.samples import every_sample
from layers.test_every_layer import derived_of
from symnet.derivation.second import hessian_product
from symnet.errors import DerivationError

for name, sample in every_sample().items():
    if name.rsplit("-", 1)[0] in {kinds!r}:
        derived, _ = derived_of(sample)
        found = list(derived.computed.equations)
        try:
            found += hessian_product(derived).equations
        except DerivationError as error:
            found.append(error)
        print(name, *found, sep="\\n")
"""
PARTS = 4


def written(kinds: list[str], seed: int) -> str:
    """The equations of the samples of these kinds, from a process with its own order of sets."""
    return subprocess.run(
        [sys.executable, "-c", WRITES.format(kinds=kinds)],
        env={**os.environ, "PYTHONHASHSEED": str(seed), "PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=TESTS,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


@pytest.mark.parametrize("part", range(PARTS))
def test_no_order_of_a_set_shows(part):
    kinds = sorted(layer_kinds())[part::PARTS]
    first = written(kinds, 1)
    assert set(kinds) & {name.rsplit("-", 1)[0] for name in every_sample()}
    assert first.count("=") > 10
    assert written(kinds, 2) == first
