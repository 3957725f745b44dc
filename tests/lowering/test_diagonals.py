"""Terms that are zero off a diagonal, sums that are a square, and the order of products: what second derivatives
are made of.
"""

from __future__ import annotations

import itertools
from functools import cache

import numpy as np
import pytest
from backends.modules import data_of, derived_from, load, set_parameters, source_of, trainer_of
from derivation.programs import CASES
from lowering.reference import Reference
from oracle import random_arrays

from symnet.derivation.second import hessian, with_further
from symnet.equations.interpret import evaluate
from symnet.index.symbols import Index, Size
from symnet.lowering.diagonals import with_diagonals
from symnet.lowering.extents import Extents
from symnet.lowering.factors import with_factors
from symnet.lowering.instructions import Home, Map, New, Product, reads_of, writes_of
from symnet.lowering.lower import axes_of, lower_equation
from symnet.lowering.nodes import Axis, Diagonal, Elementwise, Iota, children
from symnet.lowering.pairs import cheapest, leaves
from symnet.lowering.schedule import schedule

LOGISTIC = """
X: input[N, D]
y: target[N]
w: parameter[D]
z[n] = sum(X[n,i]*w[i], i)
L = sum(softplus(z[n]) - y[n]*z[n], n)
"""
FACTORS = """
X: input[N, M]
U: parameter[N, K]
V: parameter[M, K]
L = sum((X[n,m] - sum(U[n,k]*V[m,k], k))**2, n, m)/2
"""
HIDDEN = """
X: input[N, D]
Y: target[N]
W: parameter[D, H]
v: parameter[H]
A[n,j] = tanh(sum(X[n,i]*W[i,j], i))
z[n] = sum(A[n,j]*v[j], j)
L = sum(softplus(z[n]) - Y[n]*z[n], n)
"""
SOFTMAX = """
X: input[N, D]
Y: target[N, C]
W: parameter[D, C]
Z[n,c] = sum(X[n,i]*W[i,c], i)
L = sum(Y[n,c]*(log(sum(exp(Z[n,m]), m)) - Z[n,c]), n, c)
"""
WEIGHTS = """
X: input[N, D]
W: parameter[D, D]
L = sum((sum(X[n,i]*W[i,j], i))**2*W[j,j], n, j)
"""
KNOWN = {
    "logistic": (LOGISTIC, {"N": 6, "D": 3}),
    "factors": (FACTORS, {"N": 4, "M": 5, "K": 2}),
    "hidden": (HIDDEN, {"N": 6, "D": 3, "H": 2}),
    "softmax": (SOFTMAX, {"N": 5, "D": 2, "C": 3}),
    "a diagonal is read": (WEIGHTS, {"N": 3, "D": 2}),
    **{name: (case.text, case.sizes) for name, case in CASES.items() if not case.wrt},
}


def linear_in(expr):
    """The parts of an expression that it is a sum or a product of."""
    yield expr
    if not isinstance(expr, Elementwise) or expr.function in ("add", "subtract", "negative", "multiply"):
        for child in children(expr):
            yield from linear_in(child)


@cache
def second(text, wrt=None):
    derived = derived_from(text)
    return derived, hessian(derived, wrt)


@pytest.mark.parametrize("name", KNOWN)
def test_the_passes_keep_the_value_of_every_equation_of_a_hessian(name):
    text, sizes = KNOWN[name]
    derived, further = second(text)
    program = derived.computed.extended(further.equations)
    values = evaluate(program, random_arrays(derived.stated, sizes, 0), sizes)
    reference = Reference(values, {size: sizes[size.name] for size in program.sizes if size.name in sizes})
    extents = Extents(program.values)
    for equation in further.equations:
        if any(e.tensor == equation.tensor for e in program.uses[equation.tensor.name]):
            continue  # a recurrence reads itself
        expr = with_factors(with_diagonals(lower_equation(equation, program), extents))
        found = reference.full(expr, axes_of(equation))
        wanted = values[equation.tensor.name]
        np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-12 * np.abs(wanted).max(initial=1.0))
        deltas = [
            node for node in linear_in(expr) if isinstance(node, Elementwise) and node.function == "equal"
        ]
        free = set(expr.axes)
        for delta in deltas:  # no array of mostly zeros is left
            assert not all(isinstance(arg, Iota) and arg.axis in free for arg in delta.args)


@pytest.mark.parametrize("name", KNOWN)
def test_the_module_computes_what_the_interpreter_does(name):
    text, sizes = KNOWN[name]
    derived, further = second(text)
    whole = with_further(derived, further)
    given = random_arrays(derived.stated, sizes, 1)
    program = derived.computed.extended(further.equations)
    values = evaluate(program, given, sizes)
    trainer = trainer_of(load(source_of(whole)), sizes)
    set_parameters(trainer, given)
    data = data_of(trainer, given, "hessian")
    found, again = trainer.hessian(*data), trainer.hessian(*data)
    for pair, tensor in further.results.items():
        key = tuple(pair.split(", "))
        scale = np.abs(values[tensor.name]).max(initial=1.0)
        np.testing.assert_allclose(found[key], values[tensor.name], rtol=1e-9, atol=1e-11 * scale)
        np.testing.assert_array_equal(found[key], again[key])
        assert not np.shares_memory(found[key], again[key])


def plan_of(text, wrt):
    derived, further = second(text, wrt)
    plan = schedule(with_further(derived, further))
    (stretch,) = plan.beyond
    return plan, stretch


def largest(stretch, home):
    """The most axes that an array of this home has."""
    written = (view for line in stretch.lines for view in writes_of(line.instruction))
    return max((len(view.buffer.shape) for view in written if view.buffer.home is home), default=0)


def test_a_block_diagonal_result_is_zeros_and_one_write():
    _, stretch = plan_of(FACTORS, ("U",))
    new, product, write = (line.instruction for line in stretch.lines)
    assert new == New(new.out, zeros=True)
    assert isinstance(product, Product)
    assert write.function == "copy"
    assert write.out.steps is not None


def test_a_square_is_made_of_one_array():
    """X^T diag(s) X, with s = p (1 - p) never negative: X sqrt(s), times its own transpose."""
    _, stretch = plan_of(HIDDEN, ("W",))
    square = next(line.instruction for line in stretch.lines if isinstance(line.instruction, Product))
    assert square.a.buffer == square.b.buffer
    assert (
        largest(stretch, Home.WORKSPACE) == 3
    )  # (N, D, H): nothing over (N, H, H) and nothing over four axes


def test_no_stretch_before_computes_what_the_hessian_does_not_need():
    plan, stretch = plan_of(HIDDEN, ("W",))
    written = {view.buffer.name for line in stretch.before for view in writes_of(line.instruction)}
    read = {v.buffer.name for line in (*stretch.before, *stretch.lines) for v in reads_of(line.instruction)}
    assert written <= read
    assert "dv" not in written
    assert {"dv", "dW"} <= {v.buffer.name for line in plan.backward for v in writes_of(line.instruction)}


def test_equal_arrays_with_other_names_of_their_axes_are_computed_once():
    """The slope of tanh stands over (n, b) and over (n, j), and in the gradient, too."""
    plan, stretch = plan_of(HIDDEN, ("W",))
    maps = [
        line.instruction for line in (*plan.backward, *stretch.lines) if isinstance(line.instruction, Map)
    ]
    assert sum(instruction.function == "sech" for instruction in maps) == 1


def test_a_diagonal_of_three_axes():
    a, b, c = (Axis(Index(name), Size("N")) for name in "abc")
    chain = Elementwise(
        "multiply", tuple(Elementwise("equal", (Iota(x), Iota(y))) for x, y in ((a, b), (b, c)))
    )
    found = with_diagonals(chain, Extents({}))
    assert isinstance(found, Diagonal)
    value = Reference({}, {Size("N"): 3}).full(found, (a, b, c))
    expected = np.zeros((3, 3, 3))
    expected[range(3), range(3), range(3)] = 1
    np.testing.assert_array_equal(value, expected)


def cost(tree, operands, over, counts):
    """The multiplications and writes of a tree, counted by following it; what one operand alone has is summed
    before.
    """
    inside = set(leaves(tree))
    later = {axis for k, axes in enumerate(operands) if k not in inside for axis in axes}
    if isinstance(tree, int):
        return 0, {axis for axis in operands[tree] if axis not in over or axis in later}
    (one, first), (other, last) = (cost(half, operands, over, counts) for half in tree)
    result = {axis for axis in first | last if axis not in over or axis in later}
    loop, written = (int(np.prod([counts[axis] for axis in axes])) for axes in (first | last, result))
    return one + other + loop * (2 if first | last > result else 1) + written, result


def every_tree(leaves_):
    if len(leaves_) == 1:
        yield leaves_[0]
        return
    first, *rest = leaves_
    for count in range(len(rest)):
        for more in itertools.combinations(rest, count):
            others = [leaf for leaf in rest if leaf not in more]
            for one in every_tree([first, *more]):
                for other in every_tree(others):
                    yield one, other


@pytest.mark.parametrize("seed", range(12))
def test_no_tree_costs_less_than_the_one_that_is_chosen(seed):
    rng = np.random.default_rng(seed)
    axes = [Axis(Index(name), Size(name.upper())) for name in "ijkln"]
    counts = {axis: int(rng.integers(1, 9)) for axis in axes}
    operands = [tuple(a for a in axes if rng.random() < 0.5) or (axes[0],) for _ in range(4)]
    present = {axis for own in operands for axis in own}
    over = tuple(axis for axis in axes[2:] if axis in present)
    known = {axis: counts[axis] for axis in axes if axis in present}
    tree, claimed = cheapest(operands, over, (), known)
    own, _ = cost(tree, operands, over, known)
    assert own == claimed
    assert own == min(cost(other, operands, over, known)[0] for other in every_tree([0, 1, 2, 3]))
