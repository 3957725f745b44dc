"""Free and bound indices: substitution captures nothing, renaming changes nothing, and what is pulled out of
a sum was constant in it.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import Sum, exp

from symnet.equations.interpret import evaluate
from symnet.equations.program import Equation, Program
from symnet.index.calculus import (
    affine,
    bound_apart,
    canonical,
    factors,
    free_indices,
    fresh,
    match,
    pull,
    rename_apart,
    substitute,
)
from symnet.index.functions import less
from symnet.index.reductions import argmax, binders_of, total
from symnet.index.symbols import Index, Role, Size, Tensor, size

N, D = Size("N"), Size("D")
n, i, j, k = map(Index, "nijk")
X = Tensor("X", (N, D), Role.INPUT)
V = Tensor("V", (D,), Role.INPUT)
ARRAYS = {"X": np.arange(6.0).reshape(2, 3) - 2, "V": np.array([0.5, -1.0, 2.0])}


def values(expr, *indices):
    """The array that `expr` is over the indices, which all run over D."""
    out = Tensor("out", (D,) * len(indices))
    program = Program({"X": X, "V": V, "out": out}, (Equation(out, indices, expr),))
    return evaluate(program, ARRAYS)["out"]


INNER = total(X[k, i] * V[i], ((i, D),))  # free in k


def test_free_indices_are_those_that_no_sum_binds():
    assert free_indices(INNER) == {k}
    assert free_indices(INNER * V[i]) == {k, i}
    assert free_indices(argmax(X[n, k], (k, D))) == {n}
    assert free_indices(V[X[n, 2 * i + 1]]) == {n, i}


def test_substitution_renames_a_bound_index_that_would_capture():
    moved = substitute(INNER, {k: i})
    assert free_indices(moved) == {i}
    np.testing.assert_allclose(values(moved, i), values(substitute(INNER, {k: j}), j))


def test_substitution_leaves_bound_indices_alone():
    assert substitute(INNER, {i: j}) == INNER


def test_substitution_is_simultaneous():
    assert substitute(X[n, i], {n: i, i: n}) == X[i, n]


def test_bound_indices_move_out_of_the_way():
    apart = bound_apart(INNER, {"i", "p"})
    (bound, extent), *_ = binders_of(apart)
    assert bound.name not in {"i", "p", "k"}
    assert extent == D
    assert canonical(apart, (k,)) == canonical(INNER, (k,))


def test_fresh_names_avoid_what_is_taken():
    assert fresh((), "t") == Index("t")
    assert fresh({"t"}, "t") != Index("t")
    everything = set("klmpqrsuvwijn")
    assert fresh(everything).name not in everything


def test_renaming_apart_gives_every_binder_its_own_name():
    binders = ((n, N), (i, D), (i, D))
    renamed = rename_apart(binders, {"n"})
    assert n in renamed
    assert renamed[n].name != "n"


@pytest.mark.parametrize(
    ("expr", "among", "expected"),
    [
        (2 * i + k - 3, (i, k), {i: 2, k: 1}),
        (D - 1 - i, (i,), {i: -1}),
        (D - 1, (i,), {}),
        (i * k, (i, k), None),
        (i * D, (i,), None),
        (i / 2, (i,), None),
        (V[i] + 1, (i,), None),
    ],
)
def test_affine_coefficients(expr, among, expected):
    assert affine(expr, among) == expected


def test_canonical_names_forget_what_indices_are_called():
    one = total(X[n, i] * V[i], ((i, D),))
    other = total(X[j, k] * V[k], ((k, D),))
    assert canonical(one, (n,)) == canonical(other, (j,))
    assert canonical(one, (n,)) != canonical(total(X[i, j] * V[j], ((i, D),)), (j,))


def test_match_finds_the_shift():
    assert match(exp(X[n, i]), exp(X[n + 1, k]), (n, i)) == (n + 1, k)
    assert match(exp(X[n, n]), exp(X[i, k]), (n,)) is None
    assert match(X[n, i], V[i], (n, i)) is None


@given(st.integers(-3, 3).filter(bool), st.sampled_from([V[j], X[n, j], less(j, n), V[i] * V[j]]))
def test_what_is_pulled_out_was_constant(factor, other):
    expr = total(factor * V[i] * other, ((i, D),))
    pulled = pull(expr)
    np.testing.assert_allclose(values(pulled, n, j), values(expr, n, j))
    for inner in pulled.atoms(Sum):
        assert all(i in free_indices(part) for part in factors(inner.function))


def test_an_index_that_nothing_depends_on_counts_its_range():
    assert pull(total(V[j] * 2, ((i, D), (n, N)))) == 2 * D * N * V[j]


def test_sizes_come_from_numbers_names_and_expressions():
    assert (size(2), size("N"), size(N + 1)) == (2, N, N + 1)


def test_an_element_has_one_index_for_each_axis():
    with pytest.raises(ValueError, match="2 indices, not 1"):
        X[n]
    assert Tensor("L", ())[()].name == "L"
