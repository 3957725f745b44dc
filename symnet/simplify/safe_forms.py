"""Functions as a machine computes them: formulas in exponentials that cannot overflow, right to the last
digits everywhere.

before:  A[n,j] = sigmoid(Z[n,j]);  dZ[n,j] = sigmoid(Z[n,j])*sigmoid(-Z[n,j])*dA[n,j]
after:   A[n,j] = rise(Z[n,j])/(1 + decay(Z[n,j]));  dZ[n,j] = decay(Z[n,j])/(1 + decay(Z[n,j]))**2*dA[n,j]

where rise(z) is e^z up to 0 and 1 from there on, and decay(z) is e^-|z|. It is what the shift of a softmax
comes to for the two numbers z and 0; what the equations share is computed once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sympy import Add, Expr, Indexed, Integer, Mul, Pow, S, sinh

from symnet.equations.program import elements
from symnet.index import functions as f
from symnet.index.calculus import factors

FAR = Integer(30)

FORMS: dict[Any, Callable[[Expr], Expr]] = {
    f.sigmoid: lambda x: f.rise(x) / (1 + f.decay(_positive(x))),
    f.softplus: lambda x: f.maximum(x, S.Zero) + f.log1p(f.decay(_positive(x))),
    f.logcosh: lambda x: (
        f.log1p(2 * sinh(f.minimum(f.absolute(x), FAR) / 2) ** 2) + f.maximum(f.absolute(x) - FAR, S.Zero)
    ),
}
"""log cosh x is log(1 + 2 sinh^2(x/2)); beyond 30 it goes up as |x| does, to the last digit."""


def safe_forms(expr: Expr) -> Expr:
    """`expr` in functions that a machine has, or that are exact where it has none."""
    return _machine_form(_with_sigmoids(expr))


def _with_sigmoids(expr: Expr) -> Expr:
    """1/cosh^2 x as 4 sigmoid(2x) sigmoid(-2x) where that sigmoid is needed anyway."""
    near = {node.args[0] for node in expr.atoms(f.sigmoid)}
    found = {}
    for node in expr.atoms(Pow):
        if node.exp == 2 and isinstance(node.base, f.sech):
            twice = 2 * node.base.args[0]
            if near & {twice, -twice}:
                found[node] = 4 * f.sigmoid(twice) * f.sigmoid(-twice)
    return expr.xreplace(found)


def _machine_form(expr: Expr) -> Expr:
    if not expr.args or isinstance(expr, Indexed):
        return expr
    if isinstance(expr, Mul):
        expr = _pairs(expr)
    expr = expr.func(*map(_machine_form, expr.args))
    if expr.func in FORMS:
        return FORMS[expr.func](expr.args[0])
    if isinstance(expr, Pow) and expr.exp == -2 and _is_unbounded(expr.base):
        return f.inverse(expr.base) ** 2
    return expr


def _pairs(expr: Expr) -> Expr:
    """sigmoid(x)*sigmoid(-x) as e^-|x|/(1 + e^-|x|)^2: one exponential for both."""
    found = factors(expr)
    for base in [base for base in found if isinstance(base, f.sigmoid)]:
        other = f.sigmoid(-base.args[0])
        powers = [found.get(base, S.Zero), found.get(other, S.Zero)]
        if all(power.is_Integer and power > 0 for power in powers):
            both = min(powers)
            tail = f.decay(_positive(base.args[0]))
            expr *= (tail / (base * other * (1 + tail) ** 2)) ** both
            found = factors(expr)
    return expr


def _positive(x: Expr) -> Expr:
    """X or -x: of both the one that is written without a minus."""
    return -x if x.could_extract_minus_sign() else x


def _is_unbounded(base: Expr) -> bool:
    """Whether a sum has the size of an element among its terms."""
    return isinstance(base, Add) and any(
        isinstance(term, f.absolute) and elements(term) for term in base.args
    )
