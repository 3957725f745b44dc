"""Every slip, in every line and every adjoint equation of a derivation, is refused."""

from __future__ import annotations

from symnet.derivation.journal import Derived
from symnet.errors import EquationError
from symnet.verify.checks import complex_step, steps
from symnet.verify.checks.steps import Lines
from symnet.verify.context import Context
from symnet.verify.sabotage import sabotaged_equations, sabotaged_steps


def assert_every_sabotage_is_refused(derived: Derived) -> None:
    """By the numbers of one line, not only because lines no longer follow one another; the derivation itself
    passes.
    """
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
