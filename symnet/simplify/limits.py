"""Products without 0 * infinity: where one factor has vanished, what grows beside it is held.

z*sigmoid(z) goes to 0 on the left, but minus infinity times 0 is not a number, and the third power of 1e300
overflows. Beyond the place where the product is 0 to the last digit, nothing changes if the growing factor
stays what it is there:

before:  Z[n,j]*sigmoid(Z[n,j])
after:   maximum(Z[n,j], -2048)*sigmoid(Z[n,j])

How a factor behaves far away is read off its formula; where it has vanished is found by evaluating it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from functools import partial
from math import prod

from sympy import Add, Expr, Function, Indexed, Integer, Mul, Pow, cosh, erf, exp, sinh, tanh
from sympy.concrete.expr_with_limits import ExprWithLimits

from symnet.equations.elementary import SCALAR_FUNCTIONS, power
from symnet.equations.program import elements
from symnet.index import functions as f

Formulas = Callable[[Expr], Expr | None]
"""What defines an element, at its indices; None for what is given, and for what is no element."""
LEFT, RIGHT = -1, 1
NEAREST, FARTHEST = 11, 100
"""Powers of two: nothing is held nearer to 0 than there (exp has vanished at 746), or farther away."""


class Far(Enum):
    """What a formula does far away."""

    VANISHES = "goes to 0 faster than any power grows"
    STAYS = "is bounded"
    UP = "grows like a power"
    DOWN = "falls like a power"
    WILD = "is not known"


GROWING = (Far.UP, Far.DOWN)
SIGMOIDAL = (f.sigmoid, f.normal_cdf, f.rise)
"""Functions that vanish on the left and are bounded on the right."""
PEAKED = (f.bell, f.normal_pdf, f.sech, f.decay)
"""Functions that vanish on both sides."""
ODD = (tanh, erf, f.expm1, f.log1p)
"""Functions that are as small as their argument where that is small."""


def hold(expr: Expr, formula: Formulas) -> Expr:
    """`expr` with what grows beside something that vanishes held where that has vanished."""
    if not expr.args or isinstance(expr, Indexed):
        return expr
    if isinstance(expr, ExprWithLimits):
        return expr.func(hold(expr.function, formula), *expr.limits)
    if isinstance(expr, Mul):
        expr = _product(_opened(expr, formula), formula)
    expr = expr.func(*(hold(argument, formula) for argument in expr.args))
    if isinstance(expr, (*SIGMOIDAL, *PEAKED, tanh, erf)):
        return expr.func(_settled(expr))
    return expr


def _opened(expr: Expr, formula: Formulas) -> Expr:
    """A product with a value opened that grows while something beside it vanishes."""
    for element in sorted(expr.atoms(Indexed), key=str):
        opened = formula(element)
        if opened is None or len(elements(opened)) != 1:
            continue
        (x,) = elements(opened)
        for side in (LEFT, RIGHT):
            grows = _far(opened, x, side) in GROWING
            others = (factor for factor in expr.args if factor != element)
            if grows and any(_far(other, x, side) is Far.VANISHES for other in others):
                return expr.xreplace({element: opened})
    return expr


def _product(expr: Expr, formula: Formulas) -> Expr:
    """A product in which what grows is held."""
    if not isinstance(expr, Mul):
        return expr
    for x in sorted(expr.atoms(Indexed), key=str):
        for side in (LEFT, RIGHT):
            known = {factor: factor if factor == x else formula(factor) or factor for factor in expr.args}
            alone = {factor: opened for factor, opened in known.items() if elements(opened) == {x}}
            vanishing = [opened for opened in alone.values() if _far(opened, x, side) is Far.VANISHES]
            growing = [factor for factor in alone if factor.has(x) and _far(factor, x, side) in GROWING]
            if vanishing and growing:
                bound = _bound(partial(_has_vanished, vanishing, x), side)
                held = [factor if bound is None else _held(factor, x, side, bound) for factor in growing]
                expr = Mul(*(factor for factor in expr.args if factor not in growing), *held)
        expr = _quotient(expr, x)
    return expr


def _quotient(expr: Expr, x: Expr) -> Expr:
    """X by something that grows as x does, held where the quotient has reached its limit."""
    alone = [factor for factor in expr.args if elements(factor) == {x}]
    below = [factor for factor in alone if isinstance(factor, Pow) and factor.exp.is_negative]
    held = alone
    for side in (LEFT, RIGHT):
        if x not in alone or not any(_far(factor.base, x, side) in GROWING for factor in below):
            continue
        bound = _bound(partial(_is_at_its_limit, alone, x), side)
        if bound is not None:
            held = [_held(factor, x, side, bound) for factor in held]
    return Mul(*(factor for factor in expr.args if factor not in alone), *held)


def _settled(expr: Expr) -> Expr:
    """The argument of a function that settles on both sides: what is a higher power of something is held
    where the function has settled, so that it does not overflow.
    """
    argument = expr.args[0]
    (x, *others) = sorted(elements(argument), key=str) or [None]
    if x is None or others or not any(p.exp.is_Integer and p.exp > 1 for p in argument.atoms(Pow)):
        return argument
    for side in (LEFT, RIGHT):
        if _far(argument, x, side) in GROWING:
            bound = _bound(partial(_is_far, argument, x), side)
            argument = argument if bound is None else _held(argument, x, side, bound)
    return argument


def _held(expr: Expr, x: Expr, side: int, bound: Expr) -> Expr:
    return expr.xreplace({x: f.minimum(x, bound) if side == RIGHT else f.maximum(x, -bound)})


def _bound(reached: Callable[[float], bool], side: int) -> Expr | None:
    """The power of two beyond which something holds; None where there is none."""
    for exponent in range(NEAREST, FARTHEST):
        if reached(side * 2.0 ** (exponent - 1)):
            return Integer(2**exponent)
    return None


def _has_vanished(parts: Iterable[Expr], x: Expr, at: float) -> bool:
    return _value(parts, x, at) == 0


def _is_far(part: Expr, x: Expr, at: float) -> bool:
    return abs(_value([part], x, at)) > 2**NEAREST


def _is_at_its_limit(parts: Sequence[Expr], x: Expr, at: float) -> bool:
    return _value(parts, x, at) == _value(parts, x, 2 * at)


def _value(parts: Iterable[Expr], x: Expr, at: float) -> float:
    """The product of formulas of x alone, at a number."""

    def number(expr: Expr) -> float:
        if expr == x:
            return at
        if expr.is_number and not expr.has(f.Elementary):
            return float(expr)
        values = [number(argument) for argument in expr.args]
        if isinstance(expr, Add):
            return sum(values)
        if isinstance(expr, Mul):
            return prod(values)
        if isinstance(expr, Pow):
            return power(*values).real
        return SCALAR_FUNCTIONS[expr.func](*values).real

    return prod(number(part) for part in parts)


def _far(expr: Expr, x: Expr, side: int) -> Far:
    """What `expr` does as x goes to minus or plus infinity."""
    if expr == x:
        return Far.UP if side == RIGHT else Far.DOWN
    if not expr.has(x):
        return Far.STAYS
    if isinstance(expr, Add):
        return _sum([_far(term, x, side) for term in expr.args])
    if isinstance(expr, Mul):
        number, rest = expr.as_coeff_Mul()
        found = _times([_far(factor, x, side) for factor in Mul.make_args(rest)])
        return _turned(found) if number.is_negative else found
    if isinstance(expr, Pow):
        return _power(expr, x, side)
    if isinstance(expr, Function) and expr.func in SCALAR_FUNCTIONS:
        return _function(expr, [_far(argument, x, side) for argument in expr.args])
    return Far.WILD


def _sum(found: list[Far]) -> Far:
    kinds = set(found) - {Far.VANISHES}
    if not kinds:
        return Far.VANISHES
    if Far.WILD in kinds or {Far.UP, Far.DOWN} <= kinds:
        return Far.WILD
    return next((kind for kind in GROWING if kind in kinds), Far.STAYS)


def _times(found: list[Far]) -> Far:
    if Far.WILD in found:
        return Far.WILD
    if Far.VANISHES in found:
        return Far.VANISHES
    growing = [kind for kind in found if kind is not Far.STAYS]
    if not growing:
        return Far.STAYS
    return Far.DOWN if growing.count(Far.DOWN) % 2 else Far.UP


def _turned(found: Far) -> Far:
    return {Far.UP: Far.DOWN, Far.DOWN: Far.UP}.get(found, found)


def _power(expr: Expr, x: Expr, side: int) -> Far:
    base = _far(expr.base, x, side)
    if not expr.exp.is_number or base is Far.WILD:
        return Far.WILD
    if expr.exp.is_negative:
        return Far.STAYS if base in GROWING else Far.WILD
    if base is Far.DOWN:
        return Far.UP if expr.exp.is_even else Far.DOWN if expr.exp.is_odd else Far.WILD
    return base


def _function(expr: Expr, inner: list[Far]) -> Far:
    kind, first = expr.func, inner[0]
    if Far.WILD in inner:
        return Far.WILD
    if isinstance(expr, f.Bracket):
        return _bracket(expr, inner)
    if isinstance(expr, f.maximum | f.minimum):
        return _extreme(expr, inner)
    if kind in PEAKED and first in GROWING:
        return Far.VANISHES
    if (kind in (*SIGMOIDAL, exp, f.softplus) and first is Far.DOWN) or (kind is f.erfc and first is Far.UP):
        return Far.VANISHES
    if kind in (f.absolute, f.logcosh, f.softplus) and first in GROWING:
        return Far.UP
    if kind in ODD and first is Far.VANISHES:
        return Far.VANISHES
    if kind in (exp, sinh, cosh, f.expm1, f.inverse) and first in GROWING:
        return Far.STAYS if kind is f.expm1 and first is Far.DOWN else Far.WILD
    return Far.STAYS


def _bracket(expr: Expr, inner: list[Far]) -> Far:
    """[a < b] is 0 for good where a goes up or b goes down."""
    a, b = inner
    false = (a is Far.UP and b is Far.STAYS) or (a is Far.STAYS and b is Far.DOWN)
    return Far.VANISHES if false and isinstance(expr, f.less | f.less_equal) else Far.STAYS


def _extreme(expr: Expr, inner: list[Far]) -> Far:
    """The larger or smaller of a formula and a number, or of two formulas of one kind."""
    away, towards = (Far.DOWN, Far.UP) if isinstance(expr, f.maximum) else (Far.UP, Far.DOWN)
    if towards in inner:
        return towards
    if inner.count(away) == 2:
        return away
    rest = [argument for argument, kind in zip(expr.args, inner, strict=True) if kind is not away]
    if len(rest) == 1 and rest[0] == 0:
        return Far.VANISHES
    beyond = [argument for argument, kind in zip(expr.args, inner, strict=True) if kind is not Far.VANISHES]
    between = all(a.is_positive if towards is Far.DOWN else a.is_negative for a in beyond)
    return Far.VANISHES if Far.VANISHES in inner and between else Far.STAYS
