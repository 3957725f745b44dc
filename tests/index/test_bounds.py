"""What the ranges of indices decide."""

from __future__ import annotations

import pytest
from sympy import Integer, Sum, exp

from symnet.index.bounds import decided, inside
from symnet.index.functions import equal, less, less_equal, where
from symnet.index.reductions import total
from symnet.index.symbols import Index, Size, Tensor

D, E, N = Size("D"), Size("E"), Size("N")
j, k, n = Index("j"), Index("k"), Index("n")
X = Tensor("X", (N, D))
RANGES = {n: N, j: D, k: E}


@pytest.mark.parametrize(
    ("bracket", "expected"),
    [
        (less(j, D), 1),
        (less(j, D + E), 1),
        (less(j + D, D), 0),
        (less(j, D - 1), less(j, D - 1)),
        (less(j, E), less(j, E)),
        (less_equal(0, j), 1),
        (less_equal(j, -1), 0),
        (less_equal(D, j), 0),
        (equal(j + 1, 0), 0),
        (equal(n - 1, N - 1), 0),
        (equal(n, 0), equal(n, 0)),
        (less(j - 1, 1), less(j, 2)),
        (less(0, X[n, j]), less(0, X[n, j])),
        (less(Index("other"), D), less(Index("other"), D)),
    ],
)
def test_what_ranges_decide(bracket, expected):
    assert decided(bracket, RANGES) == expected


def test_a_sum_brings_its_own_range():
    assert decided(total(less(j, D) * X[n, j], [(j, D)]), {n: N}) == Sum(X[n, j], (j, 0, D - 1))


def test_a_value_or_nothing_is_a_bracket_times_the_value():
    condition = less(0, X[n, j])
    assert decided(where(condition, X[n, k], 0), RANGES) == condition * X[n, k]
    assert decided(where(condition, Integer(0), X[n, k]), RANGES) == less_equal(X[n, j], 0) * X[n, k]


@pytest.mark.parametrize("risky", [1 / X[n, k], exp(X[n, k])])
def test_a_value_that_may_overflow_is_only_looked_at_where_it_counts(risky):
    choice = where(less(0, X[n, j]), risky, 0)
    assert decided(choice, RANGES) == choice


@pytest.mark.parametrize(
    ("place", "extent", "expected"),
    [(j, D, True), (j + E, D + E, True), (j + 1, D, False), (j - 1, D, False), (j, E, False)],
)
def test_where_a_place_is_surely_inside(place, extent, expected):
    assert inside(place, extent, RANGES) is expected
