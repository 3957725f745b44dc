"""Sums that an equation has given a name: where terms cancel against them, both are gone.

before:  mu[c] = Sum(X[n,c], n)/N;   Sum(2*mu[c] - 2*X[n,c], n)
after:   0

The equation is read backwards: Sum(X[n,c], n) is N*mu[c], and so is Sum(mu[c], n). That the distances from a
mean add up to zero is found, not tabulated. Taken only where it leaves less to read.
"""

from __future__ import annotations

from collections.abc import Iterable

from sympy import Add, Expr, Indexed, Mul, Sum, expand_mul

from symnet.equations.program import Equation
from symnet.index.calculus import canonical, match, pull, weight
from symnet.index.reductions import binders_of, total


def settle_sums(expr: Expr, equations: Iterable[Equation]) -> tuple[Expr, tuple[Equation, ...]]:
    """`expr` with each sum of several terms in the names that `equations` give to the sums of its terms,
    where that is shorter; and the equations that gave them.
    """
    known = [(e, *scaled) for e in equations if (scaled := _scaled_sum(e.rhs)) is not None]
    used: dict[Equation, None] = {}
    found: dict[Expr, Expr] = {}
    for node in sorted(expr.atoms(Sum), key=str) if known else ():
        terms = Add.make_args(expand_mul(node.function))
        if len(terms) > 1:
            named = [_named(pull(total(term, binders_of(node))), known) for term in terms]
            settled = Add(*(value for value, _ in named))
            if weight(settled) < weight(node):
                found[node] = settled
                used.update((by, None) for _, by in named if by is not None)
    return expr.xreplace(found), tuple(used)


def is_mean(equation: Equation) -> bool:
    """Whether an equation says that its tensor is a mean: a sum, divided by how many terms it has."""
    scaled = _scaled_sum(equation.rhs)
    return scaled is not None and scaled[0] * Mul(*(size for _, size in binders_of(scaled[1]))) == 1


def _scaled_sum(expr: Expr) -> tuple[Expr, Sum] | None:
    """The factor and the sum of a product with one sum and no other element in it; None for any other."""
    sums = [factor for factor in Mul.make_args(expr) if isinstance(factor, Sum)]
    if len(sums) != 1 or (expr / sums[0]).has(Indexed, Sum):
        return None
    return expr / sums[0], sums[0]


def _named(term: Expr, known: list[tuple[Equation, Expr, Sum]]) -> tuple[Expr, Equation | None]:
    """A product with a sum in it, in the name that one of the equations gives the sum; and that equation."""
    for part in Mul.make_args(term):
        for equation, factor, pattern in known if isinstance(part, Sum) else ():
            at = match(canonical(pattern, ()), canonical(part, ()), equation.indices)
            if at is not None:
                return term / part * equation.tensor[at] / factor, equation
    return term, None
