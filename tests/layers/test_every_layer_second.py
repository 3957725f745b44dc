"""Second derivatives of every layer: the Hessian times a direction is how the gradient changes along it."""

from __future__ import annotations

import numpy as np
import pytest
from layers.samples import SIZES, arrays_of, every_sample
from layers.test_every_layer import derived_of
from oracle import STEP

from symnet.derivation.second import hessian_product
from symnet.equations.check import check
from symnet.equations.interpret import evaluate
from symnet.index.functions import constant

SAMPLES = every_sample()


@pytest.mark.parametrize("name", SAMPLES)
def test_the_hessian_along_a_direction(name):
    derived, _ = derived_of(SAMPLES[name])
    if any(equation.rhs.has(constant) for equation in derived.stated.equations):
        pytest.skip("what is held fixed for the gradient moves under the complex step")
    sizes = {**SIZES, **derived.stated.values}
    given = arrays_of(SAMPLES[name], derived.stated, sizes)
    rng = np.random.default_rng(1)
    along = {tensor.name: rng.normal(size=given[tensor.name].shape) for tensor in derived.wrt}
    product = hessian_product(derived)
    updates = {equation.tensor.name for equation in derived.updates}
    program = derived.computed.without(updates).extended(product.equations, product.directions.values())
    check(program)
    found = evaluate(program, {**given, **{t.name: along[n] for n, t in product.directions.items()}}, sizes)
    moved = {key: a.astype(complex) if a.dtype.kind == "f" else a for key, a in given.items()}
    moved |= {key: moved[key] + STEP * 1j * direction for key, direction in along.items()}
    slopes = evaluate(derived.live, moved, sizes)
    of = {key: adjoint.equation.tensor.name for key, adjoint in derived.gradients.items()}
    expected = {key: slopes[gradient].imag / STEP for key, gradient in of.items()}
    scale = max(np.abs(slope).max() for slope in expected.values())
    for key, tensor in product.results.items():
        assert np.abs(found[tensor.name] - expected[key]).max() <= 1e-10 * scale, key
