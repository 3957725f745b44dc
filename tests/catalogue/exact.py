"""The formulas of functions, activations and losses once more, independently, in mpmath: their values and
derivatives to fifty digits, and how far a float is from those in units in the last place.
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
    """A function of one number and settings; and what is to be known of it to judge it."""

    value: Callable[..., Any]
    # where it has corners, or jumps
    knots: Callable[..., tuple[float, ...]] = lambda **_: ()
    # where its derivative is a sum that passes through 0, the largest term: an error is measured by that
    terms: Callable[..., Any] | None = None
    other: dict[str, float] | None = None  # settings beside the default ones
    domain: tuple[float, float] = (-mpmath.inf, mpmath.inf)
    # how many times over it feels an error of half a unit in what it is computed from
    condition: Callable[[float], float] = lambda _: 0.0
    # units of the smallest float that an error may come to: the factor beside a value that has nearly vanished
    smallest: float = 4.0


def larger(a, b):
    return a if mpmath.re(a) > mpmath.re(b) else b


def smaller(a, b):
    return a if mpmath.re(a) < mpmath.re(b) else b


def size(z):
    return z if mpmath.re(z) > 0 else -z


def logistic(z):
    """Beyond 1e5 it is 0 or 1 to more digits than are asked for."""
    return 1 / (1 + mpmath.exp(-z)) if abs(z) < 1e5 else mpmath.mpf(mpmath.re(z) > 0)


def softplus(z):
    return mpmath.log1p(mpmath.exp(z))


def integral(z, of, density):
    """A function that is defined as the integral of a density, at a number or a complex step beside it."""
    x, step = mpmath.re(z), mpmath.im(z)
    return mpmath.mpc(of(x), step * density(x)) if step else of(x)


def normal(z):
    """The normal distribution function; beyond 1e3 it is 0 or 1 to more digits than are asked for."""
    return integral(
        z,
        lambda x: mpmath.erfc(-x / mpmath.sqrt(2)) / 2 if abs(x) < 1000 else mpmath.mpf(x > 0),
        lambda x: mpmath.exp(-x * x / 2) / mpmath.sqrt(2 * mpmath.pi),
    )


def error_function(z):
    return integral(
        z,
        lambda x: mpmath.erf(x) if abs(x) < 1000 else mpmath.sign(x),
        lambda x: 2 * mpmath.exp(-x * x) / mpmath.sqrt(mpmath.pi),
    )


def inner(z):
    """The argument of the tanh in the approximation of the Gaussian error linear unit."""
    return mpmath.sqrt(2 / mpmath.pi) * (z + mpmath.mpf("0.044715") * z**3)


def zero(**_):
    return (0.0,)


def decimal(number):
    """A setting as the decimal that it is written as."""
    return mpmath.mpf(repr(number))


FINITE = (-8e307, 8e307)

ACTIVATIONS = {
    "linear": Exact(lambda z: z),
    "sigmoid": Exact(logistic),
    "tanh": Exact(mpmath.tanh),
    "relu": Exact(lambda z: larger(z, 0), zero),
    "leaky_relu": Exact(lambda z, alpha: z if mpmath.re(z) > 0 else alpha * z, zero, None, {"alpha": 0.25}),
    "elu": Exact(
        lambda z, alpha: z if mpmath.re(z) > 0 else alpha * mpmath.expm1(z), zero, None, {"alpha": 1.7}
    ),
    "selu": Exact(
        lambda z, scale, alpha: scale * (z if mpmath.re(z) > 0 else alpha * mpmath.expm1(z)),
        zero,
        None,
        {"scale": 1.5, "alpha": 0.3},
    ),
    "celu": Exact(
        lambda z, alpha: z if mpmath.re(z) > 0 else alpha * mpmath.expm1(z / alpha),
        zero,
        None,
        {"alpha": 2.0},
    ),
    "softplus": Exact(softplus),
    "logsigmoid": Exact(lambda z: -softplus(-z)),
    "silu": Exact(lambda z: z * logistic(z), terms=logistic, smallest=750),
    "gelu": Exact(lambda z: z * normal(z), terms=normal, smallest=40),
    # The argument of the exponential is a polynomial, rounded: its error counts as often as it is large.
    "gelu_tanh": Exact(
        lambda z: z * logistic(2 * inner(z)),
        terms=lambda z: logistic(2 * inner(z)),
        smallest=40,
        condition=lambda z: 3 * abs(float(inner(z))) if -25 < z < 0 else 0.0,
    ),
    "mish": Exact(
        lambda z: z * mpmath.tanh(softplus(z)), terms=lambda z: mpmath.tanh(softplus(z)), smallest=750
    ),
    "gaussian": Exact(lambda z: mpmath.exp(-z * z), smallest=60),
    "softsign": Exact(lambda z: z / (1 + size(z)), zero),
    "sine": Exact(lambda z, frequency: mpmath.sin(frequency * z), other={"frequency": 2.0}, domain=FINITE),
    "hardsigmoid": Exact(lambda z: smaller(larger((z + 3) / 6, 0), 1), lambda: (-3.0, 3.0)),
    "hardswish": Exact(
        lambda z: z * smaller(larger((z + 3) / 6, 0), 1),
        lambda: (-3.0, 3.0),
        lambda z: z / 6 if abs(z) < 3 else 0,
        domain=(-mpmath.inf, 1e307),  # z*6 comes before the division by 6
    ),
    "hardtanh": Exact(
        lambda z, low, high: smaller(larger(z, low), high),
        lambda low, high: (low, high),
        None,
        {"low": -0.5, "high": 2.5},
    ),
}
"""The activations of one number."""

GATES = {
    "glu": (logistic, 1, 4.0),
    "swiglu": (lambda z: z * logistic(z), 0, 750.0),
    "geglu": (lambda z: z * normal(z), 0, 40.0),
}
"""The gated activations: what the gate is made by, which half of the numbers it is made of, and `smallest`."""

PLAIN = (-mpmath.inf, 700.0)
FUNCTIONS = {
    "exp": Exact(mpmath.exp, domain=PLAIN),
    "log": Exact(mpmath.log, domain=(1e-307, mpmath.inf)),
    "sqrt": Exact(mpmath.sqrt, domain=(2.3e-308, mpmath.inf)),
    "tanh": Exact(mpmath.tanh),
    "sinh": Exact(mpmath.sinh, domain=(-700.0, 700.0)),
    "cosh": Exact(mpmath.cosh, domain=(-700.0, 700.0)),
    "sin": Exact(mpmath.sin, domain=FINITE),
    "cos": Exact(mpmath.cos, domain=FINITE),
    "erf": Exact(error_function),
    "erfc": Exact(lambda x: 2 * normal(-mpmath.sqrt(2) * x)),
    "normal_cdf": Exact(normal),
    "normal_pdf": Exact(lambda x: mpmath.exp(-x * x / 2) / mpmath.sqrt(2 * mpmath.pi), smallest=80),
    "bell": Exact(lambda x: mpmath.exp(-x * x), smallest=60),
    "abs": Exact(size, zero),
    "absolute": Exact(size, zero),
    "sigmoid": Exact(logistic),
    "softplus": Exact(softplus),
    "logcosh": Exact(
        lambda x: mpmath.log1p(2 * mpmath.sinh(x / 2) ** 2) if abs(x) < 1000 else size(x) - mpmath.log(2)
    ),
    "expm1": Exact(mpmath.expm1, domain=PLAIN),
    "log1p": Exact(mpmath.log1p, domain=(-0.9999999999999999, mpmath.inf)),
    "sech": Exact(mpmath.sech, domain=(-700.0, 700.0)),  # it is used squared, and the square is 0 from 373 on
    "inverse": Exact(lambda x: 1 / x, domain=(1e-150, mpmath.inf)),
    "decay": Exact(lambda x: mpmath.exp(-size(x)), zero),
    "rise": Exact(lambda x: mpmath.exp(smaller(x, 0)), zero),
}
"""The functions of one number."""

STEP = mpmath.mpf(10) ** -60


def digits(x: float) -> int:
    """Digits at which 1 beside x, and a complex step beside both, leave fifty."""
    return 130 + (int(2 * mpmath.log10(abs(x))) if abs(x) > 1 else 0)


def value(function: Callable[..., Any], x: float, **settings: float) -> Any:
    """The function at a float."""
    with mpmath.workdps(digits(x)):
        return function(mpmath.mpf(x), **{name: decimal(s) for name, s in settings.items()})


def slopes(function: Exact, x: float, **settings: float) -> list[Any]:
    """The derivative there, by a complex step: at a corner, from either side."""
    beside = mpmath.mpf(10) ** -120
    with mpmath.workdps(digits(x)):
        given = {name: decimal(s) for name, s in settings.items()}
        step = STEP * (abs(mpmath.mpf(x)) if function.domain[0] > 0 else 1)
        at_corner = x in function.knots(**settings)
        places = [x + beside, x - beside] if at_corner else [mpmath.mpf(x)]
        return [mpmath.im(function.value(mpmath.mpc(at, step), **given)) / step for at in places]


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


@dataclass(frozen=True)
class ExactLoss:
    """A loss of one output and one target: its terms, whose sum it is; targets to try; where it has corners."""

    terms: Callable[..., list[Any]]
    targets: tuple[float, ...]
    knots: Callable[[float], tuple[float, ...]] = lambda y: ()
    domain: tuple[float, float] = (-1e150, 1e150)


def huber(e):
    return e * e / 2 if size(e).real <= 1 else size(e) - mpmath.mpf(1) / 2


def focal(a, y):
    if y:
        return [logistic(-a) ** 2 * softplus(-a) / 4]
    return [3 * logistic(a) ** 2 * softplus(a) / 4]


LOSSES = {
    "mse": ExactLoss(lambda a, y: [(a - y) ** 2], (0.0, 0.3, -2.0)),
    "sse": ExactLoss(lambda a, y: [(a - y) ** 2], (0.0, 0.3)),
    "mae": ExactLoss(lambda a, y: [size(a - y)], (0.0, 0.3), lambda y: (y,)),
    "huber": ExactLoss(lambda a, y: [huber(a - y)], (0.0, 0.25), lambda y: (y - 1, y + 1)),
    "smooth_l1": ExactLoss(lambda a, y: [huber(a - y)], (0.0, 0.25), lambda y: (y - 1, y + 1)),
    "log_cosh": ExactLoss(lambda a, y: [FUNCTIONS["logcosh"].value(a - y)], (0.0, 0.3)),
    "hinge": ExactLoss(lambda a, y: [larger(1 - y * a, 0)], (-1.0, 1.0), lambda y: (y,)),
    "perceptron": ExactLoss(lambda a, y: [larger(-y * a, 0)], (-1.0, 1.0), lambda y: (0.0,)),
    "poisson_nll": ExactLoss(lambda a, y: [mpmath.exp(a), -y * a], (0.0, 3.0), domain=(-1e150, 700.0)),
    "nll": ExactLoss(lambda a, y: [-y * a], (0.0, 1.0)),
    "bce": ExactLoss(
        lambda a, y: [-y * mpmath.log(a), -(1 - y) * mpmath.log1p(-a)],
        (0.0, 0.25, 1.0),
        domain=(1e-300, 0.9999999999999999),
    ),
    "bce_with_logits": ExactLoss(lambda a, y: [y * softplus(-a), (1 - y) * softplus(a)], (0.0, 0.25, 1.0)),
    "focal": ExactLoss(focal, (0.0, 1.0)),
}
"""The losses that add up what one output and one target cost; the others are judged by rows."""

DIFFERENCES = {
    "poisson_nll": lambda a, y: max(mpmath.exp(a), y),
    "bce": lambda a, y: max(y / a, (1 - y) / (1 - a)),
    "bce_with_logits": lambda a, y: max(logistic(a), y),
    # its slope is a sum of two terms of which one changes its sign
    "focal": lambda a, y: (
        2 * logistic(-a if y else a) ** 2 * max(1, softplus(-a if y else a)) / (1 if y else 1 / 3)
    ),
}
"""Slopes that are what one number and a target are apart: an error is measured by the larger of the two."""
