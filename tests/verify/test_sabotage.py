"""Every slip, in every line and every adjoint equation, is refused; by numbers, not only because lines no
longer follow one another.
"""

from __future__ import annotations

import pytest
from derivation.programs import CASES
from sympy import Integer

from symnet.derivation.derive import derive
from symnet.derivation.journal import Derived
from symnet.equations.parse import parse_program
from symnet.errors import EquationError
from symnet.index.symbols import Index, Scalar, base
from symnet.verify.checks import complex_step, steps
from symnet.verify.checks.steps import Lines
from symnet.verify.context import Context
from symnet.verify.sabotage import mutants, sabotaged_equations, sabotaged_steps


def assert_every_sabotage_is_refused(derived: Derived) -> None:
    context = Context(derived, points=1)
    lines = Lines(derived, context.stations[0])
    assert all(
        finding.passed for finding in (*steps.check(derived, context), *complex_step.check(derived, context))
    )
    tried = dict.fromkeys((tensor.name for tensor in derived.wrt), 0)
    for sabotage in sabotaged_steps(derived, lines):
        finding = steps.judge(sabotage.derived, sabotage.derived.adjoint(sabotage.tensor), [lines])
        assert not finding.error <= finding.bound, sabotage.description
        tried[sabotage.tensor] = tried.get(sabotage.tensor, 0) + 1
    for sabotage in sabotaged_equations(derived, lines):
        try:
            finding = complex_step.judge(sabotage.derived, sabotage.derived.adjoint(sabotage.tensor), context)
        except EquationError:
            continue  # now it depends on itself
        assert not finding.passed, sabotage.description
        tried[sabotage.tensor] = tried.get(sabotage.tensor, 0) + 1
    assert min(tried.values()) >= 4, "every gradient has lines to get wrong"


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
