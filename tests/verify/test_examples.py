"""Every example: its derivation and its module are certified, and every slip in every step of it is
refused.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from verify.refusal import assert_every_sabotage_is_refused

from symnet.pipeline import Network

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.toml"))


@pytest.fixture(params=EXAMPLES, ids=lambda path: path.stem, scope="module")
def example(request):
    return Network.from_toml(request.param).derive()


def test_it_is_certified(example):
    certificate = example.verify()
    assert certificate.passed, str(certificate)
    assert certificate.worst("complex step") <= 1e-12
    assert {"complex step", "differences", "directions", "module", "rewrites", "steps"} == {
        finding.check for finding in certificate.findings
    }


def test_every_sabotage_is_refused(example):
    assert_every_sabotage_is_refused(example.derived)


def test_there_are_examples():
    assert {path.stem for path in EXAMPLES} >= {"xor", "loy", "digits", "perceptron", "logistic_newton"}
