"""The scalar calculus of one equation: every place where a tensor stands, and the derivative there.

Through a Sum the derivative of the summand multiplies on, and the Sum's indices join the binders. The derivative itself is left to
SymPy's `diff`, after every element (or Sum) has been replaced by a dummy: no rule for any layer is written anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sympy import Dummy, Expr, Indexed, Mul, Sum, preorder_traversal
from sympy.concrete.expr_with_limits import ExprWithLimits

from symnet.derivation.journal import Step
from symnet.index.functions import Bracket
from symnet.index.reductions import Binder, binders_of
from symnet.index.symbols import Scalar


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One element as it stands in a right-hand side, the binders of the sums around it, and the derivative there."""

    element: Expr
    binders: tuple[Binder, ...]
    derivative: Expr
    steps: tuple[Step, ...]  # one "differentiate" for each level: the sums from outside in, then the element


def occurrences(rhs: Expr) -> tuple[Occurrence, ...]:
    """Every distinct element in `rhs`, with the derivative of `rhs` with respect to it.

    `Sum(X[n,i]*W[i,j], i) + b[j]` gives X[n,i] (binder i, derivative W[i,j]), W[i,j] (binder i, derivative X[n,i]) and
    b[j] (derivative 1). Brackets and positions of maxima are flat and give nothing.
    """
    found: list[Occurrence] = []
    kernels = tuple(dict.fromkeys(_kernels(rhs)))
    dummies = {kernel: Dummy(real=True) for kernel in kernels}
    back = {dummy: kernel for kernel, dummy in dummies.items()}
    opened = rhs.xreplace(dummies)
    for kernel, dummy in dummies.items():
        derivative = opened.diff(dummy).xreplace(back)
        if derivative == 0:
            continue
        step = Step("differentiate", rhs, derivative, "", wrt=kernel)
        if not isinstance(kernel, Sum):
            found.append(Occurrence(kernel, (), derivative, (step,)))
            continue
        for inner in occurrences(kernel.function):
            found.append(
                Occurrence(
                    inner.element,
                    binders_of(kernel) + inner.binders,
                    Mul(derivative, inner.derivative),
                    (step, *inner.steps),
                )
            )
    return tuple(found)


def _kernels(expr: Expr) -> Iterator[Expr]:
    """The outermost elements and sums that `expr` depends on smoothly, in order of appearance."""
    walk = preorder_traversal(expr)
    for node in walk:
        if isinstance(node, Indexed | Scalar | Sum):
            yield node
            walk.skip()
        elif isinstance(node, Bracket | ExprWithLimits):
            walk.skip()
