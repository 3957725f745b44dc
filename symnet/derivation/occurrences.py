"""The scalar calculus of one equation: every place where a tensor stands, and the derivative there.

Through a Sum the derivative of the summand multiplies on, and the Sum's indices join the binders. The
derivative itself is left to SymPy's `diff`, after every element (or Sum) has been replaced by a placeholder:
no rule for any layer is written anywhere. Equal formulas of different layers become the same formula of
placeholders, so each is differentiated once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from sympy import Expr, Indexed, Mul, Sum, Symbol, preorder_traversal
from sympy.concrete.expr_with_limits import ExprWithLimits

from symnet.derivation.journal import Step
from symnet.derivation.reuse import reuse
from symnet.equations.program import Equation, reads
from symnet.index.functions import Bracket, own
from symnet.index.reductions import Binder, binders_of
from symnet.index.symbols import Scalar
from symnet.messages import say


class Placeholder(Symbol):
    """A number that stands for an element, a sum, or the value of an equation while its formula is
    differentiated.
    """

    __slots__ = ()

    def __new__(cls, name: str) -> Placeholder:
        return super().__new__(cls, name, real=True)


VALUE = Placeholder("_value")


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One element as it stands in a right-hand side, the binders of the sums around it, and the derivative
    there.
    """

    element: Expr
    binders: tuple[Binder, ...]
    derivative: Expr  # with the values of the forward pass named again
    # "differentiate" for each level, the sums from outside in, then the element; then "reuse"
    steps: tuple[Step, ...]


def occurrences(equation: Equation, relevant: Collection[str]) -> tuple[Occurrence, ...]:
    """Every distinct element of the tensors `relevant` that the equation reads, with the derivative of its
    right-hand side with respect to it.

    `Sum(X[n,i]*W[i,j], i) + b[j]` gives X[n,i] (binder i, derivative W[i,j]), W[i,j] (binder i, derivative
    X[n,i]) and b[j] (derivative 1). Brackets and positions of maxima are flat and give nothing.
    """
    found: list[Occurrence] = []
    for level in _levels(equation.rhs, equation.lhs, relevant):
        raw = Mul(*(derivative for _, derivative, _ in level.path))
        steps = [
            Step("differentiate", before, derivative, "", wrt=kernel)
            for before, derivative, kernel in level.path
        ]
        named = Mul(level.outermost, *(derivative for _, derivative, _ in level.path[1:]))
        if named != raw:
            reason = say("{value} is already computed: its value stands for its formula.", value=equation.lhs)
            steps.append(Step("reuse", raw, named, reason))
        found.append(Occurrence(level.path[-1][2], level.binders, named, tuple(steps)))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Level:
    """A way from a right-hand side down to one element: at each level what is differentiated, the derivative,
    and by what.
    """

    path: tuple[tuple[Expr, Expr, Expr], ...]
    binders: tuple[Binder, ...]
    outermost: Expr  # the first derivative, with values named again


def _levels(rhs: Expr, value: Expr | None, relevant: Collection[str]) -> Iterator[_Level]:
    kernels = tuple(dict.fromkeys(_kernels(rhs)))
    placeholders = {kernel: _placeholder(position) for position, kernel in enumerate(kernels)}
    back: dict[Expr, Expr] = {placeholder: kernel for kernel, placeholder in placeholders.items()}
    if value is not None:
        back[VALUE] = value
    opened = rhs.xreplace(placeholders)
    for kernel, placeholder in placeholders.items():
        if not any(name in relevant for name in reads(kernel)):
            continue
        raw, named = (derivative.xreplace(back) for derivative in _derivative(opened, placeholder))
        if raw == 0:
            continue
        here = (rhs, raw, kernel)
        if not isinstance(kernel, Sum):
            yield _Level((here,), (), named)
            continue
        for inner in _levels(kernel.function, None, relevant):
            yield _Level((here, *inner.path), binders_of(kernel) + inner.binders, named)


@cache
def _placeholder(position: int) -> Placeholder:
    return Placeholder(f"_x{position}")


@lru_cache(maxsize=4096)
def _derivative(opened: Expr, by: Placeholder) -> tuple[Expr, Expr]:
    """The derivative of a formula of placeholders, as SymPy gives it and with the formula's own value named
    again.
    """
    derivative = own(opened.diff(by))
    return derivative, reuse(derivative, opened, VALUE)


def _kernels(expr: Expr) -> Iterator[Expr]:
    """The outermost elements and sums that `expr` depends on smoothly, in order of appearance."""
    walk = preorder_traversal(expr)
    for node in walk:
        if isinstance(node, Indexed | Scalar | Sum):
            yield node
            walk.skip()
        elif isinstance(node, Bracket | ExprWithLimits):
            walk.skip()
