"""What holds for every layer of the catalogue, whatever it computes."""

from __future__ import annotations

import numpy as np
import pytest
from backends.modules import agree
from layers.samples import SIZES, arrays_of, every_sample, network_of, smooth_inputs
from lowering.loops import loops_over_elements
from oracle import complex_step

from symnet.derivation.derive import derive
from symnet.documents import document
from symnet.documents.outline import Meta
from symnet.equations.interpret import evaluate
from symnet.equations.parse import parse_program
from symnet.equations.text import program_text
from symnet.index.symbols import Role
from symnet.lowering.schedule import schedule
from symnet.registry import layer_kinds
from symnet.verify import verify

SAMPLES = every_sample()


def derived_of(sample):
    network = network_of(sample)
    program, prediction = network.stated()
    names = [t.name for t in program.of_role(Role.PARAMETER)] + smooth_inputs(sample)
    return derive(program, "L", names), prediction


@pytest.mark.parametrize("kind", layer_kinds())
def test_has_samples_and_says_what_it_is(kind):
    layer = layer_kinds()[kind]
    assert any(name.startswith(f"{kind}-") for name in SAMPLES)
    assert layer.WORDS.endswith(".")
    assert "=" in layer.FORMULA
    assert layer.__doc__


@pytest.mark.parametrize("name", SAMPLES)
def test_its_gradients_are_those_of_the_complex_step(name):
    derived, _ = derived_of(SAMPLES[name])
    sizes = {**SIZES, **derived.stated.values}
    given = arrays_of(SAMPLES[name], derived.stated, sizes)
    values = evaluate(derived.program, given, sizes)
    for of, adjoint in derived.gradients.items():
        found = values[adjoint.equation.tensor.name]
        expected = complex_step(derived.stated, given, sizes, of)
        scale = max(np.abs(expected).max(), 0.1)  # a bias of keys changes nothing: its gradient is 0
        assert np.abs(found - expected).max() <= 1e-11 * scale, of


@pytest.mark.parametrize("name", SAMPLES)
def test_it_is_certified(name):
    """Every adjoint, not those of parameters alone, and every line of the derivation."""
    derived, _ = derived_of(SAMPLES[name])
    certificate = verify(derived, points=1)
    assert certificate.passed, str(certificate)
    assert {f.check for f in certificate.findings} >= {"complex step", "directions", "rewrites", "steps"}


@pytest.mark.parametrize("name", SAMPLES)
def test_its_module_computes_what_the_equations_say(name):
    derived, prediction = derived_of(SAMPLES[name])
    sizes = {**SIZES, **derived.stated.values}
    agree(derived, sizes, arrays_of(SAMPLES[name], derived.stated, sizes), prediction)


@pytest.mark.parametrize("name", SAMPLES)
def test_loops_go_along_a_recurrence_or_through_the_taps_of_a_window(name):
    derived, prediction = derived_of(SAMPLES[name])
    assert not loops_over_elements(schedule(derived, prediction))


@pytest.mark.parametrize("name", SAMPLES)
def test_its_equations_can_be_written_and_read_again(name):
    program, _ = network_of(SAMPLES[name]).stated()
    again = parse_program(program_text(program))
    assert [str(e) for e in again.equations] == [str(e) for e in program.equations]


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("form", ["html", "latex", "markdown"])
def test_its_derivation_is_a_document(name, form):
    derived, _ = derived_of(SAMPLES[name])
    text = document(derived, Meta("a sample", "", ""), form)
    assert len(text) > 1000
