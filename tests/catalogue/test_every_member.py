"""What holds for every member of the catalogue, whichever it is: a new file is reached by these tests the
moment that it exists.
"""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from symnet.errors import SpecError
from symnet.index.symbols import Role
from symnet.registry import GIVEN, layer_kinds, member, members, settings_of, slots, template

EVERY = [(folder, name) for folder in GIVEN for name in members(folder)]
RESULTS = {
    "activations": "A",
    "losses": "L",
    "regularizers": "R",
    "optimizers": "w_next",
    "schedules": "rate",
}


@pytest.mark.parametrize(("folder", "name"), EVERY)
class TestEveryMember:
    def test_its_file_says_what_it_is(self, folder, name):
        module = importlib.import_module(f"symnet.{folder}.{name}")
        assert module.__doc__
        assert len(module.MEMBER.words) > 10
        assert re.fullmatch(r"[a-z][a-z0-9_]*", name)

    def test_its_formula_is_in_the_language_and_ends_in_its_result(self, folder, name):
        program = template(folder, member(folder, name))  # parsed and checked
        first_or_last = program.equations[0 if folder == "schedules" else -1]
        assert first_or_last.tensor.name == RESULTS[folder]

    def test_its_settings_are_numbers_that_its_formula_reads(self, folder, name):
        formula = member(folder, name)
        program = template(folder, formula)
        read = {tensor.name for tensor in program.of_role(Role.HYPERPARAMETER) if program.uses[tensor.name]}
        given = {slot.name for slot in slots(folder, formula)}
        assert read - given == set(formula.settings)
        assert all(isinstance(value, float) for value in formula.settings.values())

    def test_it_has_no_other_settings(self, folder, name):
        with pytest.raises(SpecError, match="has no setting 'colour'"):
            settings_of(folder, name, {"colour": 1.0})


@pytest.mark.parametrize("folder", GIVEN)
def test_the_file_is_the_registration(folder):
    files = {path.stem for path in Path(f"symnet/{folder}").glob("*.py")} - {"__init__"}
    assert set(members(folder)) == files


@pytest.mark.parametrize("folder", GIVEN)
def test_a_new_file_is_found(folder, tmp_path, monkeypatch):
    """One new file in a folder, wherever on the path the folder is, and no list is edited."""
    package = importlib.import_module(f"symnet.{folder}")
    formula = next(iter(members(folder).values()))
    (tmp_path / "brand_new.py").write_text(
        f"from symnet.registry import Formula\nMEMBER = Formula({formula.text!r}, 'Something new.')\n"
    )
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    assert "brand_new" in members.__wrapped__(folder)


def test_every_layer_says_what_it_is():
    kinds = layer_kinds()
    assert {"dense", "equations"} <= set(kinds)
    for kind in kinds.values():
        assert kind.FORMULA
        assert kind.WORDS
        assert kind.__doc__


@pytest.mark.parametrize(
    ("folder", "wrong", "right"),
    [
        ("activations", "sigmiod", "sigmoid"),
        ("activations", "ReLU", "relu"),
        ("losses", "crossentropy", "cross_entropy"),
        ("optimizers", "adm", "adam"),
        ("regularizers", "L1", "l1"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(folder, wrong, right):
    with pytest.raises(SpecError) as caught:
        member(folder, wrong, place="here")
    assert caught.value.suggestion == right
    assert caught.value.place == "here"
    assert right in caught.value.expected


@pytest.mark.parametrize("value", ["1", True, None, float("nan"), float("inf"), [1.0]])
def test_a_setting_is_a_finite_number(value):
    with pytest.raises(SpecError, match="learning_rate of sgd"):
        settings_of("optimizers", "sgd", {"learning_rate": value})
