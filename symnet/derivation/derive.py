"""From a network's program to its whole derivation: the passes, in order.

| pass | input | output | guarantee |
| --- | --- | --- | --- |
| name_sums | the program as stated | the primal program | every tensor has the value it had |
| Backward | the primal program | the adjoints, with their steps | each is the derivative of the loss |
| stabilize | primal and the adjoints that are read | the program to compute | same values, no overflow |
| updates | the gradients | the optimizer's equations | one step of training |
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from sympy import Expr

from symnet.derivation.backward import Backward, Naming, adjoint_of
from symnet.derivation.journal import Adjoint, Derived
from symnet.equations.check import check
from symnet.equations.program import Equation, Program, reads
from symnet.errors import DerivationError, nearest
from symnet.index.symbols import Role, Scalar, Tensor, base
from symnet.simplify.named_sums import name_sums
from symnet.simplify.rewrite import Rewrite
from symnet.simplify.stabilize import stabilize

Updates = tuple[Sequence[Tensor], Mapping[str, float], Sequence[Equation]]
"""What an optimizer adds: tensors given from outside (states, hyperparameters), values for them, and
equations.
"""
Optimizer = Callable[[Sequence[tuple[Tensor, Tensor]]], Updates]
"""From the pairs of parameter and gradient to the updates."""


def derive(
    stated: Program,
    loss: str = "L",
    wrt: Sequence[str] | None = None,
    optimizer: Optimizer | None = None,
    naming: Naming = adjoint_of,
    flat: bool = False,
) -> Derived:
    """The derivation of the gradients of `loss` with respect to the tensors `wrt` (all parameters, unless
    given). A `loss` that is no single number has Jacobians in their place.

    With `flat`, what `loss` does not depend on has derivatives of zero; otherwise it is an error.

    Raises DerivationError where `loss` does not depend on one of them, where one is unknown or of whole
    numbers, or where a function without a useful derivative stands in between.
    """
    check(stated)
    remembered = tuple(e for e in stated.equations if e.tensor.next_of)
    stated = stated.without({e.tensor.name for e in remembered})
    primal, sums = name_sums(stated)
    targets = _targets(primal, loss, wrt, flat)
    adjoints = Backward(primal, primal.tensors[loss], targets, naming, flat).run()
    primal, sums = _without_idle_shares(stated, primal, sums, adjoints)
    program = primal.extended(adjoint.equation for adjoint in adjoints)
    wanted = {tensor.name for tensor in targets}
    gradients = {a.of.name: a.equation.tensor for a in adjoints if a.of.name in wanted}
    live = _live(program, primal, gradients.values())
    safe, stabilizing = stabilize(live)
    updates = remembered
    computed = safe.extended(remembered)
    if optimizer is not None:
        pairs = [(t, gradients[t.name]) for t in targets if t.role == Role.PARAMETER]
        given, values, equations = _apart(optimizer(pairs), safe, [t for t, _ in pairs])
        updates += tuple(equations)
        computed = replace(safe.extended(updates, given), values={**safe.values, **values})
    check(program, stated)
    check(computed, program)
    return Derived(
        stated=stated,
        primal=primal,
        naming=sums,
        loss=primal.tensors[loss],
        wrt=targets,
        adjoints=adjoints,
        program=program,
        live=live,
        computed=computed,
        stabilizing=stabilizing,
        updates=updates,
        labels=_labels(program, stabilizing, updates),
    )


def _apart(updates: Updates, program: Program, parameters: Sequence[Tensor]) -> Updates:
    """The updates, in which what is called like a tensor of the network has another name: the beta2 of Adam
    beside that of a normalization in layer 2.

    Raises DerivationError where a parameter that is one number is called so: an equation that reads both
    could not tell them apart.
    """
    given, values, equations = updates
    own = {tensor.name: tensor for tensor in (*given, *(e.tensor for e in equations))}
    names = {name: f"optimizer_{name}" for name in own if name in program.tensors}
    for parameter in parameters:
        if parameter.name in names and bool(parameter.rank) == bool(own[parameter.name].rank):
            raise DerivationError(
                f"{parameter.name} is a parameter, and a number of the optimizer",
                expected="another name for it",
            )
    changes: dict[Expr, Expr] = {
        (base if own[old].rank else Scalar)(old): (base if own[old].rank else Scalar)(new)
        for old, new in names.items()
    }

    def renamed(tensor: Tensor) -> Tensor:
        before = own.get(tensor.next_of)  # a state; the parameter that is called so keeps its name
        follows = before is not None and before.role == Role.STATE and before.rank == tensor.rank
        following = names.get(tensor.next_of, tensor.next_of) if follows else tensor.next_of
        return replace(tensor, name=names.get(tensor.name, tensor.name), next_of=following)

    return (
        [renamed(tensor) for tensor in given],
        {names.get(name, name): value for name, value in values.items()},
        [replace(e, tensor=renamed(e.tensor), rhs=e.rhs.xreplace(changes)) for e in equations],
    )


def _targets(program: Program, loss: str, wrt: Sequence[str] | None, flat: bool) -> tuple[Tensor, ...]:
    """The tensors to derive with respect to, each one checked."""
    if loss not in program.defining:
        raise DerivationError(
            f"there is no loss {loss}",
            expected="an equation that defines it",
            suggestion=nearest(loss, program.defining),
        )
    reached = program.sources(loss)
    trained = [t.name for t in program.of_role(Role.PARAMETER) if not t.frozen]
    names = trained if wrt is None else list(wrt)
    for name in names:
        tensor = program.tensors.get(name)
        if tensor is None:
            raise DerivationError(
                f"there is no tensor {name} to derive with respect to",
                suggestion=nearest(name, program.tensors),
            )
        if tensor.integer:
            raise DerivationError(f"{name} holds whole numbers: nothing can be derived with respect to it")
        if name not in reached and not flat:
            raise DerivationError(
                f"the loss does not depend on {name}", expected="a tensor that the loss is computed from"
            )
    return tuple(program.tensors[name] for name in names)


def _without_idle_shares(
    stated: Program, primal: Program, naming: tuple[Rewrite, ...], adjoints: tuple[Adjoint, ...]
) -> tuple[Program, tuple[Rewrite, ...]]:
    """The primal program without the names that neither it nor the adjoints turned out to need."""
    read = {name for adjoint in adjoints for name in reads(adjoint.equation.rhs)} | set(stated.tensors)
    read |= {name for equation in primal.equations for name in reads(equation.rhs)}
    idle = [name for name in primal.defining if name not in read]
    if not idle:
        return primal, naming
    naming = tuple(replace(r, after=tuple(e for e in r.after if e.tensor.name not in idle)) for r in naming)
    return primal.without(idle), naming


def _live(program: Program, primal: Program, gradients: Iterable[Tensor]) -> Program:
    """The program without the adjoints that no gradient reads any more, because their formula was put in
    elsewhere.
    """
    kept = program.sources(*(gradient.name for gradient in gradients)) | primal.defining.keys()
    return program.without(program.defining.keys() - kept)


def _labels(
    program: Program, stabilizing: tuple[Rewrite, ...], updates: tuple[Equation, ...]
) -> dict[str, str]:
    """The printed number of each equation that is computed: a safe form of equation 7 is 7a, 7b, ..."""
    labels = {name: str(number) for name, number in program.numbers.items()}
    for rewrite in stabilizing:
        number = program.numbers[rewrite.before.tensor.name]
        labels |= {
            e.tensor.name: f"{number}{letter}" for e, letter in zip(rewrite.after, "abcdefgh", strict=False)
        }
    start = len(program.equations) + 1
    return labels | {equation.tensor.name: str(start + k) for k, equation in enumerate(updates)}
