"""The matrix form, in the order of factors that a textbook has, and with the same values as the array
expression.
"""

from __future__ import annotations

import numpy as np
import pytest
from derivation.programs import CASES
from oracle import random_arrays

from symnet.derivation.derive import derive
from symnet.equations.interpret import evaluate, infer_sizes
from symnet.equations.parse import parse_program
from symnet.lowering import matrix as m
from symnet.lowering.lower import axes_of, lower_equation

GIVEN = (
    "X: input[N, D]\nA: input[N, H]\nY: input[N, H]\nB: input[N, H]\nW: parameter[D, H]\nV: parameter[H, H]\n"
    "b: parameter[H]\nu: parameter[N]\ns: parameter\nR: input[N, D, H]\n"
)


def show(form):
    """A matrix expression as text: ' transposes, o is the Hadamard product, 1 the vector of ones."""
    if isinstance(form, m.MatrixRead):
        return form.tensor.name
    if isinstance(form, m.Constant):
        return str(form.value)
    if isinstance(form, m.Ones):
        return "1"
    if isinstance(form, m.Transpose):
        return f"{show(form.of)}'"
    if isinstance(form, m.Diagonal):
        return f"diag({show(form.of)})"
    if isinstance(form, m.MatMul):
        return " ".join(
            f"({show(f)})" if isinstance(f, m.Add | m.Hadamard) else show(f) for f in form.factors
        )
    if isinstance(form, m.Hadamard):
        return " o ".join(f"({show(f)})" if isinstance(f, m.Add) else show(f) for f in form.factors)
    if isinstance(form, m.Scale):
        above = "".join(f"{show(f)} " for f in form.above)
        inner = f"({show(form.of)})" if isinstance(form.of, m.Add) else show(form.of)
        return above + inner + "".join(f" / {show(f)}" for f in form.below)
    if isinstance(form, m.Add):
        return " ".join(f"{'+' if sign > 0 else '-'} {show(term)}" for sign, term in form.terms)
    if isinstance(form, m.Quotient):
        return f"({show(form.above)}) / ({show(form.below)})"
    if isinstance(form, m.Power):
        return f"({show(form.base)})^{form.exponent}"
    return f"{form.function}({', '.join(map(show, form.args))})"


def form_of(text):
    program = parse_program(GIVEN + text)
    equation = program.equations[-1]
    return m.matrix_form(lower_equation(equation, program), axes_of(equation))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("T[n,j] = sum(X[n,i]*W[i,j], i) + b[j]", "+ X W + 1 b'"),
        ("T[i,j] = sum(X[n,i]*A[n,j], n)", "X' A"),
        ("T[n,j] = sum(V[j,k]*A[n,k], k)", "A V'"),
        ("T[j] = sum(A[n,j], n)", "A' 1"),
        ("T[n] = sum(A[n,j], j)", "A 1"),
        ("L = sum((A[n,j] - Y[n,j])**2, n, j)/2", "1' ((+ A - Y) o (+ A - Y)) 1 / 2"),
        ("T[n,j] = (1 - A[n,j])*A[n,j]*Y[n,j]", "(+ 1 - A) o A o Y"),
        ("T[n,j] = (A[n,j] - Y[n,j])/N", "(+ A - Y) / N"),
        ("T[n,j] = u[n]*b[j]", "u b'"),
        ("L = sum(b[j]*b[j], j)", "b' b"),
        ("L = sum(u[n]*A[n,j]*b[j], n, j)", "u' A b"),
        ("T[j] = sum(u[n]*A[n,j], n)", "A' u"),
        ("T[n] = sum(A[n,k]*Y[n,k], k)", "(A o Y) 1"),
        ("T[n,j] = sum(X[n,i]*W[i,k]*V[k,j], i, k)", "X W V"),
        ("T[j,n] = A[n,j]", "A'"),
        ("T[n,j] = sigmoid(A[n,j])", "sigmoid(A)"),
        ("T[n,j] = A[n,j]/u[n]", "(A) / (u 1')"),
        ("T[i,j] = sum(u[n]*X[n,i]*A[n,j], n)", "X' diag(u) A"),
        ("T[i,d] = sum(u[n]*(1 - u[n])*X[n,i]*X[n,d], n)", "X' diag((+ 1 - u) o u) X"),
        ("T[n,j] = sum(u[n]*X[n,i]*W[i,j], i)", "u 1' o X W"),
        ("T: tensor[H, H]\nT[j,k] = (j == k)*b[j]", "diag(b)"),
        ("T: tensor[H, H]\nT[j,k] = 2*(j == k)*sum(A[n,k], n)", "2 diag(A' 1)"),
        ("T: tensor[H, H]\nT[j,k] = (j == k)", "diag(1)"),
        ("T[n,j] = A[n,j]*(Y[n,j] - sum(A[n,k]*Y[n,k], k))", "(+ Y - (A o Y) 1 1') o A"),
        ("T[n,j] = s*A[n,j]", "s A"),
    ],
)
def test_reads_like_a_textbook(text, expected):
    assert show(form_of(text)) == expected


@pytest.mark.parametrize(
    "text",
    ["T[n,i,j] = R[n,i,j]", "T[n,j] = sum(R[n,i,j], i)", "T[n,i] = X[n,i+1]", "T[n] = A[n,argmax(A[n,k],k)]"],
)
def test_where_there_is_none_it_says_so(text):
    assert form_of(text) is None


class Numbers:
    """The value of a matrix expression: an independent reading of the same form."""

    def __init__(self, values, sizes):
        self.values, self.sizes = values, sizes

    def of(self, form):
        if isinstance(form, m.MatrixRead):
            value = np.asarray(self.values[form.tensor.name], float)
            if form.at:
                value = value[tuple(slice(None) if p is None else int(p.subs(self.sizes)) for p in form.at)]
            return value.reshape(-1, 1) if value.ndim < 2 else value
        if isinstance(form, m.Constant):
            return float(form.value.subs(self.sizes))
        if isinstance(form, m.Ones):
            return np.ones((int(form.axis.size.subs(self.sizes)), 1))
        if isinstance(form, m.Transpose):
            return self.of(form.of).T
        if isinstance(form, m.Diagonal):
            return np.diag(self.of(form.of).ravel())
        if isinstance(form, m.MatMul):
            return np.linalg.multi_dot([self.of(f) for f in form.factors])
        if isinstance(form, m.Hadamard):
            return np.multiply.reduce(np.broadcast_arrays(*map(self.of, form.factors)))
        if isinstance(form, m.Scale):
            value = self.of(form.of)
            for factor in form.above:
                value = self.of(factor) * value
            for factor in form.below:
                value = value / self.of(factor)
            return value
        if isinstance(form, m.Add):
            return sum(sign * self.of(term) for sign, term in form.terms)
        if isinstance(form, m.Quotient):
            return self.of(form.above) / self.of(form.below)
        if isinstance(form, m.Power):
            return self.of(form.base) ** float(form.exponent)
        args = [self.of(argument) for argument in form.args]
        functions = {
            "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
            "where": np.where,
            "absolute": np.abs,
            "signum": np.sign,
        }
        return functions.get(form.function, getattr(np, form.function, None))(*args)


@pytest.mark.parametrize("name", CASES)
def test_every_matrix_form_has_the_values_of_its_equation(name):
    case = CASES[name]
    derived = derive(parse_program(case.text), wrt=case.wrt)
    program = derived.program
    values = evaluate(program, random_arrays(derived.stated, case.sizes), case.sizes)
    numbers = Numbers(values, infer_sizes(program, values, case.sizes))
    found = 0
    for equation in program.equations:
        form = m.matrix_form(lower_equation(equation, program), axes_of(equation))
        if form is not None:
            expected = np.asarray(values[equation.tensor.name], float)
            result = np.broadcast_to(numbers.of(form), (*expected.shape, 1, 1)[:2])
            np.testing.assert_allclose(result.reshape(expected.shape), expected, rtol=1e-11, atol=1e-12)
            found += 1
    assert found or name in (
        "max pooling",
        "strided convolution",
        "distance to a sliding template",
        "a diagonal",
    )
