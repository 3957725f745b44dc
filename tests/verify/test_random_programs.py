"""Programs that nobody would write are derived rightly, and every slip in them is refused."""

from __future__ import annotations

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from verify.random_programs import RandomProgram
from verify.refusal import assert_every_sabotage_is_refused

from symnet.backends import Meta, backends
from symnet.derivation.derive import derive
from symnet.equations.parse import parse_program
from symnet.errors import SymnetError
from symnet.verify import verify


def derived_from(seed):
    try:
        return derive(parse_program(RandomProgram(seed).text()), wrt=["W"])
    except SymnetError:
        assume(False)  # the loss does not depend on W, or a sum cancels to nothing


@settings(max_examples=25)
@given(st.integers(0, 10**6))
def test_a_random_program_is_certified(seed):
    certificate = verify(derived_from(seed), points=1)
    assert certificate.passed, f"{RandomProgram(seed).text()}\n{certificate}"


@settings(max_examples=5)
@given(st.integers(0, 10**6))
def test_the_module_of_a_random_program_is_certified(seed):
    derived = derived_from(seed)
    source = backends()["numpy"].generate(derived, Meta("random", "a test"))
    certificate = verify(derived, points=1, module_source=source)
    assert certificate.passed, f"{RandomProgram(seed).text()}\n{certificate}"


@settings(max_examples=5)
@given(st.integers(0, 10**6))
def test_every_sabotage_of_a_random_program_is_refused(seed):
    assert_every_sabotage_is_refused(derived_from(seed))
