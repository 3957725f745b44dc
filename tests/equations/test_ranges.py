"""Ranges follow from shapes, or the equation says so."""

from __future__ import annotations

import pytest
from sympy import Sum, floor

from symnet.equations.parse import parse_program
from symnet.equations.program import Program
from symnet.errors import EquationError, ShapeError
from symnet.index.reductions import binders_of
from symnet.index.symbols import Index, Size

N, D, H, K, T = map(Size, "NDHKT")
GIVEN = "X: input[N, D]\nW: parameter[K]\nU: parameter[D, H]\nV: parameter[H, H]\nS: input[N, T, D]\ntoken: input[N, T] integer\n"


def program(text: str) -> Program:
    return parse_program(GIVEN + text)


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("Q[n,i] = X[n,i]", (N, D)),
        ("Q[i,n] = X[n,i]", (D, N)),
        ("Q[n,i] = sum(X[n,i+k]*W[k], k)", (N, D - K + 1)),
        ("Q[n,i] = sum(X[n,2*i+k]*W[k], k)", (N, floor(D / 2 - K / 2) + 1)),
        ("Q[n,i] = sum(X[n,3*i+2*k+1]*W[k], k)", (N, floor((D - 2 * K) / 3) + 1)),
        ("Q[n,i] = sum(X[n,i+k], k < 3)", (N, D - 2)),
        ("Q[n,i] = X[n,D-1-i]*X[n,i]", (N, D)),
        ("Q[n,t] = X[n,token[n,t]]", (N, T)),
        ("Q[n,t] = S[n,t,0] - S[n,t-1,0]", (N, T)),
        ("Q[n,t,j] = tanh(sum(S[n,t,i]*U[i,j], i) + sum(Q[n,t-1,k]*V[k,j], k))", (N, T, H)),
        ("Q[n,i] = where(i < 2, X[n,i], 0)", (N, D)),
        ("Q: tensor[N, D + 1]\nQ[n,i] = where(i < D, X[n,i], 1)", (N, D + 1)),
        ("Q: tensor[N, D + 1]\nQ[n,i] = X[n,i]*(i < D)", (N, D + 1)),
        ("Q: tensor[N, D + H]\nQ[n,i] = where(i < D, X[n,i], U[0,i-D])", (N, D + H)),
        ("Q: tensor[N, H]\nQ[n,j] = V[0,j]", (N, H)),
        ("Q: tensor[N, D]\nQ[n,i] = sum(X[n,i+k-1]*W[k], k)", (N, D)),
    ],
)
def test_the_shape_of_what_an_equation_defines(text, shape):
    assert program(text).tensors["Q"].shape == shape


def test_tensors_that_read_each_other_in_a_circle():
    defined = program(
        "F[n,t,j] = sigmoid(sum(S[n,t,i]*U[i,j], i) + sum(C[n,t-1,k]*V[k,j], k))\n"
        "C[n,t,j] = F[n,t,j]*C[n,t-1,j] + tanh(sum(S[n,t,i]*U[i,j], i))"
    )
    assert defined.tensors["F"].shape == defined.tensors["C"].shape == (N, T, H)


def test_a_shape_may_have_to_wait_for_a_later_equation():
    defined = program("A[t] = sum(B[t-1,j], j)*S[0,t,0]\nB[t,j] = A[t]*V[j,0]")
    assert defined.tensors["A"].shape == (T,)
    (reduction,) = defined.equations[0].rhs.atoms(Sum)
    assert binders_of(reduction) == ((Index("j"), H),)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("Q = sum(X[n,i], n, i)", D),
        ("Q[n] = sum(X[n,2*i], i)", floor((D - 1).expand() / 2) + 1),
        ("Q = sum(i**2, i < 7)", 7),
        ("Q = sum(i**2, i < D + 1)", D + 1),
        ("Q[n] = sum((i < D - 1)*X[n,i], i)", D),
    ],
)
def test_the_range_of_a_sum(text, size):
    (reduction,) = program(text).equations[-1].rhs.atoms(Sum)
    assert dict(binders_of(reduction))[Index("i")] == size


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Q[n] = sum(X[n,i]*W[i], i)", "i runs over K in W[i] but over D in X[n,i]"),
        ("Q[n,i] = X[n,i] + W[i]", "i runs over K in W[i] but over D in X[n,i]"),
        ("Q[n,i] = X[n,i] + W[n]", "n runs over K in W[n] but over N in X[n,i]"),
        ("Q[n] = sum(X[n,i], i < 2)", "i runs over 2 in the sum over i but over D in X[n,i]"),
        ("Q: tensor[N, D + 1]\nQ[n,i] = X[n,i]", "i runs over D + 1 in Q[n,i] but over D in X[n,i]"),
        (
            "Q[n,j] = sum(X[n,i]*U[i,j], i)\nR[n] = sum(Q[n,i]*X[n,i], i)",
            "i runs over H in Q[n,i] but over D in X[n,i]",
        ),
        (
            "Q[n,t,j] = S[n,t,0]*V[j,0] + sum(Q[n,t-1,k]*U[k,j], k)",
            "k runs over D in the sum over k but over H in Q[n,t-1,k]",
        ),
    ],
)
def test_sizes_that_do_not_agree(text, message):
    with pytest.raises(ShapeError) as caught:
        program(text)
    assert message in str(caught.value)


def test_what_is_added_everywhere_is_said():
    with pytest.raises(ShapeError, match=r"W\[i\] is added for every n"):
        program("Q[n,i] = X[n,i] + W[i]")


@pytest.mark.parametrize(
    "text",
    [
        "Q[n,j] = V[j,0]",
        "Q = sum(i, i)",
        "Q[n,t] = X[n,t-1]",
        "Q[n,i] = where(i < 2, X[n,i], W[i])",
        "Q[n] = sum(X[n,i] - X[n,i], i)",
        "Q[t] = Q[t-1]",
    ],
)
def test_an_index_whose_range_nothing_says(text):
    with pytest.raises(EquationError, match="nothing says how far"):
        program(text)
