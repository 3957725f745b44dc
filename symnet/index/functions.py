"""All the scalar calculus: one class a named function, with its derivative; whatever else SymPy has (exp,
log, tanh, sinh, cosh, erf, sin, cos).

Nothing above this file writes down a derivative. Each class says its value in its docstring and its
derivative in `fdiff`; a test differentiates every one of them numerically. Truth values are the numbers 0 and
1 (Iverson brackets), so that a condition can stand in a product and its derivative is zero.
"""

from __future__ import annotations

from typing import Any

from sympy import Abs, Expr, Function, Integer, Number, S, exp, pi, sqrt, tanh
from sympy import sign as SymPySign

from symnet.errors import DerivationError


class Bracket(Function):
    """A statement about two numbers, 1 where it holds and 0 where it does not; flat, so its derivative is
    zero.
    """

    nargs = 2

    def fdiff(self, argindex: int = 1) -> Expr:
        return S.Zero


class less(Bracket):
    """[a < b]"""

    @classmethod
    def eval(cls, a: Expr, b: Expr) -> Expr | None:
        if a == b:
            return S.Zero
        return Integer(bool(a < b)) if isinstance(a, Number) and isinstance(b, Number) else None


class less_equal(Bracket):
    """[a <= b]"""

    @classmethod
    def eval(cls, a: Expr, b: Expr) -> Expr | None:
        if a == b:
            return S.One
        return Integer(bool(a <= b)) if isinstance(a, Number) and isinstance(b, Number) else None


class equal(Bracket):
    """[a = b]: the Kronecker delta when both are indices."""

    @classmethod
    def eval(cls, a: Expr, b: Expr) -> Expr | None:
        if a == b:
            return S.One
        return S.Zero if isinstance(a, Number) and isinstance(b, Number) else None


class where(Function):
    """where(c, a, b): a where the bracket c is not 0, b elsewhere. Only the branch that is chosen counts."""

    nargs = 3

    @classmethod
    def eval(cls, condition: Expr, a: Expr, b: Expr) -> Expr | None:
        if isinstance(condition, Number):
            return a if condition else b
        if a == b:
            return a
        return condition if a == 1 and b == 0 else None

    def _eval_derivative(self, x: Expr) -> Expr:
        condition, a, b = self.args
        return where(condition, a.diff(x), b.diff(x))


class maximum(Function):
    """The larger of two numbers. Where they are equal, the blame goes to the second: max(z, 0) is flat at z =
    0.
    """

    nargs = 2

    def fdiff(self, argindex: int = 1) -> Expr:
        a, b = self.args
        return less(b, a) if argindex == 1 else less_equal(a, b)


class minimum(Function):
    """The smaller of two numbers; where they are equal, the blame goes to the second."""

    nargs = 2

    def fdiff(self, argindex: int = 1) -> Expr:
        a, b = self.args
        return less(a, b) if argindex == 1 else less_equal(b, a)


class Elementary(Function):
    """A function of one number."""

    nargs = 1


class absolute(Elementary):
    """|x|"""

    def fdiff(self, argindex: int = 1) -> Expr:
        return signum(self.args[0])


class signum(Elementary):
    """-1, 0 or 1 as x is negative, zero or positive: the slope of |x|, flat in its turn."""

    def fdiff(self, argindex: int = 1) -> Expr:
        return S.Zero


class sign(Elementary):
    """The perceptron's threshold: +1 where x >= 0 and -1 elsewhere."""

    def fdiff(self, argindex: int = 1) -> Expr:
        raise DerivationError(
            "sign is flat on both sides of its jump: its derivative is 0 wherever it exists, "
            "so no blame passes through it",
            expected="an activation with a slope",
            suggestion="sigmoid or tanh",
        )


class sigmoid(Elementary):
    """1 / (1 + e^-x)"""

    def fdiff(self, argindex: int = 1) -> Expr:
        return self * (1 - self)


class softplus(Elementary):
    """log(1 + e^x)"""

    def fdiff(self, argindex: int = 1) -> Expr:
        return sigmoid(self.args[0])


class logcosh(Elementary):
    """log cosh x"""

    def fdiff(self, argindex: int = 1) -> Expr:
        return tanh(self.args[0])


class constant(Elementary):
    """x, taken as it is: whatever it was computed from, no blame goes through it."""

    def fdiff(self, argindex: int = 1) -> Expr:
        return S.Zero


class expm1(Elementary):
    """e^x - 1, exact near 0"""

    def fdiff(self, argindex: int = 1) -> Expr:
        return exp(self.args[0])


class log1p(Elementary):
    """log(1 + x), exact near 0"""

    def fdiff(self, argindex: int = 1) -> Expr:
        return 1 / (1 + self.args[0])


class erfc(Elementary):
    """1 - erf(x), exact where that is small. SymPy's own turns erfc(-x) into 2 - erfc(x), which is not."""

    def fdiff(self, argindex: int = 1) -> Expr:
        return -2 / sqrt(pi) * exp(-(self.args[0] ** 2))


class normal_cdf(Elementary):
    """The normal distribution function: the probability that a standard normal variable is less than x"""

    def fdiff(self, argindex: int = 1) -> Expr:
        return normal_pdf(self.args[0])


class normal_pdf(Elementary):
    """The standard normal density: e^(-x^2/2) / sqrt(2 pi)"""

    def fdiff(self, argindex: int = 1) -> Expr:
        return -self.args[0] * self


class bell(Elementary):
    """e^(-x^2), exact far from 0, where the rounding of x^2 would be felt"""

    def fdiff(self, argindex: int = 1) -> Expr:
        return -2 * self.args[0] * self


class sech(Elementary):
    """1 / cosh x, which does not overflow on the way"""

    def fdiff(self, argindex: int = 1) -> Expr:
        return -tanh(self.args[0]) * self


class inverse(Elementary):
    """1 / x, taken before anything else is: its square is 1 / x^2 where x^2 overflows"""

    def fdiff(self, argindex: int = 1) -> Expr:
        return -(self**2)


class decay(Elementary):
    """e^-|x|: an exponential that cannot overflow"""

    def fdiff(self, argindex: int = 1) -> Expr:
        return -signum(self.args[0]) * self


class rise(Elementary):
    """e^x up to 0, and 1 from there on: an exponential that cannot overflow"""

    def fdiff(self, argindex: int = 1) -> Expr:
        return less(self.args[0], 0) * self


def own(expr: Expr) -> Expr:
    """`expr` with the functions of this file where SymPy has put its own: Abs is what it makes of a root."""
    if not expr.has(Abs, SymPySign):
        return expr
    return expr.replace(Abs, absolute).replace(SymPySign, signum)


NAMED: dict[str, Any] = {
    f.__name__: f
    for f in (
        where,
        maximum,
        minimum,
        absolute,
        signum,
        sign,
        sigmoid,
        softplus,
        logcosh,
        expm1,
        log1p,
        erfc,
        normal_cdf,
        normal_pdf,
        constant,
        less,
        less_equal,
        equal,
    )
}
"""The functions that this file defines, by name."""

COMPUTED: dict[str, Any] = {f.__name__: f for f in (bell, sech, inverse, decay, rise)}
"""Those that only a formula for machines has, by name: the language does not know them."""
