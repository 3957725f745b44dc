"""A right derivation is certified, a wrong one refused, and kinks are named."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from derivation.programs import CASES

from symnet.derivation.derive import derive
from symnet.equations.parse import parse_program
from symnet.errors import SymnetError
from symnet.verify import Kink, kinks, told, verify
from symnet.verify.certificate import COLUMNS
from symnet.verify.findings import difference, worse

RELU = (
    "X: input[N, D]\nW: parameter[D, K]\nZ[n,j] = sum(X[n,i]*W[i,j], i)\nA[n,j] = maximum(Z[n,j], 0)\n"
    "L = sum(A[n,j]**2 + A[n,j], n, j)"
)


@pytest.fixture(params=CASES, scope="module")
def derived(request):
    found = CASES[request.param]
    return derive(parse_program(found.text), wrt=found.wrt)


@pytest.fixture(scope="module")
def dense():
    found = CASES["dense"]
    return derive(parse_program(found.text), wrt=found.wrt)


def test_a_right_derivation_is_certified(derived):
    certificate = verify(derived, points=2)
    assert certificate.passed, str(certificate)
    assert certificate.worst("complex step") <= 1e-12
    checked = {(finding.check, finding.subject) for finding in certificate.findings}
    for tensor in derived.wrt:
        assert {
            ("complex step", tensor.name),
            ("differences", tensor.name),
            ("steps", tensor.name),
        } <= checked
    assert all(finding.compared for finding in certificate.findings if finding.check != "rewrites")


def test_claims_are_the_same_each_time_and_json_keeps_them_apart(dense):
    first, again, other = (verify(dense, seed=seed, network="dense") for seed in (1, 1, 2))
    assert first.to_json() == again.to_json()
    content = json.loads(first.to_json())
    assert set(content) == {"schema", "claims", "measured"}
    assert len(content["measured"]["errors"]) == len(content["claims"]["checks"])
    assert content["claims"]["points"] != json.loads(other.to_json())["claims"]["points"]
    assert "error" not in json.dumps(content["claims"])


def test_the_table_says_what_the_certificate_says(dense):
    certificate = verify(dense, points=1)
    assert all(len(row) == len(COLUMNS) for row in certificate.rows())
    for finding in certificate.findings:
        assert any(line.startswith(finding.subject) for line in certificate.table().splitlines())
    assert "passed" in certificate.summary()
    assert certificate._repr_html_().count("<tr>") == len(certificate.findings) + 1
    assert {row[0] for row in certificate.overview()} == {finding.check for finding in certificate.findings}


def test_the_manual_describes_the_form(dense):
    text = (Path(__file__).parents[2] / "docs" / "certificate.md").read_text(encoding="utf-8")
    described = json.loads(text.partition("```json\n")[2].partition("```")[0])
    content = json.loads(verify(dense, points=1).to_json())
    assert described["schema"] == content["schema"]
    for part in ("claims", "measured"):
        assert list(described[part]) == list(content[part])
    assert list(described["claims"]["checks"][0]) == list(content["claims"]["checks"][0])
    assert list(described["measured"]["versions"]) == list(content["measured"]["versions"])
    for finding in content["claims"]["checks"]:
        assert f"| {finding['check']} |" in text
        assert finding["bound"] in (1e-12, 1e-7)


def wrong(derived, tensor, change):
    """`derived` with another formula for the adjoint of `tensor`."""
    adjoint = derived.adjoint(tensor)
    equation = replace(adjoint.equation, rhs=change(adjoint.equation.rhs))
    equations = tuple(equation if e == adjoint.equation else e for e in derived.program.equations)
    adjoints = tuple(replace(a, equation=equation) if a is adjoint else a for a in derived.adjoints)
    return replace(derived, adjoints=adjoints, program=replace(derived.program, equations=equations))


def test_a_wrong_gradient_is_refused_by_three_checks(dense):
    certificate = verify(wrong(dense, "b1", lambda rhs: -rhs), points=1)
    assert not certificate.passed
    assert "refused" in certificate.summary()
    failed = {finding.check for finding in certificate.failures if finding.subject == "b1"}
    assert failed == {"complex step", "differences", "directions", "steps"}
    assert not json.loads(certificate.to_json())["claims"]["passed"]


def test_a_wrong_adjoint_is_refused_although_another_line_makes_up_for_it(dense):
    certificate = verify(wrong(dense, "A2", lambda rhs: rhs + 1), points=1)
    assert any(f.check == "complex step" and f.subject == "A2" for f in certificate.failures)


def test_a_forgotten_place_is_refused():
    text = "A: parameter[D, D]\nL = sum(exp(A[i,i]), i) + sum(A[i,j]*A[j,i], i, j)"
    derived = derive(parse_program(text))
    adjoint = derived.adjoint("A")
    kept = adjoint.contributions[:-1]
    steps = (replace(adjoint.steps[0], before=sum(c.result for c in kept)), *adjoint.steps[1:])
    derived = replace(derived, adjoints=(replace(adjoint, contributions=kept, steps=steps),))
    failures = verify(derived, points=1).failures
    assert [finding.check for finding in failures] == ["steps"]


def test_lines_that_do_not_follow_one_another_are_refused(dense):
    adjoint = dense.adjoint("W1")
    contribution = adjoint.contributions[0]
    step = replace(
        contribution.steps[0], before=contribution.steps[0].before * 1.0
    )  # the same number, another line
    broken = replace(contribution, steps=(step, *contribution.steps[1:]))
    adjoints = tuple(replace(a, contributions=(broken,)) if a is adjoint else a for a in dense.adjoints)
    (failure,) = verify(replace(dense, adjoints=adjoints), points=1).failures
    assert (failure.check, failure.subject) == ("steps", "W1")
    assert "do not follow" in failure.detail


def test_a_safe_formula_with_another_value_is_refused():
    derived = derive(parse_program(CASES["softmax"].text))
    last = derived.computed.defining["P"]
    equations = tuple(replace(e, rhs=2 * e.rhs) if e == last else e for e in derived.computed.equations)
    certificate = verify(replace(derived, computed=replace(derived.computed, equations=equations)), points=1)
    (failure,) = certificate.failures
    assert (failure.check, failure.subject, failure.detail) == (
        "rewrites",
        "safe formulas",
        "P has another value",
    )


def test_random_points_keep_away_from_kinks():
    certificate = verify(derive(parse_program(RELU)), seed=3)
    assert certificate.passed
    assert not certificate.kinks


def test_points_put_aside_are_accounted_for(monkeypatch):
    monkeypatch.setattr(kinks, "NEAR", 0.05)
    certificate = verify(derive(parse_program(RELU)), seed=1)
    assert certificate.passed
    assert not certificate.kinks
    (note,) = certificate.notes
    assert note.endswith("put aside for others: maximum(Z[n, j], 0) in the equation of A.")


def test_a_kink_is_named_and_the_gradient_lies_between_its_sides():
    at = {"X": np.array([[1.0, 2.0], [0.5, -1.0]]), "W": np.array([[2.0, 1.0, 0.3], [-1.0, 1.0, -0.4]])}
    certificate = verify(derive(parse_program(RELU)), points=1, at=at)
    assert certificate.passed, str(certificate)
    (kink,) = certificate.kinks
    assert (kink.equation, kink.place, kink.gap) == ("A", (0, 0), 0.0)
    assert kink.function == "maximum(Z[n, j], 0)"
    assert "on a kink: maximum(Z[n, j], 0) in the equation of A at [0, 0]" in certificate.table()
    assert any(finding.check == "kinks" for finding in certificate.findings)


def test_kinks_are_told_by_what_has_them_and_not_one_by_one():
    found = [Kink("A", "maximum(Z[n, j], 0)", (n, j), 0.0, 0) for n in range(2) for j in range(3)]
    assert told([*found, *found]) == ("maximum(Z[n, j], 0) in the equation of A at [0, 0] and 5 more places",)
    assert told([Kink("L", "absolute(w)", (), 0.0, 0)]) == ("absolute(w) in the equation of L",)


def test_a_gradient_outside_the_sides_of_a_kink_is_refused():
    at = {"X": np.array([[1.0, 2.0]]), "W": np.array([[2.0, 1.0], [-1.0, 1.0]])}
    derived = derive(parse_program(RELU))
    certificate = verify(wrong(derived, "W", lambda rhs: rhs + 10), points=1, at=at)
    assert any(finding.check == "kinks" for finding in certificate.failures)


def test_ties_of_a_maximum_are_kinks():
    at = {"X": np.array([[1.0, 1.0, 0.5, 2.0, 1.0]]), "W": np.array([1.0, 1.0, 1.0])}
    found = CASES["max pooling"]
    certificate = verify(derive(parse_program(found.text), wrt=found.wrt), points=1, at=at)
    assert [(kink.equation, kink.place) for kink in certificate.kinks] == [("M", (0, 0))]


def test_a_gradient_that_cancels_to_nothing_is_zero():
    text = (
        "X: input[N, D]\nW: parameter[D, K]\nc: parameter\nZ[n,j] = sum(X[n,i]*W[i,j], i) + c\n"
        "P[n,j] = exp(Z[n,j])/sum(exp(Z[n,k]), k)\nL = sum(P[n,j]**2, n, j)"
    )
    certificate = verify(derive(parse_program(text)), points=2)
    assert certificate.passed, str(certificate)


def test_a_network_without_finite_values_is_an_error():
    text = "W: parameter[D]\nL = sum(log(-exp(W[i])), i)"
    with pytest.raises(SymnetError, match="finite"):
        verify(derive(parse_program(text)))


def test_not_a_number_is_never_within_a_bound():
    nan = np.array([1.0, np.nan])
    assert np.isnan(difference(nan, np.array([1.0, 2.0])))
    assert np.isnan(worse(0.0, float("nan")))
    assert np.isnan(worse(float("nan"), 1.0))
    assert difference(np.zeros(2), np.zeros(2)) == 0
    assert np.isnan(difference(np.zeros(2), np.zeros(3)))
    assert difference(np.array([np.inf]), np.array([np.inf])) == 0
    assert not difference(np.array([np.inf]), np.array([1.0])) <= 1
