"""The checker lets every program and every derivation pass, and refuses each when it is damaged in one
place.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache

import pytest
from derivation.programs import CASES
from sympy import Function, Indexed, Integer, Symbol

from symnet.derivation.derive import derive
from symnet.equations.check import check
from symnet.equations.parse import parse_program
from symnet.equations.program import Equation, Program
from symnet.errors import EquationError, ShapeError
from symnet.index.symbols import Index, Role, Scalar, Size, Tensor, base, indices_of

STAGES = ("stated", "primal", "program", "computed")


@cache
def derived(name: str) -> dict[str, Program]:
    found = derive(parse_program(CASES[name].text), wrt=CASES[name].wrt)
    return {stage: getattr(found, stage) for stage in STAGES}


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("name", CASES)
def test_every_derivation_passes(name, stage):
    check(derived(name)[stage])


def with_equation(program: Program, number: int, equation: Equation) -> Program:
    equations = list(program.equations)
    equations[number] = equation
    return replace(
        program, equations=tuple(equations), tensors=program.tensors | {equation.tensor.name: equation.tensor}
    )


def everywhere(change: Callable[[Indexed], Indexed | None]) -> Callable[[Program], Iterator[Program]]:
    """The damage `change` done to the first element in each equation that it can be done to."""

    def damage(program: Program) -> Iterator[Program]:
        for number, equation in enumerate(program.equations):
            for element in sorted(equation.rhs.atoms(Indexed), key=str):
                damaged = change(element)
                if damaged is not None:
                    yield with_equation(
                        program, number, replace(equation, rhs=equation.rhs.xreplace({element: damaged}))
                    )
                    break

    return damage


def drop_an_index(element: Indexed) -> Indexed | None:
    return Indexed(element.base, *element.indices[1:]) if len(element.indices) > 1 else None


def add_an_index(element: Indexed) -> Indexed:
    return Indexed(element.base, *element.indices, element.indices[0])


def unbind_an_index(element: Indexed) -> Indexed:
    return Indexed(element.base, Index("unbound"), *element.indices[1:])


def unbind_in_a_place(element: Indexed) -> Indexed:
    return Indexed(element.base, element.indices[0] + 2 * Index("unbound"), *element.indices[1:])


def misspell(element: Indexed) -> Indexed:
    return Indexed(base("nowhere"), *element.indices)


def foreign_function(element: Indexed) -> Indexed:
    return Function("foreign")(element)


def foreign_symbol(element: Indexed) -> Indexed:
    return element + Symbol("foreign")


def unknown_size(element: Indexed) -> Indexed:
    return element * Size("unknown")


def unknown_scalar(element: Indexed) -> Indexed:
    return element * Scalar("unknown")


def define_twice(program: Program) -> Iterator[Program]:
    for equation in program.equations:
        yield replace(program, equations=(*program.equations, equation))


def forget_an_equation(program: Program) -> Iterator[Program]:
    for number in range(len(program.equations)):
        yield replace(program, equations=program.equations[:number] + program.equations[number + 1 :])


def give_what_is_defined(program: Program) -> Iterator[Program]:
    for number, equation in enumerate(program.equations):
        yield with_equation(
            program, number, replace(equation, tensor=replace(equation.tensor, role=Role.INPUT))
        )


def repeat_an_index(program: Program) -> Iterator[Program]:
    for number, equation in enumerate(program.equations):
        if equation.tensor.rank > 1:
            repeated = (equation.indices[0],) * equation.tensor.rank
            yield with_equation(program, number, replace(equation, indices=repeated))


def index_named_like_a_size(program: Program) -> Iterator[Program]:
    for number, equation in enumerate(program.equations):
        if equation.tensor.rank:
            index = Index(program.sizes[0].name)
            rhs = equation.rhs.xreplace({equation.indices[0]: index})
            yield with_equation(
                program, number, replace(equation, indices=(index, *equation.indices[1:]), rhs=rhs)
            )


def other_size(program: Program) -> Iterator[Program]:
    """One more entry on an axis where an equation reads, at a bare index that no condition is on, a tensor
    that it does not define.
    """
    for tensor in program.tensors.values():
        for equation in program.equations:
            if equation.tensor == tensor or equation.rhs.has(Function):
                continue
            for element in equation.rhs.atoms(Indexed):
                if (
                    element.base.label.name == tensor.name
                    and tensor.role != Role.INTERMEDIATE
                    and isinstance(element.indices[0], Index)
                ):
                    changed = replace(tensor, shape=(tensor.shape[0] + 1, *tensor.shape[1:]))
                    yield replace(program, tensors=program.tensors | {tensor.name: changed})


def read_too_early(program: Program) -> Iterator[Program]:
    """The equations of a program without a circle, the first moved behind the first that reads it."""
    for number, equation in enumerate(program.equations):
        for reader in range(number + 1, len(program.equations)):
            if any(
                e.base.label.name == equation.tensor.name
                for e in program.equations[reader].rhs.atoms(Indexed)
            ):
                order = list(program.equations)
                order.insert(reader, order.pop(number))
                yield replace(program, equations=tuple(order))
                break


DAMAGES = [
    define_twice, forget_an_equation, give_what_is_defined, repeat_an_index, index_named_like_a_size, other_size, read_too_early,
    *map(everywhere, (drop_an_index, add_an_index, unbind_an_index, unbind_in_a_place, misspell, foreign_function, foreign_symbol,
                      unknown_size, unknown_scalar)),
]  # fmt: skip
NAMES = [damage.__name__ for damage in DAMAGES[:7]] + [
    "drop an index", "add an index", "unbind an index", "unbind in a place", "misspell", "foreign function", "foreign symbol", "unknown size",
    "unknown scalar",
]  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES, ids=NAMES)
def test_damage_is_refused(damage):
    tried = 0
    for name in CASES:
        program = derived(name)["program"]
        if damage is read_too_early and name == "recurrence":
            continue
        for damaged in damage(program):
            tried += 1
            with pytest.raises(EquationError):
                check(damaged)
    assert tried > len(CASES)


def test_sizes_that_do_not_agree_are_a_shape_error():
    program = parse_program("X: input[N, D]\nW: parameter[D, H]\nZ[n,j] = sum(X[n,i]*W[i,j], i)")
    wrong = replace(
        program, tensors=program.tensors | {"W": Tensor("W", (Size("N"), Size("H")), Role.PARAMETER)}
    )
    with pytest.raises(ShapeError, match=r"i runs over D in the sum over i but over N in W\[i,j\]"):
        check(wrong)


RECURRENT = "X: input[N, T]\nh: state[N]\nv: parameter[T]\n"


@pytest.mark.parametrize(
    "text",
    [
        "H[n,t] = H[n,t-1] + X[n,t]",
        "H[n,t] = H[n,t+1] + X[n,t]",
        "H[n,t] = where(t == 0, h[n], H[n,t-1]) + X[n,t]",
        "H[n,t] = H[n,t-1]*H[n,t-2] + X[n,t]",
        "H[n,t] = H[n-1,t-1] + H[n,t-1] + X[n,t]",
        "A[n,t] = X[n,t] + B[n,t-1]\nB[n,t] = tanh(A[n,t])*B[n,t-1]",
        "A[n,t] = X[n,t] + C[n,t-2]\nB[n,t] = A[n,t]\nC[n,t] = B[n,t] + A[n,t-1]",
    ],
)
def test_recurrences_pass(text):
    check(parse_program(RECURRENT + text))


@pytest.mark.parametrize(
    "text",
    [
        "H[n,t] = H[n,t] + X[n,t]",
        "H[n,t] = H[n,t-1] + H[n,t+1] + X[n,t]",
        "H[n,t] = H[n-1,t] + H[n,t-1] + X[n,t]",
        "H[n,t] = sum(H[n,s]*v[s], s) + X[n,t]",
        "H[n,t] = H[n,2*t] + X[n,t]",
        "A[n,t] = X[n,t] + B[n,t]\nB[n,t] = A[n,t-1] + X[n,t]",
        "A[n,t] = X[n,t] + B[n,t-1]\nB[n,t] = A[n,t+1]",
        "S = S + 1",
    ],
)
def test_what_goes_round_without_a_step_is_refused(text):
    with pytest.raises(EquationError, match="depends on itself"):
        parse_program(RECURRENT + text)


def test_a_condition_frees_an_index_from_its_size():
    program = parse_program(
        "X: input[N, D]\nA: tensor[N, D + 1]\nA[n,i] = where(i < D, X[n,i], 1)\nL = sum(A[n,i]**2, n, i)"
    )
    check(program)
    X, A = program.tensors["X"], program.tensors["A"]
    n, i = Index("n"), Index("i")
    with pytest.raises(ShapeError):
        check(with_equation(program, 0, Equation(A, (n, i), X[n, i])))
    with pytest.raises(ShapeError):
        check(
            with_equation(program, 0, replace(program.equations[0], rhs=program.equations[0].rhs + X[n, i]))
        )


def test_a_left_side_needs_an_index_for_each_axis():
    program = parse_program("X: input[N, D]\nA[n,i] = X[n,i]")
    with pytest.raises(EquationError, match="one index for each axis"):
        check(with_equation(program, 0, replace(program.equations[0], indices=(Index("n"),), rhs=Integer(1))))


def test_a_bound_index_is_not_bound_again():
    program = parse_program("X: input[N, D]\nA[n] = sum(X[n,i], i)")
    n, i = Index("n"), Index("i")
    renamed = program.equations[0].rhs.func(
        program.equations[0].rhs.function.xreplace({i: n}), (n, 0, Size("D") - 1)
    )
    with pytest.raises(EquationError, match="n is bound already"):
        check(with_equation(program, 0, replace(program.equations[0], rhs=renamed)))


def test_a_deep_network_is_checked_in_no_time():
    layers = 100
    weights = "".join(f"W{k}: parameter[H, H]\n" for k in range(layers))
    body = "".join(f"A{k + 1}[n,j] = tanh(sum(A{k}[n,i]*W{k}[i,j], i))\n" for k in range(layers))
    program = parse_program(f"A0: input[N, H]\n{weights}{body}L = sum(A{layers}[n,j]**2, n, j)")
    found = derive(program)
    start = time.process_time()
    check(found.computed)
    assert time.process_time() - start < 0.3
    assert len(indices_of(found.computed.equations[-1].lhs)) == 2


def test_what_is_known_to_be_right_is_not_looked_at_again():
    """Where it reads the same tensors; another tensor under that name is."""
    known = parse_program("X: input[N,D]\nY[n,i] = 2*X[n,i]\nL = sum(Y[n,i], n, i)")
    check(known, known)
    check(known.extended([]), known)
    tensors = {**known.tensors, "X": replace(known.tensors["X"], shape=(Size("D"), Size("N")))}
    with pytest.raises(ShapeError, match="runs over"):
        check(replace(known, tensors=tensors), known)
