"""Second derivatives against complex steps taken on the gradients, for networks of every kind."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from derivation.programs import CASES
from oracle import STEP, random_arrays

from symnet.derivation.curvature import fisher_product, gauss_newton_product
from symnet.derivation.derive import derive
from symnet.derivation.journal import Derived, Further
from symnet.derivation.second import hessian, hessian_product, jacobian
from symnet.equations.check import check
from symnet.equations.interpret import evaluate
from symnet.equations.parse import parse_program
from symnet.errors import DerivationError
from symnet.index.symbols import Role, size
from symnet.verify import verify

BOUND = 1e-11


class Judge:
    """One derivation at one point: what further equations give there, and what complex steps say."""

    def __init__(self, text, sizes, wrt=None, seed=0):
        self.derived: Derived = derive(parse_program(text), wrt=wrt)
        self.sizes = sizes
        self.given = random_arrays(self.derived.stated, sizes, seed)
        rng = np.random.default_rng(seed + 100)
        self.names = [tensor.name for tensor in self.derived.wrt]
        self.along = {name: rng.normal(size=self.given[name].shape) for name in self.names}

    def values(self, further: Further):
        """Every tensor of the program that is computed, with the further equations."""
        program = self.derived.computed.extended(further.equations, further.directions.values())
        check(program)
        directions = {tensor.name: self.along[name] for name, tensor in further.directions.items()}
        return evaluate(program, {**self.given, **directions}, self.sizes)

    def slopes(self, program, results, name):
        """The derivative of each of the `results` by every element of the tensor `name`."""
        found = {result: [] for result in results}
        for place in np.ndindex(self.given[name].shape):
            moved = {key: a.astype(complex) if a.dtype.kind == "f" else a for key, a in self.given.items()}
            moved[name][place] += STEP * 1j
            values = evaluate(program, moved, self.sizes)
            for result in results:
                found[result].append(values[result].imag / STEP)
        return {
            key: np.moveaxis(np.array(list_), 0, -1).reshape((*list_[0].shape, *self.given[name].shape))
            for key, list_ in found.items()
        }

    def hessian(self):
        """Every block, by complex steps on the gradients: [U, W] has the axes of U first."""
        of = {name: adjoint.equation.tensor.name for name, adjoint in self.derived.gradients.items()}
        blocks = {}
        for by in self.names:
            slopes = self.slopes(self.derived.program, list(of.values()), by)
            blocks |= {(name, by): slopes[gradient] for name, gradient in of.items()}
        return blocks

    def product(self, blocks):
        return {
            name: sum(
                np.tensordot(blocks[name, by], self.along[by], self.along[by].ndim) for by in self.names
            )
            for name in self.names
        }


def close(actual, expected, scale):
    assert actual.shape == expected.shape
    assert np.abs(actual - expected).max(initial=0.0) <= BOUND * scale


@pytest.mark.parametrize("name", CASES)
def test_products_and_blocks_of_every_kind(name):
    case = CASES[name]
    judge = Judge(case.text, case.sizes, case.wrt)
    expected = judge.hessian()
    scale = max(np.abs(block).max(initial=0.0) for block in expected.values())
    product = hessian_product(judge.derived)
    values = judge.values(product)
    for name, result in judge.product(expected).items():
        close(values[product.results[name].name], result, scale)
    blocks = hessian(judge.derived)
    values = judge.values(blocks)
    assert len(blocks.results) == len(judge.names) * (len(judge.names) + 1) // 2
    for pair, tensor in blocks.results.items():
        close(values[tensor.name], expected[tuple(pair.split(", "))], scale)


CURVED = {"dense": "Z2", "strided convolution": "C"}


@pytest.mark.parametrize("name", CURVED)
def test_the_gauss_newton_product(name):
    case, at = CASES[name], CURVED[name]
    judge = Judge(case.text, case.sizes, case.wrt)
    product = gauss_newton_product(judge.derived, at)
    values = judge.values(product)
    stated = judge.derived.stated
    given = {**stated.tensors, at: replace(stated.tensors[at], role=Role.INPUT)}
    later = tuple(e for e in stated.equations if e.tensor.name != at)
    inner = Judge.__new__(Judge)
    inner.sizes, inner.names = judge.sizes, [at]
    inner.derived = derive(replace(stated, tensors=given, equations=later), wrt=[at])
    inner.given = judge.given | {at: evaluate(stated, judge.given, judge.sizes)[at]}
    curvature = inner.hessian()[at, at]
    jacobians = {by: judge.slopes(judge.derived.stated, [at], by)[at] for by in judge.names}
    rank = curvature.ndim // 2
    moved = sum(np.tensordot(j, judge.along[by], judge.along[by].ndim) for by, j in jacobians.items())
    pulled = np.tensordot(curvature, moved, rank)
    for by, j in jacobians.items():
        expected = np.tensordot(pulled, j, rank)
        close(values[product.results[by].name], expected, np.abs(expected).max())


def test_a_penalty_is_curved_in_the_gauss_newton_product_as_in_the_hessian():
    """Where the network is linear the two are the same, the penalty included."""
    text = "X: input[N, D]\nY: target[N, K]\nW: parameter[D, K]\nZ[n,k] = sum(X[n,i]*W[i,k], i)\n"
    text += "L = sum((Z[n,k] - Y[n,k])**2, n, k)/N + sum(W[i,k]**4, i, k)/4"
    judge = Judge(text, {"N": 4, "D": 3, "K": 2})
    one, other = hessian_product(judge.derived), gauss_newton_product(judge.derived, "Z")
    expected = judge.values(one)[one.results["W"].name]
    close(judge.values(other)[other.results["W"].name], expected, np.abs(expected).max())


def test_the_fisher_product_is_the_sum_over_the_samples_of_the_gradients_squares():
    case = CASES["dense"]
    text = case.text.replace("L = sum(", "L = 0.5/N*sum(")
    judge = Judge(text, case.sizes)
    product = fisher_product(judge.derived, size("N"))
    values = judge.values(product)
    expected = {name: np.zeros(judge.given[name].shape) for name in judge.names}
    for n in range(case.sizes["N"]):
        own = {key: array[n : n + 1] if key in "XY" else array for key, array in judge.given.items()}
        of = {name: a.equation.tensor.name for name, a in judge.derived.gradients.items()}
        found = evaluate(judge.derived.program, own, judge.sizes | {"N": 1})
        # a batch of one: its loss is half the sum, the weight of a sample in the whole loss 0.5/N
        gradients = {name: 2 * found[gradient] for name, gradient in of.items()}
        slope = sum((gradients[name] * judge.along[name]).sum() for name in judge.names)
        for name in judge.names:
            expected[name] += 0.5 / case.sizes["N"] * gradients[name] * slope
    for name in judge.names:
        close(values[product.results[name].name], expected[name], np.abs(expected[name]).max())


@pytest.mark.parametrize("of", ["Z1", "A2"])
def test_jacobians(of):
    case = CASES["dense"]
    judge = Judge(case.text, case.sizes)
    names = ["W1", "b1"]
    further = jacobian(judge.derived, of, names)
    values = judge.values(further)
    for by in names:
        expected = judge.slopes(judge.derived.stated, [of], by)[of]
        close(values[further.results[f"{of}, {by}"].name], expected, np.abs(expected).max())


LOGISTIC = """
X: input[N, D]
y: target[N]
w: parameter[D]
z[n] = sum(X[n,i]*w[i], i)
p[n] = sigmoid(z[n])
L = sum(-y[n]*log(p[n]) - (1 - y[n])*log(1 - p[n]), n)
"""


def test_logistic_regression_comes_out_as_in_a_textbook():
    derived = derive(parse_program(LOGISTIC))
    further = hessian(derived)
    (part,) = further.parts
    equation = part.live.defining["dw_by_w"]
    assert str(equation) == "dw_by_w[a, i] = Sum((1 - p[n])*X[n, a]*X[n, i]*p[n], (n, 0, N - 1))"
    (equation,) = further.equations  # what a machine evaluates: p (1 - p) without its cancellation
    tail = "decay(z[n])"
    assert str(equation.rhs) == f"Sum({tail}*X[n, a]*X[n, i]/({tail} + 1)**2, (n, 0, N - 1))"


def test_structure_is_found():
    """A matrix factorization's Hessian is block-diagonal in the rows; a linear loss has none."""
    text = "X: input[N, M]\nU: parameter[N, K]\nV: parameter[M, K]\n"
    text += "L = sum((X[n,m] - sum(U[n,k]*V[m,k], k))**2, n, m)/2"
    derived = derive(parse_program(text), wrt=["U"])
    (equation,) = hessian(derived).equations
    assert str(equation) == "dU_by_U[a, b, n, k] = equal(a, n)*Sum(V[m, b]*V[m, k], (m, 0, M - 1))"
    linear = derive(parse_program("X: input[N]\nw: parameter[N]\nL = sum(X[n]*w[n], n)"))
    (equation,) = hessian(linear).equations
    assert str(equation) == "dw_by_w[a, k] = 0"


def test_what_there_is_not_is_said():
    derived = derive(parse_program(LOGISTIC))
    with pytest.raises(DerivationError, match="no gradient with respect to W"):
        hessian(derived, ["W"])
    with pytest.raises(DerivationError, match="not computed from q"):
        gauss_newton_product(derived, "q")
    with pytest.raises(DerivationError, match="no tensor P"):
        jacobian(derived, "P")
    with pytest.raises(DerivationError, match="no sum over the D samples"):
        fisher_product(derived, size("D"))


def products_of(derived):
    yield hessian_product(derived)
    yield hessian(derived)
    yield jacobian(derived, "A2")
    yield gauss_newton_product(derived, "Z2")
    yield fisher_product(derived, size("N"))


def test_the_certificate_covers_what_is_derived_further_and_refuses_what_is_wrong():
    text = CASES["dense"].text.replace("L = sum(", "L = 1/N*sum(") + " + sum(W2[i,j]**4, i, j)"
    derived = derive(parse_program(text), wrt=["W1", "b1", "W2", "b2"])
    for further in products_of(derived):
        (finding,) = further_check(replace(derived, further=(further,)))
        assert finding.passed, finding
        wrong = 0
        for number, equation in enumerate(further.equations):
            spoiled = list(further.equations)
            spoiled[number] = replace(equation, rhs=equation.rhs * 2)
            spoiled_further = replace(further, equations=tuple(spoiled))
            (finding,) = further_check(replace(derived, further=(spoiled_further,)))
            wrong += not finding.passed
        assert wrong == len(further.equations)


def further_check(derived):
    return [f for f in verify(derived, points=1).findings if f.check == "further derivatives"]
