"""Every example: its derivation and its module are certified, and every slip in every step of it is
refused.
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
    certificate = verify(derived, module_source=source, prediction=prediction)
    assert certificate.passed, str(certificate)
    assert certificate.worst("complex step") <= 1e-12
    assert {"complex step", "differences", "directions", "module", "rewrites", "steps"} == {
        finding.check for finding in certificate.findings
    }


def test_every_sabotage_is_refused(example):
    assert_every_sabotage_is_refused(example[0])


def test_there_are_examples():
    assert {path.stem for path in EXAMPLES} >= {"xor", "loy", "digits", "perceptron"}
