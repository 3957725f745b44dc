"""Every example: its derivation and its module are certified, and every slip in every step is refused.

Of a deep one the module and directions are checked here, at its own sizes. Its whole certificate is part of
the gallery; the layers that it is made of are sabotaged one by one elsewhere.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from verify.refusal import assert_every_sabotage_is_refused

from symnet.backends import Meta, backends
from symnet.derivation.derive import derive
from symnet.spec import load
from symnet.updates import updates
from symnet.verify import verify
from symnet.verify.checks import directions, module
from symnet.verify.context import Context

DEEP = 16
"""More adjoints than these make thousands of slips."""
EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.toml"))


@pytest.fixture(params=EXAMPLES, ids=lambda path: path.stem, scope="module")
def example(request):
    network = load(request.param).network
    program, prediction = network.stated()
    training = network.training
    derived = derive(program, optimizer=lambda pairs: updates(training.optimizer, training.settings, pairs))
    return derived, prediction


def test_it_is_certified(example):
    derived, prediction = example
    source = backends()["numpy"].generate(derived, Meta("example", "a test", prediction=prediction))
    if len(derived.adjoints) > DEEP:
        context = Context(derived, points=0, module_source=source, prediction=prediction)
        findings = (*module.check(derived, context), *directions.check(derived, context))
    else:
        certificate = verify(derived, module_source=source, prediction=prediction)
        assert certificate.passed, str(certificate)
        assert certificate.worst("complex step") <= 1e-12
        findings = certificate.findings
        assert {"complex step", "differences", "directions", "module", "rewrites", "steps"} == {
            finding.check for finding in findings
        }
    assert all(finding.passed for finding in findings), findings
    own = {finding.at for finding in findings if finding.check in ("module", "directions")}
    assert own == {"its own"}


def test_every_sabotage_is_refused(example):
    if len(example[0].adjoints) <= DEEP:
        assert_every_sabotage_is_refused(example[0])


def test_there_are_examples():
    assert {path.stem for path in EXAMPLES} >= {
        "xor",
        "loy",
        "digits",
        "perceptron",
        "digits_cnn",
        "names_rnn",
        "char_gpt",
    }
