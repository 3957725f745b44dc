"""Values are reused: a derivative is written in the values that the forward pass has already computed.

The equation T = f(...) is read backwards. Wherever f(...), or the factors of the product f(...), or a kernel
that T determines, stand in an expression, T stands there instead. Found, not tabulated: with A = sigmoid(Z),
sigmoid(Z)*(1 - sigmoid(Z)) becomes A*(1 - A); with P = exp(Z)/S, -exp(Z)/S**2 becomes -P/S; with A = 1/(1 +
exp(-Z)), exp(-Z)/(1 + exp(-Z))**2 becomes A*(1 - A).
"""

from __future__ import annotations

from collections.abc import Iterable

from sympy import Add, Dummy, Expr, Function, Indexed, Mul, Poly, Sum, cancel, exp, fraction

from symnet.equations.program import Equation
from symnet.index.calculus import factors, match, substitute, weight
from symnet.index.functions import Bracket, expm1, where
from symnet.index.symbols import Index, Scalar


def reuse(expr: Expr, formula: Expr, value: Expr) -> Expr:
    """`expr` with `value` standing for `formula` wherever it can."""
    if not formula.args or formula.is_Indexed or isinstance(formula, Sum) or not expr.args:
        return expr
    if isinstance(formula, where) and isinstance(expr, where) and formula.args[0] == expr.args[0]:
        # Inside a branch the value is that branch's formula.
        branches = zip(expr.args[1:], formula.args[1:], strict=True)
        return where(expr.args[0], *(reuse(e, f, value) for e, f in branches))
    replaced = expr.xreplace({formula: value})
    replaced = _replace_product(replaced, _parts(formula), value)
    return _replace_kernel(replaced, formula, value)


def reuse_products(expr: Expr, equations: Iterable[Equation]) -> Expr:
    """`expr` with the value of every equation whose right-hand side is a product named wherever its factors
    stand, at any indices.
    """
    for equation in equations:
        parts = _parts(equation.rhs)
        for indices in _places(expr, parts, equation.indices):
            at = dict(zip(equation.indices, indices, strict=True))
            here = {substitute(base, at): power for base, power in parts.items()}
            expr = _replace_product(expr, here, substitute(equation.lhs, at))
    return expr


def _parts(formula: Expr) -> dict[Expr, Expr]:
    """The factors of a product with rational powers; empty where `formula` is no such product of two factors
    or more.
    """
    parts = factors(formula) if isinstance(formula, Mul) else {}
    return parts if len(parts) > 1 and all(power.is_Rational for power in parts.values()) else {}


def _replace_product(expr: Expr, parts: dict[Expr, Expr], value: Expr) -> Expr:
    """`expr` with `value` for every product that holds all of `parts`, the numbers apart."""
    wanted = {base: power for base, power in parts.items() if not base.is_number}
    if len(wanted) < 2:
        return expr
    number = Mul(*(base**power for base, power in parts.items() if base.is_number))

    def visit(node: Expr) -> Expr:
        if not node.args or isinstance(node, Indexed):
            return node
        if isinstance(node, Mul):
            have = factors(node)
            if all(_holds(have.get(base), power) for base, power in wanted.items()):
                rest = (base ** (power - wanted.get(base, 0)) for base, power in have.items())
                return visit(Mul(value / number, *rest))
        return node.func(*map(visit, node.args))

    return visit(expr)


def _holds(have: Expr | None, power: Expr) -> bool:
    return have is not None and have.is_Rational and have * power > 0 and abs(have) >= abs(power)


def _replace_kernel(expr: Expr, formula: Expr, value: Expr) -> Expr:
    """`expr` with the one function g in `formula` expressed by the value, where formula = (a*g + b)/(c*g + d)
    with constants a to d.

    Taken only where it leaves nothing to divide by and no more to read than before.
    """
    kernels = {node for node in formula.atoms(Function) if not isinstance(node, Bracket | where)}
    if len(kernels) != 1:
        return expr
    kernel = kernels.pop()
    if isinstance(kernel, expm1):
        expr = expr.xreplace({exp(kernel.args[0]): kernel + 1})
    opened = formula.xreplace({kernel: _KERNEL})
    if not expr.has(kernel) or opened.free_symbols != {_KERNEL}:
        return expr
    numerator, denominator = fraction(cancel(opened))
    relation = Poly(numerator - value * denominator, _KERNEL)
    if relation.degree() != 1:
        return expr
    slope, offset = relation.all_coeffs()
    found = shortest(cancel(expr.xreplace({kernel: -offset / slope})))
    if found.has(kernel) or fraction(found)[1].has(value) or weight(found) > weight(expr):
        return expr
    return found


_KERNEL = Dummy("kernel")


def shortest(expr: Expr) -> Expr:
    """The shorter of `expr` and `expr` with what all its terms share in front."""
    shared = common(expr)
    return shared if weight(shared) < weight(expr) else expr


def common(expr: Expr) -> Expr:
    """A sum with the factors that all its terms share in front: P*dP - P*s becomes P*(dP - s)."""
    if not isinstance(expr, Add):
        return expr
    terms = [factors(term) for term in expr.args]
    shared = {
        base: min((term[base] for term in terms), key=abs)
        for base in terms[0]
        if not base.is_number and all(base in term and term[base].is_Rational for term in terms)
    }
    shared = {base: power for base, power in shared.items() if all(term[base] * power > 0 for term in terms)}
    front = Mul(*(base**power for base, power in shared.items()))
    return Mul(front, Add(*(term / front for term in expr.args))) if shared else expr


def grouped(expr: Expr) -> Expr:
    """A sum in which the terms that share a factor of data stand together, where that is shorter: dR + dA/s -
    m/s becomes dR + (dA - m)/s.
    """
    if not isinstance(expr, Add):
        return expr
    best = expr
    bases = (base for term in expr.args for base in factors(term))
    for base in dict.fromkeys(base for base in bases if base.has(Indexed, Scalar)):
        together = [term for term in expr.args if base in factors(term)]
        if 1 < len(together) < len(expr.args):
            rest = (term for term in expr.args if term not in together)
            best = min(best, Add(*rest, common(Add(*together))), key=weight)
    return best


def _places(expr: Expr, parts: dict[Expr, Expr], indices: tuple[Index, ...]) -> list[tuple[Expr, ...]]:
    """The values of `indices` at which the first factor that has them all stands in `expr`."""
    pattern = next(
        (base for base in parts if base.has(Indexed) and all(base.has(index) for index in indices)), None
    )
    if pattern is None:
        return []
    found = []
    for node in expr.atoms(pattern.func):
        at = match(pattern, node, indices)
        if at is not None:
            found.append(at)
    return sorted(set(found), key=str)
