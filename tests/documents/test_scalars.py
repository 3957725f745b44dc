"""Equations written out number by number say what the equations say."""

from __future__ import annotations

import numpy as np
import pytest
from derivation.programs import CASES
from documents.formulas import derivation
from sympy import Sum

from symnet.documents.scalars import FEW, MOST, Scalars
from symnet.equations.interpret import evaluate, evaluate_rhs
from symnet.equations.program import Equation, Program
from symnet.index.symbols import GIVEN_ROLES, Tensor, indices_of, name_of

TINY = [name for name in CASES if Scalars(derivation(name)).tiny]


def values_of(program: Program, scalars: Scalars) -> dict[str, np.ndarray]:
    """The value of every tensor, from numbers drawn for those that are given."""
    random = np.random.default_rng(3)
    given = {}
    for tensor in program.of_role(*GIVEN_ROLES):
        shape = scalars.shape(tensor)
        drawn = random.integers(0, FEW, shape) if tensor.integer else random.uniform(0.5, 1.5, shape)
        given[tensor.name] = np.asarray(program.values.get(tensor.name, drawn))
    return evaluate(program, given, {size.name: int(value) for size, value in scalars.sizes.items()})


def test_the_programs_that_the_chain_rule_is_tried_on_are_tiny_or_have_large_sizes() -> None:
    assert len(TINY) > len(CASES) / 2


@pytest.mark.parametrize("name", TINY)
def test_what_is_written_out_has_the_values_that_the_interpreter_finds(name: str) -> None:
    derived = derivation(name)
    scalars = Scalars(derived)
    values = values_of(derived.program, scalars)
    sizes = {size.name: int(value) for size, value in scalars.sizes.items()}
    for equation in derived.program.equations:
        written = scalars.equations(equation)
        assert len(written) == values[equation.tensor.name].size
        for left, right in written:
            assert not right.has(Sum)
            assert name_of(left) == equation.tensor.name
            element = values[equation.tensor.name][tuple(map(int, indices_of(left)))]
            number = Equation(Tensor("number", ()), (), right)
            found = evaluate_rhs(derived.program, values, number, sizes)
            np.testing.assert_allclose(found, element, rtol=1e-12, atol=1e-12)


def test_a_size_that_nobody_gave_is_small_and_named() -> None:
    scalars = Scalars(derivation("dense"))
    assert {size.name for size in scalars.assumed} == {"N", "D", "H", "K"}
    assert set(scalars.sizes.values()) == {FEW}


def test_a_network_with_many_numbers_is_not_written_out() -> None:
    derived = derivation("dense")
    scalars = Scalars(derived)
    scalars.sizes = dict.fromkeys(scalars.sizes, MOST)
    assert any(scalars.count(tensor) > MOST for tensor in scalars.tensors.values())
