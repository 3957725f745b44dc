"""Deriving again: the derived program is a program like any other; its derivatives are second derivatives.

| function | what is derived | what comes out |
| --- | --- | --- |
| hessian_product | vL = Sum(dW*vW), the slope of the loss along directions vW, by W | vdW |
| hessian | each gradient dW, which is no single number, by W and what comes after it | blocks |
| jacobian | any tensor, by any others | its Jacobians |

The adjoint of dZ along the way is the change of Z when the parameters move along the directions, its tangent;
that of Z is the change of dZ. So vZ and vdZ are what they are called, and the equations are those that
Pearlmutter found: Fast exact multiplication by the Hessian, Neural Computation 6 (1994).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace

from sympy import Add, Expr

from symnet.derivation.backward import Naming
from symnet.derivation.derive import derive
from symnet.derivation.journal import Derived, Further, Named
from symnet.equations.program import Equation, Program, elements
from symnet.errors import DerivationError, nearest
from symnet.index.reductions import total
from symnet.index.symbols import Role, Tensor, indices_of, name_of
from symnet.messages import say
from symnet.simplify.named_sums import unused
from symnet.simplify.stabilize import stabilize


def hessian_product(derived: Derived, naming: Naming | None = None) -> Further:
    """The Hessian times a direction: for each tensor W that is derived by, Sum(d2L/dWdU * vU) over all U.
    `naming` says what tangents are called, `tangent` unless given.
    """
    along = directions(derived)
    pairs = [(along[name], adjoint.equation) for name, adjoint in derived.gradients.items()]
    name = unused(f"v{derived.loss.name}", derived.live.tensors)
    slope = Tensor(name, (), tangent_of=derived.loss.name)
    words = say("The slope of the loss along the directions.")
    stated = derived.live.extended([Equation(slope, (), inner(pairs), "loss", words)], along.values())
    again = derive(stated, slope.name, list(along), naming=naming or tangent, flat=True)
    results = {name: adjoint.equation.tensor for name, adjoint in again.gradients.items()}
    words = say("the Hessian times a direction")
    equations = computed(derived, again.live, results=results.values())
    return Further("product", words, along, results, equations, (again,))


def hessian(derived: Derived, wrt: Sequence[str] | None = None) -> Further:
    """Every block of the Hessian, one of each pair that is symmetric: "W, b" is d2L/dWdb, W's axes first.

    `wrt` are the tensors of its rows and columns, all that are derived by unless given. Raises
    DerivationError where one of them is none that is derived by.
    """
    names = [tensor.name for tensor in derived.wrt] if wrt is None else list(wrt)
    for name in names:
        if name not in derived.gradients:
            raise DerivationError(
                f"there is no gradient with respect to {name}",
                expected=", ".join(derived.gradients),
                suggestion=nearest(name, derived.gradients),
            )
    gradients = {name: derived.gradients[name].equation.tensor for name in names}
    parts = [
        _jacobian(derived.live, gradients[name], names[number:], (derived.loss.name, name))
        for number, name in enumerate(names)
    ]
    results = {
        f"{name}, {by}": adjoint.equation.tensor
        for name, part in zip(names, parts, strict=True)
        for by, adjoint in part.gradients.items()
    }
    equations = computed(derived, *(part.live for part in parts), results=results.values())
    return Further("hessian", say("second derivatives"), {}, results, equations, tuple(parts))


def jacobian(derived: Derived, of: str, wrt: Sequence[str] | None = None) -> Further:
    """The derivative of every element of the tensor `of` by every element of each tensor in `wrt`, all that
    are derived by unless given; "A2, W1" has the axes of A2 first.

    Raises DerivationError where a tensor does not exist or where `of` does not depend on one of them.
    """
    names = [tensor.name for tensor in derived.wrt] if wrt is None else list(wrt)
    if of not in derived.live.defining:
        raise DerivationError(
            f"there is no tensor {of} that is computed",
            expected="a tensor that an equation defines",
            suggestion=nearest(of, derived.live.defining),
        )
    part = _jacobian(derived.live, derived.live.tensors[of], names, (of,))
    results = {f"{of}, {by}": adjoint.equation.tensor for by, adjoint in part.gradients.items()}
    equations = computed(derived, part.live, results=results.values())
    return Further(
        "jacobian",
        say("the derivative of {of}", of=Named(derived.live.tensors[of])),
        {},
        results,
        equations,
        (part,),
    )


def with_further(derived: Derived, *further: Further) -> Derived:
    """The derivation together with what is derived further; its equations are numbered after all others."""
    labels = dict(derived.labels)
    start = len(derived.program.equations) + len(derived.updates)
    known = [equation for other in derived.further for equation in other.equations]
    for number, equation in enumerate(
        [*known, *(e for other in further for e in other.equations)], start=start + 1
    ):
        labels[equation.tensor.name] = str(number)
    return replace(derived, further=(*derived.further, *further), labels=labels)


def _jacobian(program: Program, of: Tensor, wrt: Sequence[str], numerator: tuple[str, ...]) -> Derived:
    """The derivation of `of` by `wrt`, written as the derivative of the `numerator`: of ("A2",), or of
    ("L", "W1") where `of` is a derivative itself; such a second derivative may be zero throughout.
    """

    def quotient(tensor: Tensor, taken: Set[str]) -> Tensor:
        name = unused(f"{of.name}_by_{tensor.name}", taken)
        return Tensor(name, tensor.shape, quotient=(*numerator, tensor.name))

    return derive(program, of.name, wrt, naming=quotient, flat=len(numerator) > 1)


def tangent(tensor: Tensor, taken: Set[str]) -> Tensor:
    """The adjoint of dZ is the tangent of Z, called vZ; the adjoint of Z is the tangent of dZ, called vdZ."""
    name = tensor.adjoint_of
    if name:
        return Tensor(unused(f"v{name}", taken), tensor.shape, tangent_of=name)
    name = tensor.name
    return Tensor(unused(f"vd{name}", taken), tensor.shape, tangent_of=name, adjoint_of=name)


def directions(derived: Derived) -> dict[str, Tensor]:
    """For each tensor that is derived by, what it is moved along."""
    taken = names_of(derived.program)
    return {
        t.name: Tensor(unused(f"v{t.name}", taken), t.shape, Role.DIRECTION, tangent_of=t.name)
        for t in derived.wrt
    }


def names_of(program: Program) -> set[str]:
    """Every name that stands for something in `program`."""
    return {*program.tensors, *(size.name for size in program.sizes)}


def inner(pairs: Iterable[tuple[Tensor, Equation]]) -> Expr:
    """The sum of the products of tensors with those that equations define, element by element."""
    return Add(*(total(t[e.indices] * e.lhs, e.binders) for t, e in pairs))


def computed(derived: Derived, *parts: Program, results: Iterable[Tensor]) -> tuple[Equation, ...]:
    """What a machine evaluates after the gradients of `derived` for the `results`, which the `parts` lead to,
    one after another: their equations, put together and made safe.

    Where two parts call different things by one name, the later one gets a name of its own.
    """
    whole = derived.live
    for part in parts:
        names: dict[str, str] = {}
        given = [
            t for t in part.tensors.values() if t.name not in part.defining and t.name not in whole.tensors
        ]
        new: list[Equation] = []
        for equation in part.equations:
            stated, name = renamed(equation, names), equation.tensor.name
            if name in whole.defining and whole.defining[name].rhs != stated.rhs:
                names[name] = unused(name, names_of(whole) | names_of(part))
                stated = renamed(equation, names)
            if stated.tensor.name not in whole.defining:
                new.append(stated)
        whole = whole.extended(new, given)
    safe, _ = stabilize(whole)
    needed = safe.sources(*(tensor.name for tensor in results)) - derived.computed.defining.keys()
    return tuple(equation for equation in safe.equations if equation.tensor.name in needed)


def renamed(equation: Equation, names: Mapping[str, str]) -> Equation:
    """The equation with other names for tensors, in the one that it defines, too."""
    changes = {}
    for element in elements(equation.rhs):
        if name_of(element) in names:
            at = indices_of(element)
            changes[element] = Tensor(names[name_of(element)], at)[at]
    tensor = replace(equation.tensor, name=names.get(equation.tensor.name, equation.tensor.name))
    return replace(equation, tensor=tensor, rhs=equation.rhs.xreplace(changes))
