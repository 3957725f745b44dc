"""Every example: its derivation and its module are certified, and every slip in every step is refused.

Of a deep one the module and directions are checked here, at its own sizes. Its whole certificate is part of
the gallery; the layers that it is made of are sabotaged one by one elsewhere.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from verify.refusal import assert_every_sabotage_is_refused

from symnet.pipeline import Network
from symnet.verify.checks import directions, module
from symnet.verify.context import Context

DEEP = 16
"""More adjoints than these make thousands of slips."""
EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.toml"))
CHECKS = {"complex step", "differences", "directions", "module", "rewrites", "steps"}


@pytest.fixture(params=EXAMPLES, ids=lambda path: path.stem, scope="module")
def example(request):
    return Network.from_toml(request.param).derive()


def test_it_is_certified(example):
    derived = example.derived
    if len(derived.adjoints) > DEEP:
        source = example.generate("numpy")
        context = Context(derived, points=0, module_source=source, prediction=example.prediction)
        findings = (*module.check(derived, context), *directions.check(derived, context))
    else:
        certificate = example.verify()
        assert certificate.passed, str(certificate)
        assert certificate.worst("complex step") <= 1e-12
        findings = certificate.findings
        further = {"further derivatives"} if derived.further else set()
        assert CHECKS | further == {finding.check for finding in findings}
    assert all(finding.passed for finding in findings), findings
    own = {finding.at for finding in findings if finding.check in ("module", "directions")}
    assert own == {"its own"}


def test_every_sabotage_is_refused(example):
    if len(example.derived.adjoints) <= DEEP:
        assert_every_sabotage_is_refused(example.derived)


def test_there_are_examples():
    small = {"xor", "loy", "digits", "perceptron", "logistic_newton"}
    assert {path.stem for path in EXAMPLES} >= {*small, "digits_cnn", "names_rnn", "char_gpt"}
