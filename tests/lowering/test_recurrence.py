"""Which equations become a loop, in which direction, and what is taken out of it."""

from __future__ import annotations

import pytest

from symnet.equations.parse import parse_program
from symnet.equations.program import Equation
from symnet.errors import LoweringError
from symnet.index.symbols import Index, Role, Size, Tensor
from symnet.lowering.recurrence import Recurrence, find_recurrences

N, T = Size("N"), Size("T")
n, t = Index("n"), Index("t")
X, A, B = Tensor("X", (N, T), Role.INPUT), Tensor("A", (N, T)), Tensor("B", (N, T))


def parts(*equations):
    return find_recurrences(equations, {"X", "A", "B"})


def test_what_reads_the_step_before_runs_upwards_and_the_given_part_comes_first():
    given, loop = parts(Equation(A, (n, t), 2 * A[n, t - 1] + X[n, t]))
    assert isinstance(given, Equation)
    assert str(given) == "A_given[n, t] = X[n, t]"
    assert isinstance(loop, Recurrence)
    assert (loop.index, loop.size, loop.reverse) == (t, T, False)
    assert str(loop.equations[0]) == "A[n, t] = 2*A[n, t - 1] + A_given[n, t]"


def test_what_reads_the_step_after_runs_downwards():
    (loop,) = parts(Equation(A, (n, t), 2 * A[n, t + 1]))
    assert loop.reverse


def test_two_that_read_each_other_are_one_loop_in_the_order_of_one_step():
    (loop,) = parts(Equation(A, (n, t), 2 * B[n, t]), Equation(B, (n, t), A[n, t - 1] * 3))
    assert [equation.tensor.name for equation in loop.equations] == ["B", "A"]


def test_the_members_of_a_loop_share_its_index():
    k = Index("k")
    (loop,) = parts(Equation(A, (n, t), 2 * B[n, t]), Equation(B, (n, k), A[n, k - 1] * 3))
    assert str(loop.equations[0]) == "B[n, t] = 3*A[n, t - 1]"


@pytest.mark.parametrize("rhs", [A[n, t - 1] + A[n, t + 1], A[t, n], A[n, 2 * t]])
def test_a_circle_without_a_direction_is_refused(rhs):
    with pytest.raises(LoweringError, match="depend on each other"):
        parts(Equation(A, (n, t), rhs))


def test_equations_that_read_nothing_of_their_own_stay_as_they_are():
    program = parse_program("X: input[N, D]\nA[n,i] = X[n,i]**2\nB[n] = sum(A[n,i], i)")
    assert find_recurrences(program.equations, set(program.tensors)) == program.equations
