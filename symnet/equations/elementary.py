"""The value of each scalar function at one number, real or complex: what the interpreter computes with.

Right on the real axis, and analytic beside it wherever the function is, so that a complex step of 1e-30
carries its derivative without cancellation. What is not analytic (a comparison, a maximum) looks at real
parts only. No derivative is written here. A real number stays real; where the real function has no value the
result is NaN, and beyond the largest number it is infinity.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable
from typing import Any

import sympy as sp

from symnet.index import functions as f

Number = complex
"""A whole, real or complex number: Python's numeric tower, of which complex is the top."""


def power(base: Number, exponent: Number) -> Number:
    """The power: infinite at 0 to a negative power, NaN at a negative number to a broken one."""
    try:
        value: Number = base**exponent
    except ZeroDivisionError:
        return math.inf
    except OverflowError:
        return math.inf
    return math.nan if isinstance(value, complex) and not isinstance(base, complex) else value


def square_root(x: Number) -> Number:
    """The square root, NaN for a negative real number."""
    if isinstance(x, complex):
        return cmath.sqrt(x)
    return math.sqrt(x) if x >= 0 else math.nan


def _exp(x: Number) -> Number:
    try:
        return cmath.exp(x) if isinstance(x, complex) else math.exp(x)
    except OverflowError:
        return math.inf


def _log(x: Number) -> Number:
    if x == 0:
        return -math.inf
    if isinstance(x, complex):
        return cmath.log(x)
    return math.log(x) if x > 0 else math.nan


def _sin(x: Number) -> Number:
    return cmath.sin(x) if isinstance(x, complex) else math.sin(x) if math.isfinite(x) else math.nan


def _cos(x: Number) -> Number:
    return cmath.cos(x) if isinstance(x, complex) else math.cos(x) if math.isfinite(x) else math.nan


def _expm1(x: Number) -> Number:
    """e^x - 1 = 2 e^(x/2) sinh(x/2), which keeps its digits near 0."""
    try:
        return 2 * cmath.exp(x / 2) * cmath.sinh(x / 2) if isinstance(x, complex) else math.expm1(x)
    except OverflowError:
        return math.inf


def _log1p(x: Number) -> Number:
    """log(1 + x) = 2 artanh(x / (2 + x)), which keeps its digits near 0."""
    return 2 * cmath.atanh(x / (2 + x)) if isinstance(x, complex) else math.log1p(x)


def _erf(x: Number) -> Number:
    """The error function, for complex numbers by the series 2/sqrt(pi) e^(-x^2) (x + 2x^3/3 + 4x^5/15 + ...),
    whose terms have one sign.
    """
    if not isinstance(x, complex):
        return math.erf(x)
    if abs(x.real) > 2:
        return 1 - _erfc(x) if x.real > 0 else _erfc(-x) - 1
    term = result = x
    odd = 3
    while abs(term) > 1e-18 * abs(result):
        term = term * (2 * x * x / odd)
        result += term
        odd += 2
    return 2 / math.sqrt(math.pi) * cmath.exp(-x * x) * result


def _erfc(x: Number) -> Number:
    """1 - erf(x), for complex numbers beyond 2 by the continued fraction e^(-x^2)/sqrt(pi) / (x + (1/2)/(x +
    (2/2)/(x + (3/2)/(x + ...)))): Abramowitz and Stegun, 7.1.14.
    """
    if not isinstance(x, complex):
        return math.erfc(x)
    if x.real < 0:
        return 2 - _erfc(-x)
    if x.real <= 2:
        return 1 - _erf(x)
    if x.real > 30:  # erfc(30) is 3e-393
        return 0j
    fraction = x
    for k in range(80, 0, -1):
        fraction = x + k / 2 / fraction
    return cmath.exp(-x * x) / (math.sqrt(math.pi) * fraction)


def _bell(x: Number) -> Number:
    return _exp(-x * x)


def _hyperbolic(x: Number, sign: int) -> Number:
    """(e^x + sign e^-x) / 2: cosh or sinh, infinite beyond the largest number."""
    try:
        if isinstance(x, complex):
            return cmath.cosh(x) if sign > 0 else cmath.sinh(x)
        return math.cosh(x) if sign > 0 else math.sinh(x)
    except OverflowError:
        return math.inf if sign > 0 or x.real > 0 else -math.inf


def _sigmoid(x: Number) -> Number:
    if x.real >= 0:
        return 1 / (1 + _exp(-x))
    small = _exp(x)
    return small / (1 + small)


def _absolute(x: Number) -> Number:
    """|x|; on its corner it is flat, as its slope signum is."""
    return x if x.real > 0 else -x if x.real < 0 else 0.0


def _logcosh(x: Number) -> Number:
    """Log cosh x = log(1 + 2 sinh^2(x/2)), where that does not overflow."""
    x = _absolute(x)
    if x.real > 30:
        return x - math.log(2)
    return _log1p(2 * _hyperbolic(x / 2, -1) ** 2)


def _softplus(x: Number) -> Number:
    """log(1 + e^x), with the larger of x and 0 taken out."""
    return x + _log1p(_exp(-x)) if x.real >= 0 else _log1p(_exp(x))


SCALAR_FUNCTIONS: dict[Any, Callable[..., Number]] = {
    sp.exp: _exp,
    sp.log: _log,
    sp.tanh: lambda x: cmath.tanh(x) if isinstance(x, complex) else math.tanh(x),
    sp.sinh: lambda x: _hyperbolic(x, -1),
    sp.cosh: lambda x: _hyperbolic(x, +1),
    sp.sin: _sin,
    sp.cos: _cos,
    sp.erf: _erf,
    sp.floor: lambda x: math.floor(x.real),
    f.sigmoid: _sigmoid,
    f.softplus: _softplus,
    f.logcosh: _logcosh,
    f.expm1: _expm1,
    f.log1p: lambda x: _log1p(x) if x.real > -1 else _log(1 + x),
    f.erfc: _erfc,
    f.normal_cdf: lambda x: _erfc(-x / math.sqrt(2)) / 2,
    f.normal_pdf: lambda x: _exp(-x * x / 2) / math.sqrt(2 * math.pi),
    f.bell: _bell,
    f.sech: lambda x: 1 / value if (value := _hyperbolic(x, +1)) != math.inf else 0.0,
    f.inverse: lambda x: power(x, -1),
    f.decay: lambda x: _exp(-_absolute(x)),
    f.rise: lambda x: _exp(x) if x.real < 0 else 1.0,
    f.constant: lambda x: x.real,  # held fixed: a step in the imaginary direction ends here
    f.absolute: _absolute,
    f.signum: lambda x: (x.real > 0) - (x.real < 0),
    f.sign: lambda x: 1 if x.real >= 0 else -1,
    f.maximum: lambda a, b: a if a.real > b.real else b,
    f.minimum: lambda a, b: a if a.real < b.real else b,
    f.less: lambda a, b: int(a.real < b.real),
    f.less_equal: lambda a, b: int(a.real <= b.real),
    f.equal: lambda a, b: int(a.real == b.real),
}
"""The value of each scalar function, by its SymPy class."""
