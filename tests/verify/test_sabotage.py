"""Every slip, in every line and every adjoint equation, is refused; by numbers, not only because lines no
longer follow one another.
"""

from __future__ import annotations

import pytest
from derivation.programs import CASES
from sympy import Integer
from verify.refusal import assert_every_sabotage_is_refused

from symnet.derivation.derive import derive
from symnet.equations.parse import parse_program
from symnet.index.symbols import Index, Scalar, base
from symnet.verify.sabotage import mutants


@pytest.mark.parametrize("name", CASES)
def test_every_sabotage_is_refused(name):
    found = CASES[name]
    assert_every_sabotage_is_refused(derive(parse_program(found.text), wrt=found.wrt))


def test_the_slips():
    i, j = Index("i"), Index("j")
    w, z = base("W")[i, j], Scalar("z")
    slips = dict(mutants(3 * w + z))
    assert slips["the sign is wrong"] == -3 * w - z
    assert slips["the term z is dropped"] == 3 * w
    assert slips["the sign of z is wrong"] == 3 * w - z
    assert slips["the factor 3 is dropped"] == w + z
    assert slips["W[i, j] is transposed"] == 3 * base("W")[j, i] + z
    assert {3 * base("W")[i + Integer(1), j] + z, 3 * base("W")[i, j + Integer(1)] + z} <= {
        e for _, e in mutants(3 * w + z)
    }
