"""Differences that cancel, written as what is left of them.

What is near 1 was rounded there: 1 - sigmoid(z) is 0 where the truth is 4e-18. The function that the
difference is has all its digits:

before:  dZ[n,j] = A[n,j]*(1 - A[n,j])*dA[n,j], where A[n,j] = sigmoid(Z[n,j])
after:   dZ[n,j] = sigmoid(Z[n,j])*sigmoid(-Z[n,j])*dA[n,j]

A value is opened (A becomes what defines it) only where its own formula meets its complement. The rules hold
for every argument; which of them applies is found, not said by an activation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sympy import Add, Expr, Indexed, Integer, Mul, Pow, S, erf, exp, expand_mul, log, pi, sqrt, tanh
from sympy.concrete.expr_with_limits import ExprWithLimits

from symnet.index import functions as f
from symnet.index.calculus import factors

Formulas = Callable[[Expr], Expr | None]
"""What defines an element, at its indices; None for what is given, and for what is no element."""
Branches = Mapping[Expr, int]
"""The conditions around, each with the argument of `where` that it chose."""

COMPLEMENTS: dict[tuple[Any, int, int], Callable[[Expr], Expr]] = {
    (f.sigmoid, 1, -1): lambda x: -f.sigmoid(-x),
    (f.normal_cdf, 1, -1): lambda x: -f.normal_cdf(-x),
    (tanh, 1, 1): lambda x: 2 * f.sigmoid(2 * x),
    (tanh, 1, -1): lambda x: -2 * f.sigmoid(-2 * x),
    (tanh, 2, -1): lambda x: -(f.sech(x) ** 2),
    (erf, 1, 1): lambda x: f.erfc(-x),
    (erf, 1, -1): lambda x: -f.erfc(x),
    (f.erfc, 1, -1): lambda x: -erf(x),
    (f.expm1, 1, 1): exp,
    (exp, 1, -1): f.expm1,
}
"""For a function, a power of it and what is added to that: what the sum is."""
KINDS = tuple({kind for kind, _, _ in COMPLEMENTS})


def without_cancellation(expr: Expr, formula: Formulas) -> Expr:
    """`expr` with every complement that the rules know named."""
    return _visit(expr, formula, {})


def _visit(node: Expr, formula: Formulas, branches: Branches) -> Expr:
    if not node.args or isinstance(node, Indexed):
        return node
    if isinstance(node, ExprWithLimits):
        return node.func(_visit(node.function, formula, branches), *node.limits)
    if isinstance(node, f.where):
        condition, *choices = node.args
        found = (_visit(c, formula, {**branches, condition: k}) for k, c in enumerate(choices, start=1))
        return f.where(_visit(condition, formula, branches), *found)
    node = node.func(*(_visit(argument, formula, branches) for argument in node.args))
    if isinstance(node, Add):
        return _addition(node, formula, branches)
    if isinstance(node, Mul):
        return _product(node, formula)
    return _function(node, branches)


def _addition(node: Expr, formula: Formulas, branches: Branches) -> Expr:
    """A sum, in which a value is opened where that lets something cancel."""
    found = _complement(node)
    if found is not None:
        return _visit(found, formula, branches)
    for element in sorted({e for t in node.args for e in Mul.make_args(t) for e in _elements(e)}, key=str):
        opened = _within(formula(element), branches)
        if opened is None or not opened.has(*KINDS, Pow):
            continue
        changed = node.xreplace({element: opened})
        found = _complement(changed) if isinstance(changed, Add) else None
        found = _over_one_denominator(changed) if found is None else found
        if found is not None:
            return _visit(found, formula, branches)
    return node


def _elements(factor: Expr) -> set[Expr]:
    base = factor.base if isinstance(factor, Pow) else factor
    return {base} if isinstance(base, Indexed) else set()


def _within(opened: Expr | None, branches: Branches) -> Expr | None:
    """A formula, as it is in the branches that are around."""
    while isinstance(opened, f.where) and opened.args[0] in branches:
        opened = opened.args[branches[opened.args[0]]]
    return opened


def _complement(node: Add) -> Expr | None:
    """A sum with two of its terms, k*g(x) and k or -k, as what they are together."""
    terms = list(node.args)
    for term in terms:
        for factor in Mul.make_args(term):
            base, power = factor.as_base_exp() if isinstance(factor, Pow) else (factor, S.One)
            if not isinstance(base, KINDS) or not power.is_Integer:
                continue
            coefficient = term / factor
            for sign in (1, -1):
                rule = COMPLEMENTS.get((base.func, int(power), sign))
                if rule is not None and sign * coefficient in terms:
                    rest = [t for t in terms if t not in (term, sign * coefficient)]
                    return Add(*rest, coefficient * _function(rule(base.args[0]), {}))
    return None


def _over_one_denominator(node: Expr) -> Expr | None:
    """A sum of quotients over one denominator, where hardly anything is left of the numerator."""
    if not isinstance(node, Add):
        return None
    node = Add(*(_sign_away(term) for term in node.args))
    powers: dict[Expr, int] = {}
    for term in Add.make_args(node):
        for base, power in factors(term).items():
            if isinstance(base, Add) and power.is_Integer and power < 0:
                powers[base] = max(powers.get(base, 0), int(-power))
    below = Mul(*(base**power for base, power in powers.items()))
    numerator = Add(*(expand_mul(term * below) for term in Add.make_args(node)))
    return numerator / below if powers and not isinstance(numerator, Add) else None


def _sign_away(term: Expr) -> Expr:
    """signum(x)*x as |x|."""
    found = factors(term)
    for base in list(found):
        if isinstance(base, f.signum) and found[base] == 1 and found.get(base.args[0]) == 1:
            return term / base / base.args[0] * f.absolute(base.args[0])
    return term


def _product(node: Expr, formula: Formulas) -> Expr:
    """A product, in which a value is opened where its own complement stands beside it."""
    for factor in node.args:
        base = factor.base if isinstance(factor, Pow) else factor
        if isinstance(base, f.sigmoid):
            for element in node.atoms(Indexed):
                if formula(element) == f.sigmoid(-base.args[0]):
                    node = node.xreplace({element: f.sigmoid(-base.args[0])})
    return node


def _function(node: Expr, branches: Branches) -> Expr:
    """A function that has a name of its own at such an argument."""
    argument = node.args[0]
    if isinstance(node, log) and isinstance(argument, Add) and S.One in argument.args:
        return f.log1p(argument - 1)
    if isinstance(node, f.erfc) and argument.has(sqrt(2)):
        return 2 * f.normal_cdf(-sqrt(2) * argument)
    if isinstance(node, exp):
        coefficient, square = argument.as_coeff_Mul()
        if isinstance(square, Pow) and square.exp == 2 and coefficient == -1:
            return f.bell(square.base)
        if isinstance(square, Pow) and square.exp == 2 and coefficient == -S.Half:
            return sqrt(2 * pi) * f.normal_pdf(square.base)
    if isinstance(node, exp) and isinstance(argument, f.minimum) and argument.args[1] == 0:
        return f.rise(argument.args[0])
    if isinstance(node, exp | f.expm1) and any(_is_below(argument, c, k) for c, k in branches.items()):
        return f.rise(argument) if isinstance(node, exp) else f.expm1(f.minimum(argument, Integer(0)))
    return node


def _is_below(argument: Expr, condition: Expr, choice: int) -> bool:
    """Whether `argument` cannot be positive in a branch of `condition`."""
    if not isinstance(condition, f.less | f.less_equal):
        return False
    a, b = condition.args
    ratio = argument / (a - b if choice == 1 else b - a)
    return bool(ratio.is_number and ratio.is_positive)
