"""Putting one adjoint's formula into another where factors cancel, and only there.

With A = sigmoid(Z) and the binary cross-entropy, dA = (-Y/A + (1 - Y)/(1 - A))/N and dZ = dA*A*(1 - A):
together they are (A - Y)/N, which is shorter and never divides by zero. Where nothing cancels, the two
equations stay apart, as a textbook has them.

An adjoint that stands in several places is put into one of them only where it divides by a value and the
division goes away: with P = exp(Z)/S and the loss -log P, dP = -Y/P stands in dS and in dZ, and in neither is
P left to be divided by, which may be zero.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from sympy import Add, Expr, Indexed, Integer, Mul, Pow, Sum, Symbol, cancel

from symnet.derivation.reuse import common, grouped, reuse_products
from symnet.equations.program import Equation
from symnet.index.calculus import bound_apart, free_indices, pull, substitute, weight
from symnet.index.reductions import binders_of
from symnet.index.symbols import Index, Scalar, name_of


def divides(adjoint: Equation) -> bool:
    """Whether the formula of an adjoint divides by the value of a tensor."""
    return any(power.exp.is_negative and power.base.has(Indexed) for power in adjoint.rhs.atoms(Pow))


def substitute_adjoint(
    expr: Expr, adjoint: Equation, products: Iterable[Equation], alone: bool
) -> Expr | None:
    """`expr` with the one element of `adjoint`'s tensor in it replaced by its formula, or None where that
    makes nothing shorter.

    `products` are equations whose values may be named again in the result. `alone` says that the adjoint
    stands nowhere else: then both together must become shorter, otherwise `expr` by itself must not grow.
    """
    places = [e for e in expr.atoms(Indexed, Scalar) if name_of(e) == adjoint.tensor.name]
    if len(places) != 1:
        return None
    indices = places[0].indices if isinstance(places[0], Indexed) else ()
    apart = bound_apart(adjoint.rhs, {index.name for index in _around(expr, places[0])})
    formula = substitute(apart, dict(zip(adjoint.indices, indices, strict=True)))
    inlined = reuse_products(pull(expr.xreplace({places[0]: formula})), products)
    candidates = (inlined, common(inlined), grouped(inlined), common(_cancelled(inlined)))
    best = min(candidates, key=weight)
    most = weight(expr) - 1 + weight(adjoint.rhs)
    return best if weight(best) < most and (alone or weight(best) <= weight(expr)) else None


def _around(expr: Expr, place: Expr) -> frozenset[Index]:
    """The indices that have a meaning at `place`: the free ones of `expr`, and those of the sums around it."""
    sums = (node for node in expr.atoms(Sum) if node.has(place))
    return free_indices(expr).union(*({index for index, _ in binders_of(node)} for node in sums))


def _cancelled(expr: Expr) -> Expr:
    """`expr` as one fraction of polynomials in its elements, functions and sums, with what cancels
    cancelled.
    """
    kernels: dict[Expr, Expr] = {}

    def close(node: Expr) -> Expr:
        if isinstance(node, Add | Mul):
            return node.func(*map(close, node.args))
        if isinstance(node, Pow) and isinstance(node.exp, Integer):
            return close(node.base) ** node.exp
        return node if node.is_Rational else kernels.setdefault(node, Symbol(f"_x{len(kernels)}"))

    return _cancel(close(expr)).xreplace({placeholder: node for node, placeholder in kernels.items()})


@lru_cache(maxsize=4096)
def _cancel(closed: Expr) -> Expr:
    """SymPy's cancel, once for all layers whose formulas are alike."""
    return cancel(closed)
