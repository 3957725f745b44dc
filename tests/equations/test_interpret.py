"""The plain-loop interpreter against NumPy, on programs whose arrays can be written down by hand."""

from __future__ import annotations

import numpy as np
import pytest

from symnet.equations.interpret import evaluate, evaluate_rhs, infer_sizes
from symnet.equations.parse import parse_program
from symnet.equations.program import Program
from symnet.errors import EquationError, ShapeError

RNG = np.random.default_rng(7)
X = RNG.normal(size=(3, 5))
W = RNG.normal(size=(5, 4))
V = RNG.normal(size=(4, 4))
B = RNG.normal(size=4)
KERNEL = RNG.normal(size=2)
TOKEN = RNG.integers(0, 5, size=(3, 2))
SEQUENCE = RNG.normal(size=(3, 6, 5))
GIVEN = {"X": X, "W": W, "V": V, "b": B, "F": KERNEL, "token": TOKEN, "S": SEQUENCE}
DECLARED = "X: input[N, D]\nW: parameter[D, H]\nV: parameter[H, H]\nb: parameter[H]\nF: parameter[K]\ntoken: input[N, P] integer\nS: input[N, T, D]\n"


def softmax(scores):
    exponentials = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def recurrence():
    hidden = np.zeros((3, 7, 4))
    for t in range(6):
        hidden[:, t] = np.tanh(SEQUENCE[:, t] @ W + hidden[:, t - 1] @ V)
    return hidden[:, :6]


def gated():
    cell, gates = np.zeros((3, 7, 4)), np.zeros((3, 6, 4))
    for t in range(6):
        gates[:, t] = 1 / (1 + np.exp(-(SEQUENCE[:, t] @ W + cell[:, t - 1] @ V)))
        cell[:, t] = gates[:, t] * cell[:, t - 1] + np.tanh(SEQUENCE[:, t] @ W)
    return cell[:, :6]


CASES = {
    "dense": ("Q[n,j] = sum(X[n,i]*W[i,j], i) + b[j]", X @ W + B),
    "transposed": ("Q[j,n] = sum(X[n,i]*W[i,j], i)", np.einsum("ni,ij->jn", X, W)),
    "trilinear": ("Q[n] = sum(X[n,i]*W[i,j]*V[j,k]*b[k], i, j, k)", np.einsum("ni,ij,jk,k->n", X, W, V, B)),
    "trace": ("Q = sum(V[j,j], j)", np.trace(V)),
    "outer": ("Q[n,i,j] = X[n,i]*b[j]", np.einsum("ni,j->nij", X, B)),
    "mean": ("Q[i] = mean(X[n,i]**2, n)", (X**2).mean(axis=0)),
    "softmax": ("Q[n,j] = softmax(sum(X[n,i]*W[i,j], i), j)", softmax(X @ W)),
    "log-sum-exp": ("Q[n] = logsumexp(X[n,i], i)", np.log(np.exp(X).sum(axis=1))),
    "normalization": (
        "Q[n,i] = (X[n,i] - mean(X[n,k], k))/sqrt(mean((X[n,k] - mean(X[n,l], l))**2, k))",
        (X - X.mean(axis=1, keepdims=True)) / X.std(axis=1, keepdims=True),
    ),
    "convolution": (
        "Q[n,i] = sum(X[n,i+k]*F[k], k)",
        np.stack([np.convolve(row, KERNEL[::-1], "valid") for row in X]),
    ),
    "strided convolution": (
        "Q[n,i] = sum(X[n,2*i+k]*F[k], k)",
        np.stack([np.convolve(row, KERNEL[::-1], "valid")[::2] for row in X]),
    ),
    "padded convolution": (
        "Q: tensor[N, D + 1]\nQ[n,i] = sum(X[n,i-k]*F[k], k)",
        np.stack([np.convolve(row, KERNEL, "full") for row in X]),
    ),
    "gather": ("Q[n,t,j] = W[token[n,t],j]", W[TOKEN]),
    "gather through two": ("Q[n] = X[n,token[n,0]]*b[argmax(b[j], j)]", X[range(3), TOKEN[:, 0]] * B.max()),
    "argmax": ("Q[n] = argmax(X[n,i], i)", X.argmax(axis=1)),
    "argmin": ("Q[n] = argmin(X[n,i], i)", X.argmin(axis=1)),
    "max": ("Q[n] = max(X[n,i], i)", X.max(axis=1)),
    "max of an expression": ("Q[n] = max(X[n,i]**2 - X[n,i], i)", (X**2 - X).max(axis=1)),
    "max within max": ("Q = max(max(X[n,i], i) + 1, n)", X.max() + 1),
    "max pooling": ("Q[n,i] = max(X[n,2*i+k], k < 2)", np.maximum(X[:, 0:4:2], X[:, 1:4:2])),
    "argmax over several": ("Q[n] = argmax(S[n,t,i], t, i)", SEQUENCE.reshape(3, -1).argmax(axis=1) // 5),
    "argmax over several, of ties": ("Q = argmax((X[n,i] < 100) + 0*i, n, i)", 0),
    "max over several": ("Q[n] = max(S[n,t,i], t, i)", SEQUENCE.max(axis=(1, 2))),
    "min over several": ("Q = min(S[n,t,i]**2, n, t, i)", (SEQUENCE**2).min()),
    "max of what takes part": ("Q[n] = max(where(0 < i, X[n,i], -inf), i)", X[:, 1:].max(axis=1)),
    "min of what takes part": ("Q[n] = min(where(0 < i, X[n,i]**2, inf), i)", (X[:, 1:] ** 2).min(axis=1)),
    "padded max pooling": (
        "Q: tensor[N, 3]\nQ[n,p] = max(where(0 <= 2*p + i - 1 and 2*p + i - 1 < D, X[n,2*p+i-1], -inf), i < 2)",
        np.stack([X[:, 0], np.maximum(X[:, 1], X[:, 2]), np.maximum(X[:, 3], X[:, 4])], axis=1),
    ),
    "ones": ("Q: tensor[N, D + 1]\nQ[n,i] = where(i < D, X[n,i], 1)", np.hstack([X, np.ones((3, 1))])),
    "outside is zero": ("Q[n,i] = X[n,i] + X[n,i+1]", X[:, :] + np.hstack([X[:, 1:], np.zeros((3, 1))])),
    "brackets": (
        "Q[n,i] = X[n,i]*(n <= i) + (n == i)",
        X * (np.arange(3)[:, None] <= np.arange(5)) + np.eye(3, 5),
    ),
    "recurrence": ("Q[n,t,j] = tanh(sum(S[n,t,i]*W[i,j], i) + sum(Q[n,t-1,k]*V[k,j], k))", recurrence()),
    "two tensors in a circle": (
        "G[n,t,j] = sigmoid(sum(S[n,t,i]*W[i,j], i) + sum(Q[n,t-1,k]*V[k,j], k))\n"
        "Q[n,t,j] = G[n,t,j]*Q[n,t-1,j] + tanh(sum(S[n,t,i]*W[i,j], i))",
        gated(),
    ),
    "running sum from a state": ("Q[n,i] = where(i == 0, b[0], Q[n,i-1]) + X[n,i]", B[0] + X.cumsum(axis=1)),
}


@pytest.mark.parametrize("name", CASES)
def test_as_numpy_has_it(name):
    text, expected = CASES[name]
    np.testing.assert_allclose(
        evaluate(parse_program(DECLARED + text), GIVEN)["Q"], expected, rtol=1e-12, atol=1e-14
    )


def test_what_is_given_wins_and_values_of_the_program_are_used():
    program = parse_program("rate: hyperparameter = 0.5\nX: input[N, D]\nQ[n,i] = rate*X[n,i]")
    np.testing.assert_allclose(evaluate(program, {"X": X})["Q"], X / 2)
    np.testing.assert_allclose(evaluate(program, {"X": X, "rate": np.asarray(3.0)})["Q"], 3 * X)


def test_a_right_side_alone():
    program = parse_program(DECLARED + "Q[n,j] = sum(X[n,i]*W[i,j], i)")
    np.testing.assert_allclose(evaluate_rhs(program, GIVEN, program.equations[0]), X @ W)


def test_complex_arrays_carry_a_derivative():
    program = parse_program("X: input[N, D]\nL = sum(sigmoid(X[n,i])*tanh(X[n,i]), n, i)")
    moved = X.astype(complex)
    moved[1, 2] += 1e-30j
    slope = evaluate(program, {"X": moved})["L"].imag / 1e-30
    s, t = 1 / (1 + np.exp(-X[1, 2])), np.tanh(X[1, 2])
    np.testing.assert_allclose(slope, s * (1 - s) * t + s * (1 - t**2), rtol=1e-13)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"X": X[:, 0]}, "X has 1 axes"),
        ({"X": X, "W": W[1:]}, "axis 0 of W has 4 entries"),
        ({"X": X, "V": V[:2]}, "axis 1 of V has 4 entries"),
    ],
)
def test_arrays_that_do_not_fit(given, message):
    program = parse_program(DECLARED + "Q[n] = X[n,0]")
    with pytest.raises(ShapeError, match=message):
        infer_sizes(program, given)


def test_a_size_that_nothing_fixes():
    program: Program = parse_program("X: input[N]\nQ = sum(k, k < M)\nR[n] = X[n]*Q\nE: input[M]")
    with pytest.raises(ShapeError, match="the size M is not known"):
        evaluate(program, {"X": X[0]})
    assert evaluate(program, {"X": X[0]}, {"M": 4})["Q"] == 6


def test_a_circle_without_an_end_is_said():
    program = parse_program("X: input[T]\nA[t] = X[t] + A[t-1]")
    broken = parse_program("X: input[T]\nA[t] = X[t] + A[t+1]").equations[0]
    both = broken.rhs + program.equations[0].rhs
    equation = type(broken)(broken.tensor, broken.indices, both)
    with pytest.raises(EquationError, match=r"A\[\d\] depends on itself"):
        evaluate(Program(program.tensors, (equation,)), {"X": X[0]})
