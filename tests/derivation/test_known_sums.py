"""Sums that an equation has given a name."""

from __future__ import annotations

import pytest

from symnet.derivation.known_sums import is_mean, settle_sums
from symnet.equations.parse import parse_program

GIVEN = "X: input[N, D]\nY: input[N, D]\n"


def settled(definitions: str, formula: str) -> str:
    program = parse_program(f"{GIVEN}{definitions}\n{formula}")
    return str(settle_sums(program.equations[-1].rhs, program.equations[:-1])[0])


@pytest.mark.parametrize(
    ("definitions", "formula", "expected"),
    [
        ("m[d] = sum(X[n,d], n)/N", "Q[d] = sum(X[n,d] - m[d], n)", "0"),
        ("m = sum(X[n,d], n, d)/(N*D)", "Q = sum(2*m - 2*X[n,d], n, d)", "0"),
        ("m[i] = sum(X[k,i], k)/N", "Q[d] = sum(X[n,d] - m[d] + Y[n,d], n)", "Sum(Y[n, d], (n, 0, N - 1))"),
        ("s[d] = sum(X[n,d]*Y[n,d], n)", "Q[d] = sum(X[n,d]*(Y[n,d] - s[d]/X[n,d]/N), n)", "0"),
        # of other numbers, over another index, of a part only: these are no such sums
        ("m[d] = sum(Y[n,d], n)/N", "Q[d] = sum(X[n,d] - m[d], n)", "Sum(X[n, d] - m[d], (n, 0, N - 1))"),
        ("m[n] = sum(X[n,d], d)/D", "Q[d] = sum(X[n,d] - m[n], n)", "Sum(X[n, d] - m[n], (n, 0, N - 1))"),
        ("m[d] = sum(X[n,d], n)/N", "Q[d] = sum(X[n,d]*m[d], n)", "Sum(X[n, d]*m[d], (n, 0, N - 1))"),
    ],
)
def test_a_sum_is_settled_by_the_equation_that_names_it(definitions, formula, expected):
    assert settled(definitions, formula) == expected


def test_a_mean_is_a_sum_divided_by_its_terms():
    program = parse_program(GIVEN + "m[d] = sum(X[n,d], n)/N\ns[d] = sum(X[n,d], n)\nz[d] = sum(X[n,d], n)/D")
    assert [is_mean(equation) for equation in program.equations] == [True, False, False]
