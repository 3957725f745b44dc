"""Numbers that the derivation did not produce: the complex step on the plain-loop interpreter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symnet.derivation.journal import Derived
from symnet.equations.interpret import evaluate
from symnet.equations.program import Program
from symnet.index.symbols import GIVEN_ROLES

Arrays = dict[str, NDArray[Any]]
STEP = 1e-30


def random_arrays(program: Program, sizes: Mapping[str, int], seed: int = 0) -> Arrays:
    """Normal numbers for every given tensor; for whole-number tensors, positions below the size called V."""
    rng = np.random.default_rng(seed)
    arrays: Arrays = {}
    for tensor in program.of_role(*GIVEN_ROLES):
        if tensor.name in program.values:
            continue
        shape = tuple(
            int(extent.subs({symbol: sizes[symbol.name] for symbol in extent.free_symbols}))
            for extent in tensor.shape
        )
        arrays[tensor.name] = (
            rng.integers(0, sizes.get("V", 2), shape) if tensor.integer else rng.normal(size=shape)
        )
    return arrays


def complex_step(
    program: Program, given: Arrays, sizes: Mapping[str, int], name: str, loss: str = "L"
) -> NDArray[Any]:
    """The derivative of `loss` with respect to every element of the tensor `name`."""
    gradient = np.zeros(given[name].shape)
    for place in np.ndindex(gradient.shape):
        moved = {
            key: array.astype(complex) if array.dtype.kind == "f" else array for key, array in given.items()
        }
        moved[name][place] += STEP * 1j
        gradient[place] = evaluate(program, moved, sizes)[loss].imag / STEP
    return gradient


def worst_error(derived: Derived, sizes: Mapping[str, int], seed: int = 0) -> float:
    """The largest error of any gradient of `derived`, relative to the largest entry of that gradient."""
    given = random_arrays(derived.stated, sizes, seed)
    values = evaluate(derived.program, given, sizes)
    worst = 0.0
    for name, adjoint in derived.gradients.items():
        expected = complex_step(derived.stated, given, sizes, name, derived.loss.name)
        error = np.abs(values[adjoint.equation.tensor.name] - expected).max()
        worst = max(worst, float(error / np.abs(expected).max()))
    return worst
