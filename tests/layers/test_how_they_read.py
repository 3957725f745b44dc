"""How the derivations of layers read: their equations, forward and backward, as text.

Renewed with --renew, and then read: a golden is what a textbook would print, not only what came out.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from layers.samples import every_sample, network_of, smooth_inputs

from symnet.derivation.derive import derive
from symnet.equations.text import equation_text
from symnet.index.symbols import Role

GOLDENS = Path(__file__).parent / "goldens"
READ = (
    "attention-0",
    "attention-1",
    "batch_norm-0",
    "concatenate-1",
    "conv-1",
    "embedding-0",
    "group_norm-1",
    "gru-0",
    "layer_norm-1",
    "lstm-0",
    "lstm-2",
    "pool-1",
    "pool-4",
    "rms_norm-0",
    "rnn-1",
)


@pytest.mark.parametrize("name", READ)
def test_a_derivation_reads_as_it_did(name, renew):
    sample = every_sample()[name]
    program, _ = network_of(sample).stated()
    names = [t.name for t in program.of_role(Role.PARAMETER)] + smooth_inputs(sample)
    equations = derive(program, "L", names).program.equations
    text = "".join(f"({number}) {equation_text(e)}\n" for number, e in enumerate(equations, start=1))
    golden = GOLDENS / f"{name}.txt"
    if renew:
        golden.write_text(text)
    assert text == golden.read_text()
