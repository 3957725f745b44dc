"""The array interpreter says what the plain-loop interpreter says, of every kind of program."""

from __future__ import annotations

import numpy as np
import pytest
from derivation.programs import CASES as NETWORKS
from equations.test_interpret import CASES as FORMULAS
from equations.test_interpret import DECLARED, GIVEN
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from layers.samples import SIZES, arrays_of, every_sample, network_of
from oracle import random_arrays
from sympy import Integer
from verify.random_programs import RandomProgram

from symnet.derivation.derive import derive
from symnet.equations import arrays
from symnet.equations.arrays import ArrayInterpreter
from symnet.equations.interpret import Interpreter, infer_sizes
from symnet.equations.parse import parse_program
from symnet.equations.program import Equation, Program
from symnet.errors import EquationError, ShapeError, SymnetError
from symnet.index.functions import equal
from symnet.index.symbols import Index, Role, Size, Tensor
from symnet.layers.layer import Sample

SAMPLES = every_sample()
CIRCLES = {
    "upwards and downwards": "H[n,t] = tanh(H[n,t-1] + X[n,t])\nG[n,t] = X[n,t] + G[n,t+2]/2",
    "three in a circle": (
        "A[n,t] = tanh(C[n,t-1]) + X[n,t]\nB[n,t] = A[n,t]*sum(C[m,t-1], m)\nC[n,t] = B[n,t] - A[n,t]/2"
    ),
    "along the first axis": "H[n,t] = X[n,t] + tanh(sum(H[n-1,s], s))",
    "between circles": "A[n,t] = B[n,t-1] + X[n,t]\nB[n,t] = sin(A[n,t])\nC[n,t] = B[n,t] + C[n,t+1]*A[n,t-2]",
    "extents that differ": "A: tensor[N, T + 2]\nA[n,t] = B[n,t-1] + 1\nB[n,t] = A[n,t-1]*X[n,t]",
    "a guard": "H[n,t] = X[n,t] + where(t > 1, H[n,t-2]/2, 1) + H[n,t-1]*(t > 3)",
}


def assert_agree(program: Program, values, sizes=None, names=None) -> None:
    found = infer_sizes(program, values, sizes)
    expected = Interpreter(program, found).run(values)
    actual = ArrayInterpreter(program, found).run(values)
    assert actual.keys() == expected.keys()
    for name in expected:
        scale = np.nanmax(np.abs(expected[name]), initial=0.0)
        np.testing.assert_allclose(actual[name], expected[name], rtol=1e-12, atol=1e-13 * scale, err_msg=name)
        assert actual[name].shape == expected[name].shape
        assert program.tensors[name].integer == (actual[name].dtype.kind == "i")


@pytest.mark.parametrize("name", FORMULAS)
def test_formulas(name):
    program = parse_program(DECLARED + FORMULAS[name][0])
    assert_agree(program, GIVEN)
    complex_ = {key: x * (1 + 1e-3j) if x.dtype.kind == "f" else x for key, x in GIVEN.items()}
    assert_agree(program, complex_)


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_with_their_adjoints(name):
    case = NETWORKS[name]
    derived = derive(parse_program(case.text), wrt=case.wrt)
    assert_agree(derived.computed, random_arrays(derived.computed, case.sizes), case.sizes)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_layer(name):
    sample: Sample = SAMPLES[name]
    program = network_of(sample).stated()[0]
    sizes = {size.name: int(program.values.get(size.name, SIZES.get(size.name, 2))) for size in program.sizes}
    assert_agree(program, arrays_of(sample, program, sizes), sizes)


@settings(max_examples=40)
@given(st.integers(0, 10**6))
def test_random_programs_with_their_adjoints(seed):
    try:
        derived = derive(parse_program(RandomProgram(seed).text()), wrt=["W"])
    except SymnetError:
        assume(False)
    sizes = {"N": 3, "D": 2, "H": 4, "V": 2}
    assert_agree(derived.computed, random_arrays(derived.computed, sizes), sizes)


@pytest.mark.parametrize("name", CIRCLES)
def test_recurrences(name):
    program = parse_program(f"X: input[N, T]\n{CIRCLES[name]}")
    x = np.random.default_rng(1).normal(size=(3, 6))
    assert_agree(program, {"X": x})
    assert_agree(program, {"X": x + 1e-30j})
    assert_agree(program, {"X": x, program.equations[-1].tensor.name: np.ones((3, 6))})


def test_sums_in_blocks(monkeypatch):
    monkeypatch.setattr(arrays, "BLOCK", 7)
    for name in ("trilinear", "softmax", "strided convolution", "recurrence"):
        assert_agree(parse_program(DECLARED + FORMULAS[name][0]), GIVEN)


def test_runs_in_lanes_are_runs_one_by_one():
    program = parse_program(
        "X: input[T]\nk: input[T] integer\nM = argmax(X[t], t)\nH[t] = tanh(H[t-1] + X[t] + X[M])\n"
        "P[t] = P[t-1]*X[k[t]] + 1\nL = sum(H[t]*where(t > M, 2, X[t]) + P[t], t)"
    )
    x = np.random.default_rng(2).normal(size=(5, 4))
    k = np.array([[0, 0, 1, 0]])
    machine = ArrayInterpreter(program, infer_sizes(program, {"X": x[0]}))
    together = machine.run_lanes({"X": x, "k": k})
    for lane, row in enumerate(x):
        for name, value in machine.run({"X": row, "k": k[0]}).items():
            np.testing.assert_array_equal(together[name][lane % len(together[name])], value)


def test_a_bracket_that_is_zero_ends_a_product():
    i = Index("i")
    x, z = Tensor("X", (Size("D"),), Role.INPUT), Tensor("Z", (Size("D"),))
    program = Program({"X": x, "Z": z}, (Equation(z, (i,), equal(i, 1) / x[i]),))
    assert_agree(program, {"X": np.array([0.0, 4.0])})


def test_what_is_given_is_not_computed():
    program = parse_program("X: input[D]\nZ[i] = 2*X[i]\nL = sum(Z[i], i)")
    assert_agree(program, {"X": np.ones(2), "Z": np.ones(2)})


def test_what_is_wrong_is_said():
    program = parse_program("X: input[T]\nA[t] = X[t] + A[t-1]")
    machine = ArrayInterpreter(program, {Size("T"): Integer(3)})
    with pytest.raises(ShapeError, match="X has shape"):
        machine.run({"X": np.ones(2)})
    with pytest.raises(EquationError, match="X is neither given nor defined"):
        machine.run({})
    both = program.equations[0].rhs + parse_program("X: input[T]\nA[t] = X[t] + A[t+1]").equations[0].rhs
    equation = Equation(program.tensors["A"], program.equations[0].indices, both)
    circle = Program(program.tensors, (equation,))
    with pytest.raises(EquationError, match="depends on itself"):
        ArrayInterpreter(circle, machine.sizes).run({"X": np.ones(3)})
