"""The interpreter's functions: their values against 30 digits, and their complex steps, which are what gradients are judged by."""

from __future__ import annotations

import math

import mpmath
import pytest
import sympy as sp

from symnet.equations.elementary import SCALAR_FUNCTIONS, power, square_root
from symnet.index import functions as f

EXACT = {
    sp.exp: mpmath.exp,
    sp.tanh: mpmath.tanh,
    sp.sin: mpmath.sin,
    sp.cos: mpmath.cos,
    sp.erf: mpmath.erf,
    f.expm1: mpmath.expm1,
    f.sigmoid: lambda x: 1 / (1 + mpmath.exp(-x)),
    f.softplus: lambda x: mpmath.log(1 + mpmath.exp(x)),
}
POINTS = [-30.0, -5.5, -1.0, -1e-9, 0.0, 1e-9, 0.3, 2.0, 5.9, 7.0, 30.0]


@pytest.mark.parametrize("function", EXACT, ids=lambda function: function.__name__)
@pytest.mark.parametrize("x", POINTS)
def test_value_and_slope(function, x):
    with mpmath.workdps(40):
        expected = EXACT[function](mpmath.mpf(x))
        slope = mpmath.diff(EXACT[function], mpmath.mpf(x))
    assert SCALAR_FUNCTIONS[function](x) == pytest.approx(float(expected), rel=1e-14)
    stepped = SCALAR_FUNCTIONS[function](complex(x, 1e-30))
    assert stepped.real == pytest.approx(float(expected), rel=1e-13)
    # The series for erf cancels where its slope is small: the error is small beside 1, not beside the slope.
    assert stepped.imag * 1e30 == pytest.approx(float(slope), rel=1e-13, abs=1e-14)


def test_real_numbers_stay_real_and_say_where_they_have_no_value():
    log = SCALAR_FUNCTIONS[sp.log]
    assert log(0.0) == -math.inf
    assert math.isnan(log(-1.0))
    assert log(complex(2, 1e-30)).imag == 5e-31
    assert math.isnan(square_root(-1.0))
    assert square_root(complex(4, 1e-30)).imag == 2.5e-31
    assert math.isnan(power(-8.0, 1 / 3))
    assert power(0.0, -1) == math.inf
    assert power(1e200, 2.0) == math.inf
    assert SCALAR_FUNCTIONS[sp.exp](1000.0) == math.inf
    assert SCALAR_FUNCTIONS[sp.exp](complex(1000.0, 0)) == math.inf


def test_a_choice_looks_at_real_parts_and_keeps_the_rest():
    step = complex(0.5, 1e-30)
    assert SCALAR_FUNCTIONS[f.maximum](step, 0) == step
    assert SCALAR_FUNCTIONS[f.maximum](-step, 0) == 0
    assert SCALAR_FUNCTIONS[f.minimum](step, 1) == step
    assert SCALAR_FUNCTIONS[f.absolute](-step) == step
    assert SCALAR_FUNCTIONS[f.absolute](complex(0, 1e-30)) == 0
    assert SCALAR_FUNCTIONS[f.less](step, complex(0.5, 2e-30)) == 0
    assert [SCALAR_FUNCTIONS[f.sign](x) for x in (-1.0, 0.0, 1.0)] == [-1, 1, 1]
    assert [SCALAR_FUNCTIONS[f.signum](x) for x in (-1.0, 0.0, 1.0)] == [-1, 0, 1]
