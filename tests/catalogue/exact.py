"""The catalogue's formulas once more, independently, in mpmath: what its values and derivatives are to fifty
digits, and how far a float is from that in units in the last place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np

mp = mpmath.mp


@dataclass(frozen=True)
class Exact:
    """A function of one number and settings, the points where it has corners, and where its derivative is a
    sum that passes through 0, the largest term of that sum: an error is measured by it.
    """

    value: Callable[..., Any]
    knots: Callable[..., tuple[float, ...]] = lambda **_: ()
    terms: Callable[..., Any] | None = None
    other: dict[str, float] | None = None  # settings beside the default ones


def larger(a, b):
    return a if mpmath.re(a) > mpmath.re(b) else b


def smaller(a, b):
    return a if mpmath.re(a) < mpmath.re(b) else b


def size(z):
    return z if mpmath.re(z) > 0 else -z


def logistic(z):
    return 1 / (1 + mpmath.exp(-z))


def softplus(z):
    return mpmath.log1p(mpmath.exp(z))


def normal(z):
    """The normal distribution function; beyond 1e3 it is 0 or 1 to more digits than are asked for."""
    return mpmath.erfc(-z / mpmath.sqrt(2)) / 2 if abs(z) < 1000 else mpmath.mpf(mpmath.re(z) > 0)


def inner(z):
    """The argument of the tanh in the approximation of the Gaussian error linear unit."""
    return mpmath.sqrt(2 / mpmath.pi) * (z + mpmath.mpf("0.044715") * z**3)


def zero(**_):
    return (0.0,)


def decimal(number):
    """A setting as the decimal that it is written as."""
    return mpmath.mpf(repr(number))


ACTIVATIONS = {
    "linear": Exact(lambda z: z),
    "sigmoid": Exact(logistic),
    "tanh": Exact(mpmath.tanh),
    "relu": Exact(lambda z: larger(z, 0), zero),
    "leaky_relu": Exact(lambda z, alpha: z if mpmath.re(z) > 0 else alpha * z, zero, None, {"alpha": 0.25}),
    "elu": Exact(lambda z, alpha: z if mpmath.re(z) > 0 else alpha * mpmath.expm1(z), zero, None, {"alpha": 1.7}),
    "selu": Exact(
        lambda z, scale, alpha: scale * (z if mpmath.re(z) > 0 else alpha * mpmath.expm1(z)),
        zero,
        None,
        {"scale": 1.5, "alpha": 0.3},
    ),
    "celu": Exact(lambda z, alpha: z if mpmath.re(z) > 0 else alpha * mpmath.expm1(z / alpha), zero, None, {"alpha": 2.0}),
    "softplus": Exact(softplus),
    "logsigmoid": Exact(lambda z: -softplus(-z)),
    "silu": Exact(lambda z: z * logistic(z), terms=logistic),
    "gelu": Exact(lambda z: z * normal(z), terms=normal),
    "gelu_tanh": Exact(lambda z: z * logistic(2 * inner(z)), terms=lambda z: logistic(2 * inner(z))),
    "mish": Exact(lambda z: z * mpmath.tanh(softplus(z)), terms=lambda z: mpmath.tanh(softplus(z))),
    "gaussian": Exact(lambda z: mpmath.exp(-z * z)),
    "softsign": Exact(lambda z: z / (1 + size(z)), zero),
    "sine": Exact(lambda z, frequency: mpmath.sin(frequency * z), other={"frequency": 2.0}),
    "hardsigmoid": Exact(lambda z: smaller(larger((z + 3) / 6, 0), 1), lambda: (-3.0, 3.0)),
    "hardswish": Exact(
        lambda z: z * smaller(larger((z + 3) / 6, 0), 1), lambda: (-3.0, 3.0), lambda z: z / 6 if abs(z) < 3 else 0
    ),
    "hardtanh": Exact(
        lambda z, low, high: smaller(larger(z, low), high), lambda low, high: (low, high), None, {"low": -0.5, "high": 2.5}
    ),
    "sign": Exact(lambda z: 1 if mpmath.re(z) >= 0 else -1, zero),
}
"""The activations of one number."""

GATES = {
    "glu": (logistic, 1),
    "swiglu": (lambda z: z * logistic(z), 0),
    "geglu": (lambda z: z * normal(z), 0),
}
"""The gated activations: what the gate is made by, and which half of the numbers it is made of."""


STEP = mpmath.mpf(10) ** -60


def digits(x: float) -> int:
    """Digits at which 1 beside x, and a complex step beside both, leave fifty."""
    return 130 + (0 if x == 0 else int(2 * abs(mpmath.log10(abs(x)))))


def value(function: Callable[..., Any], x: float, **settings: float) -> Any:
    """The function at a float."""
    with mpmath.workdps(digits(x)):
        return function(mpmath.mpf(x), **{name: decimal(s) for name, s in settings.items()})


def slopes(function: Callable[..., Any], x: float, knots: tuple[float, ...] = (), **settings: float) -> list[Any]:
    """Its derivative there, by a complex step: at a corner, from either side."""
    beside = mpmath.mpf(10) ** -120
    with mpmath.workdps(digits(x)):
        given = {name: decimal(s) for name, s in settings.items()}
        places = [x + beside, x - beside] if x in knots else [mpmath.mpf(x)]
        return [mpmath.im(function(mpmath.mpc(at, STEP), **given)) / STEP for at in places]


def units(found: float, exact: Any, scale: Any = None, dtype: Any = np.float64) -> float:
    """How far a float is from a number, in units in the last place of the number, or of a larger scale."""
    nearest = np.asarray(float(exact)).astype(dtype)[()]
    if not np.isfinite(nearest):
        return 0.0 if found == nearest else float("inf")
    size = dtype(max(abs(float(exact)), abs(float(scale if scale is not None else 0))))
    if not np.isfinite(found):
        return float("inf")
    with mpmath.workdps(60):
        return float(abs(mpmath.mpf(float(found)) - exact) / mpmath.mpf(float(np.spacing(size))))
