"""What a page needs to train the network that it derives: its module in JavaScript, and its data."""

from __future__ import annotations

import numpy as np
from sympy import Integer, Mul

from symnet.data import Dataset
from symnet.documents.outline import Live
from symnet.equations.program import Program, elements
from symnet.graph import LOSS
from symnet.index.symbols import Role, indices_of, name_of
from symnet.pipeline import Derivation
from symnet.registry import solver
from symnet.spec import Spec
from symnet.training import arguments, read_data

MOST_SAMPLES, MOST_PARAMETERS = 256, 1024
"""A page trains no larger network than this, and on no more samples."""


def live_of(derivation: Derivation, spec: Spec) -> Live | None:
    """What the page of a derivation trains with; None for a network that is too large for it, that is not
    trained step by step on all samples at once, or whose data are not written out in its specification.
    """
    training, program = derivation.network.training, derivation.network.program
    written = spec.data is not None and bool(spec.data.arrays)
    plain = not solver(training.optimizer) and training.batch_size is None and not derivation.derived.further
    if not (written and plain and derivation.prediction and derivation.derived.updates):
        return None
    data = read_data(spec, program)
    if not isinstance(data, Dataset) or not _is_small(program, data):
        return None
    inputs = tuple(arguments(program, derivation.prediction))
    names = arguments(program, LOSS, *inputs)
    return Live(
        module=derivation.generate("javascript"),
        data={name: data.train[name].tolist() for name in names},
        inputs=inputs,
        weights=_weights(program),
        seed=training.seed,
    )


def _is_small(program: Program, data: Dataset) -> bool:
    known = {
        size: Integer(program.values[size.name]) for size in program.sizes if size.name in program.values
    }
    counts = [Mul(*tensor.shape).xreplace(known) for tensor in program.of_role(Role.PARAMETER)]
    samples = max((np.shape(array)[0] for array in data.train.values() if np.ndim(array)), default=0)
    few = all(count.is_number for count in counts) and sum(counts) <= MOST_PARAMETERS
    return bool(few) and samples <= MOST_SAMPLES


def _weights(program: Program) -> dict[str, str]:
    """For each layer its matrix of weights, from units of the layer before, one a row, to its own."""
    found: dict[str, str] = {}
    for equation in program.equations:
        for element in elements(equation.rhs):
            tensor = program.tensors[name_of(element)]
            if tensor.role is Role.PARAMETER and tensor.rank == 2:
                before, own = indices_of(element)
                if own in equation.indices and before not in equation.indices:
                    found.setdefault(equation.origin, tensor.name)
    return found
