"""Random points: sizes that fit together, values that fit the tensors, and none where rounding would
decide.
"""

from __future__ import annotations

import numpy as np
import pytest

from symnet.derivation.derive import derive
from symnet.equations.parse import parse_program
from symnet.errors import SymnetError
from symnet.verify.context import Context
from symnet.verify.points import Point, draw, draw_actual, draw_sizes, work
from symnet.verify.rounding import LAST_DIGIT, spread

CONVOLUTION = "X: input[N, D]\nW: parameter[K]\nC[n,i] = sum(X[n,2*i+k]*W[k], k)\nL = sum(C[n,i], n, i)"
GATHER = "token: input[N] integer\nE: parameter[V, D]\nQ[n,d] = E[token[n],d]\nL = sum(Q[n,d], n, d)"
SIGMOID = "Z: parameter[N]\nA[n] = sigmoid(Z[n])\nL = sum(A[n]**2, n)"


def rng():
    return np.random.default_rng(0)


def test_computed_sizes_are_whole_and_positive():
    program, random = parse_program(CONVOLUTION), rng()
    for _ in range(20):
        sizes = draw_sizes(program, random, 5)
        assert (sizes["D"] - sizes["K"]) // 2 + 1 >= 2
        assert draw_sizes(program, random, 5, {"D": 9})["D"] == 9


def test_sizes_that_cannot_be_are_an_error():
    with pytest.raises(SymnetError, match="no sizes"):
        draw_sizes(parse_program(CONVOLUTION), rng(), 5, {"D": 3, "K": 4})


def test_the_same_seed_gives_the_same_points():
    program = parse_program(CONVOLUTION)
    first, again = (next(draw(program, np.random.default_rng(5))) for _ in range(2))
    assert first.sizes == again.sizes
    assert all(np.array_equal(first.given[name], again.given[name]) for name in first.given)


def test_whole_numbers_point_into_what_they_are_read_at():
    program = parse_program(GATHER)
    points = draw(program, rng())
    for _ in range(10):
        point = next(points)
        token = point.given["token"]
        assert token.dtype.kind == "i"
        assert 0 <= token.min() <= token.max() < point.sizes["V"]


def test_the_real_sizes_are_kept_and_the_program_s_numbers_left_alone():
    program = parse_program(
        "X: input[N, D]\nD: size = 50\nrate: hyperparameter = 0.25\nL = sum(rate*X[n,i], n, i)"
    )
    point = draw_actual(program, rng(), {"D": 50})
    assert point.given["X"].shape == (3, 50)
    assert "rate" not in point.given


def test_work_counts_the_innermost_evaluations():
    program = parse_program(
        "X: input[N, D]\nW: parameter[D, H]\nZ[n,j] = sum(X[n,i]*W[i,j], i)\nL = sum(Z[n,j], n, j)"
    )
    assert work(program, {"N": 2, "D": 3, "H": 5}) == 2 * 3 * 5 + 2 * 5


def test_rounding_is_seen_where_digits_cancel():
    derived = derive(parse_program(SIGMOID))
    context = Context(derived, points=1)

    def point(value):
        return Point({"N": 8}, {"Z": np.full(8, value)})

    assert context.is_exact(point(0.5))
    assert not context.is_exact(point(20.0))  # 1 - A has lost nine of its digits
    values = point(20.0).run(derived.program)
    moved = spread(derived.program, point(20.0), values, 0)
    assert 0 < moved["A"] <= 4 * LAST_DIGIT
    assert moved["dZ"] > 1e-9 * abs(values["dZ"]).max()
