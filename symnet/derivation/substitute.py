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
from symnet.index.bounds import Ranges, inside
from symnet.index.calculus import bound_apart, pull, substitute, weight
from symnet.index.reductions import binders_of
from symnet.index.symbols import Index, Scalar, indices_of, name_of


def divides(adjoint: Equation) -> bool:
    """Whether the formula of an adjoint divides by the value of a tensor."""
    return any(power.exp.is_negative and power.base.has(Indexed) for power in adjoint.rhs.atoms(Pow))


def substitute_adjoint(
    expr: Expr, adjoint: Equation, products: Iterable[Equation], ranges: Ranges, alone: bool
) -> Expr | None:
    """`expr` with the one element of `adjoint`'s tensor in it replaced by its formula, or None where nothing
    cancels, or where the element may lie outside its tensor, which reads as zero and the formula not.

    `products` are equations whose values may be named again in the result, `ranges` are those of the free
    indices. `alone` says that the adjoint
    stands nowhere else: then both together must become shorter, otherwise `expr` by itself must not grow.
    """
    places = [e for e in expr.atoms(Indexed, Scalar) if name_of(e) == adjoint.tensor.name]
    if len(places) != 1:
        return None
    indices = indices_of(places[0])
    around = {**ranges, **_bound_around(expr, places[0])}
    if not all(inside(at, extent, around) for at, extent in zip(indices, adjoint.tensor.shape, strict=True)):
        return None
    apart = bound_apart(adjoint.rhs, {index.name for index in around})
    formula = substitute(apart, dict(zip(adjoint.indices, indices, strict=True)))
    inlined = reuse_products(pull(expr.xreplace({places[0]: formula})), products)
    candidates = (inlined, common(inlined), grouped(inlined), common(_cancelled(inlined)))
    best = min(candidates, key=weight)
    most = weight(expr) - 1 + weight(adjoint.rhs)
    shorter = weight(best) < most and (alone or weight(best) <= weight(expr))
    return best if shorter and _cancellable(best) < _cancellable(expr) + _cancellable(adjoint.rhs) else None


def _cancellable(expr: Expr) -> int:
    """How many terms are added and how many values are divided by: of these, some are gone where something
    cancels.
    """
    added = sum(len(node.args) - 1 for node in expr.atoms(Add) if node.has(Indexed, Scalar))
    return added + len([p for p in expr.atoms(Pow) if p.exp.is_negative and p.base.has(Indexed, Scalar)])


def _bound_around(expr: Expr, place: Expr) -> dict[Index, Expr]:
    """The indices of the sums around `place`, with their sizes."""
    return {index: size for node in expr.atoms(Sum) if node.has(place) for index, size in binders_of(node)}


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
