"""Which equations are computed when: up to the prediction, up to the loss, up to the gradients, beyond them.

What nothing needs is left out, and what must be computed along an index is put together as a recurrence.
Every backend begins with this, those that plan memory and those that leave it to a compiler.
"""

from __future__ import annotations

from collections.abc import Mapping

from symnet.derivation.journal import Derived, Further
from symnet.equations.program import Program, reads
from symnet.index.symbols import Tensor
from symnet.lowering.recurrence import Part, find_recurrences


def gradients_of(derived: Derived) -> Mapping[str, Tensor]:
    """The gradients as they are computed, in that order, by the name of the tensor that they belong to."""
    of = {adjoint.equation.tensor.name: name for name, adjoint in derived.gradients.items()}
    return {of[name]: t for name, t in derived.computed.tensors.items() if name in of}


def stretches_of(derived: Derived, prediction: Tensor | None, taken: set[str]) -> list[list[Part]]:
    """The equations up to the prediction, those that only the prediction needs, those up to the loss, and up
    to the gradients. `taken` are names already in use.
    """
    program = derived.computed
    predicted = {prediction.name} if prediction else set()
    loss = {derived.loss.name}
    gradients = {tensor.name for tensor in gradients_of(derived).values()}
    gradients |= {read for equation in derived.updates for read in reads(equation.rhs)}
    trained = program.sources(*loss, *gradients)
    goals = [program.sources(*predicted) & trained, predicted, loss, gradients]
    updates = {equation.tensor.name for equation in derived.updates}
    forward = [equation for equation in program.equations if equation.tensor.name not in updates]
    left = {equation.tensor.name for equation in forward}
    found: list[list[Part]] = []
    for goal in goals:
        needed = program.sources(*goal) & left
        left -= needed
        found.append(list(find_recurrences([e for e in forward if e.tensor.name in needed], taken)))
    return found


def further_tensors(further: Further) -> dict[str, Tensor]:
    """The tensors that come with what is derived beyond the gradients, by name."""
    given = {tensor.name: tensor for tensor in further.directions.values()}
    return given | {equation.tensor.name: equation.tensor for equation in further.equations}


def stretch_beyond(program: Program, further: Further, taken: set[str]) -> list[Part]:
    """The equations of what is derived beyond the gradients, without what its results do not need."""
    needed = program.extended(further.equations).sources(
        *(tensor.name for tensor in further.results.values())
    )
    return list(find_recurrences([e for e in further.equations if e.tensor.name in needed], taken))
