"""Windows, their adjoints and contractions of every kind, drawn at random: the generated module agrees with the
interpreter, which walks the equations index by index, and its gradients with complex steps on it.
"""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from backends.modules import agree, derived_from, load, source_of, trainer_of
from hypothesis import given, settings
from hypothesis import strategies as st
from lowering.reference import Reference
from oracle import complex_step, random_arrays

from symnet.equations.interpret import evaluate, infer_sizes
from symnet.equations.parse import parse_program
from symnet.index.symbols import Role
from symnet.lowering import folding
from symnet.lowering.instructions import Product
from symnet.lowering.lower import axes_of, lower_equation
from symnet.lowering.nodes import Contract, Fold, Gather, Scatter, Window, children
from symnet.lowering.schedule import schedule

PLACES, TAPS = "pqr", "ijk"


@st.composite
def affine(draw, place, tap):
    """stride*place + dilation*tap + offset, either way round."""
    stride, dilation = draw(st.integers(1, 3)), draw(st.sampled_from([1, 1, 2, -1]))
    offset = draw(st.integers(-3, 3))
    return f"{stride}*{place} + {dilation}*{tap} + {offset}".replace("+ -", "- ")


@st.composite
def networks(draw):
    """A convolution in one to three dimensions, or its transpose, whatever its windows reach and miss."""
    axes = draw(st.integers(1, 3))
    high = 5 if axes == 1 else 3
    extents, places = (draw(st.lists(st.integers(1, high), min_size=axes, max_size=axes)) for _ in range(2))
    kernel = draw(st.lists(st.integers(1, 3 if axes < 3 else 2), min_size=axes, max_size=axes))
    moves = [draw(affine(p, i)) for p, i in zip(PLACES[:axes], TAPS[:axes], strict=True)]
    channels, filters = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    depthwise = draw(st.booleans())
    out = "c" if depthwise else "f"
    taps, where = ",".join(TAPS[:axes]), ",".join(PLACES[:axes])
    weights = f"W[{taps},c]" if depthwise else f"W[{taps},c,f]"
    summed = [*TAPS[:axes], *([] if depthwise else ["c"])]
    local = draw(st.booleans())  # weights of their own at every place
    if local:
        weights += "*V[p,i]"
    windows = places[0]
    if draw(st.booleans()):
        read = f"X[n,{','.join(moves)},c]*{weights}"
    else:
        targets = "xyz"[:axes]
        brackets = "*".join(f"({x} == {move})" for x, move in zip(targets, moves, strict=True))
        read = f"X[n,{where},c]*{weights}*{brackets}"
        summed += PLACES[:axes]
        where, windows = ",".join(targets), extents[0]
    shape = f"N, {', '.join(map(str, extents))}, {channels}"
    return (
        f"X: input[{shape}]\nW: parameter[{', '.join(map(str, kernel))}, {channels}"
        f"{'' if depthwise else f', {filters}'}]\n"
        + (f"V: parameter[{windows}, {kernel[0]}]\n" if local else "")
        + f"Z: tensor[N, {', '.join(map(str, places))}, {channels if depthwise else filters}]\n"
        f"Z[n,{where},{out}] = sum({read}, {', '.join(summed)})\n"
        f"L = sum(tanh(Z[n,{where},{out}])**2, n, {where}, {out})"
    )


def check(text, prediction="", tolerance=1e-11):
    """Module, reference of the lowering, and complex steps."""
    derived = derived_from(text, [t.name for t in parse_program(text).of_role(Role.PARAMETER, Role.INPUT)])
    sizes = {"N": 2}
    arrays = random_arrays(derived.stated, sizes)
    trainer = agree(derived, sizes, arrays, prediction, tolerance)
    values = evaluate(derived.computed, arrays, sizes)
    reference = Reference(values, infer_sizes(derived.computed, values, sizes))
    for equation in derived.computed.equations:
        found = reference.full(lower_equation(equation, derived.computed), axes_of(equation))
        np.testing.assert_allclose(found, values[equation.tensor.name], rtol=tolerance, atol=tolerance)
    for name, gradient in derived.gradients.items():
        expected = complex_step(derived.stated, arrays, sizes, name)
        found = values[gradient.equation.tensor.name]
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)
    return derived, trainer


@pytest.mark.parametrize("cost", ["as reckoned", "always", "never"])
@given(text=networks())
@settings(max_examples=12)
def test_random_windows(cost, text):
    """As the costs say, and with every sum turned that can be, and with none."""
    before = folding.COPIED, folding.FOLDED, folding.TAP
    try:
        if cost != "as reckoned":
            folding.COPIED, folding.FOLDED, folding.TAP = (10**9, 0, 0) if cost == "always" else (0, 10**9, 0)
        check(text, "Z" if "==" not in text else "")
    finally:
        folding.COPIED, folding.FOLDED, folding.TAP = before


@st.composite
def contractions(draw):
    """A sum of a product of two to four tensors over any of their axes."""
    sizes = dict(zip("ijklm", draw(st.lists(st.integers(1, 3), min_size=5, max_size=5)), strict=True))
    count = draw(st.integers(2, 4))
    axes = [
        draw(st.lists(st.sampled_from("ijklm"), min_size=1, max_size=3, unique=True)) for _ in range(count)
    ]
    used = sorted({axis for operand in axes for axis in operand})
    kept = draw(st.lists(st.sampled_from(used), max_size=4, unique=True))
    given_ = "".join(
        f"A{k}: parameter[{', '.join(str(sizes[a]) for a in operand)}]\n" for k, operand in enumerate(axes)
    )
    product = "*".join(f"A{k}[{','.join(operand)}]" for k, operand in enumerate(axes))
    summed = [axis for axis in used if axis not in kept]
    body = f"sum({product}, {', '.join(summed)})" if summed else product
    if not kept:
        return f"{given_}T = {body}\nL = tanh(T)"
    shape = ", ".join(str(sizes[axis]) for axis in kept)
    at = ",".join(kept)
    return f"{given_}T: tensor[{shape}]\nT[{at}] = {body}\nL = sum(tanh(T[{at}]), {', '.join(kept)})"


@given(text=contractions())
@settings(max_examples=40)
def test_random_contractions(text):
    check(text)


TOKENS = (
    "token: input[N, 4] integer\nE: parameter[5, 3]\n"
    "A[n,t,d] = E[token[n,t] + {ahead},d]\nL = sum((A[n,t,d] + A[n,t,d]**3)*(t + 1), n, t, d)"
)


@pytest.mark.parametrize("ahead", [0, 1, -2])
def test_tokens_outside_the_table_read_zeros_and_teach_nothing(ahead):
    derived = derived_from(TOKENS.format(ahead=ahead))
    arrays = random_arrays(derived.stated, {"N": 3})
    arrays["token"] = np.array([[0, 1, 1, 4], [5, -1, 2, 2], [7, 3, -3, 0]])
    agree(derived, {"N": 3}, arrays)
    values = evaluate(derived.computed, arrays, {"N": 3})
    found = values[derived.gradients["E"].equation.tensor.name]
    np.testing.assert_allclose(found, complex_step(derived.stated, arrays, {"N": 3}, "E"), rtol=1e-12)


def nodes(expr):
    yield expr
    for child in children(expr):
        yield from nodes(child)


CONV = "X: input[N, 64]\nW: parameter[3, 32]\nZ: tensor[N, {places}, 32]\nZ[n,p,f] = sum(X[n,{place}]*W[i,f], i)\n"
LOSS = "L = sum(Z[n,p,f]**3, n, p, f)"


def kinds(text, of):
    """The kinds of node in the equation of the adjoint of a tensor."""
    derived = derived_from(text, [of])
    equation = derived.gradients[of].equation
    return {type(node) for node in nodes(lower_equation(equation, derived.computed))}


def test_what_moves_evenly_is_a_view_and_its_adjoint_a_fold():
    text = CONV.format(places=62, place="p + i") + LOSS
    program = parse_program(text)
    assert {type(n) for n in nodes(lower_equation(program.equations[0], program))} >= {Window, Contract}
    assert Window in kinds(text, "W")
    strided = CONV.format(places=31, place="2*p + i") + LOSS
    assert Fold in kinds(strided, "X")
    assert not {Gather, Scatter} & (kinds(strided, "X") | kinds(strided, "W"))


def test_the_adjoint_of_a_mean_over_windows_goes_through_the_window_alone():
    text = "X: parameter[N, 16, 3]\nZ: tensor[N, 8, 3]\nZ[n,p,c] = sum(X[n,2*p+i,c], i < 2)/2\nL = sum(Z[n,p,c]**3, n, p, c)"
    assert kinds(text, "X") >= {Fold}
    assert Contract not in kinds(text, "X")


def test_places_that_move_with_an_axis_that_stays_leave_gaps():
    """Each row of A has its own two places of six: the others are zero."""
    text = (
        "X: parameter[3, 2]\nA: tensor[3, 6]\nA[n,x] = sum(X[n,i]*(x == i + 2*n), i)\n"
        "L = sum(tanh(A[n,x] + 1)**2, n, x)"
    )
    check(text, "")


def test_axes_laid_out_in_a_row_are_one_copy():
    text = "X: parameter[N, 3, 4]\nA: tensor[N, 12]\nA[n,k] = sum(X[n,p,q]*(k == 4*p + q), p, q)\nL = sum(A[n,k]**3, n, k)"
    plan = schedule(derived_from(text), "A")
    assert [type(line.instruction).__name__ for line in plan.predict] == ["Map"]


@pytest.mark.parametrize(
    ("shapes", "first"),
    [(((2, 50), (50, 40), (40, 3)), {"A", "B"}), (((60, 50), (50, 40), (40, 2)), {"B", "C"})],
)
def test_pairs_are_contracted_in_the_order_that_multiplies_least(shapes, first):
    given_ = "".join(f"{name}: parameter[{a}, {b}]\n" for name, (a, b) in zip("ABC", shapes, strict=True))
    text = f"{given_}T[i,l] = sum(A[i,j]*B[j,k]*C[k,l], j, k)\nL = sum(T[i,l]**2, i, l)"
    plan = schedule(derived_from(text), "T")
    products = [line.instruction for line in plan.predict if isinstance(line.instruction, Product)]
    assert len(products) == 2
    assert {products[0].a.buffer.name, products[0].b.buffer.name} == first


IMAGES = (
    "X: input[N, 8, 8, 2]\nW: parameter[3, 3, 2, 4]\nE: parameter[6, 2]\ntoken: input[N] integer\n"
    "Z: tensor[N, 4, 4, 4]\nZ[n,p,q,f] = sum(X[n,2*p+i-1,2*q+j-1,c]*W[i,j,c,f], i, j, c)\n"
    "M: tensor[N, 2, 4, 4]\nM[n,p,q,f] = max(Z[n,2*p+i,q,f], i < 2)\n"
    "L = sum(M[n,p,q,f]**3, n, p, q, f)/N + sum(E[token[n],d]**3, n, d)/N"
)


def test_a_step_of_a_convolutional_network_allocates_nothing_that_grows():
    source = source_of(derived_from(IMAGES, ["W", "E", "X"]))

    def peak(count):
        trainer = trainer_of(load(source))
        x, token = np.ones((count, 8, 8, 2)), np.arange(count) % 6
        trainer.step(x, token)
        tracemalloc.start()
        for _ in range(2):
            trainer.step(x, token)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(2_000) - peak(1_000) < 8_192
