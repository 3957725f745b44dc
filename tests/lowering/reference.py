"""Array expressions evaluated the plain way: every node as one NumPy array over its axes, with no thought of
speed.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from symnet.lowering.nodes import (
    Affine,
    ArrayExpr,
    Axes,
    Contract,
    Diagonal,
    Elementwise,
    Extreme,
    Fold,
    Gather,
    Iota,
    Number,
    Read,
    Scatter,
    SizeValue,
    Window,
)

FUNCTIONS: dict[str, Any] = {
    "add": lambda *args: sum(args[1:], args[0]),
    "multiply": lambda *args: np.multiply.reduce(np.broadcast_arrays(*args)),
    "subtract": np.subtract,
    "divide": np.divide,
    "negative": np.negative,
    "power": lambda a, b: np.power(np.asarray(a, float), b),
    "less": np.less,
    "less_equal": np.less_equal,
    "equal": np.equal,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "softplus": lambda x: np.logaddexp(0, x),
    "signum": np.sign,
    "sign": lambda x: np.where(x >= 0, 1.0, -1.0),
    "erf": np.vectorize(math.erf),
    "erfc": np.vectorize(math.erfc),
    "normal_cdf": np.vectorize(lambda x: math.erfc(-x / math.sqrt(2)) / 2),
    "normal_pdf": lambda x: np.exp(-x * x / 2) / math.sqrt(2 * math.pi),
    "bell": lambda x: np.exp(-x * x),
    "sech": lambda x: 1 / np.cosh(x),
    "inverse": lambda x: 1 / x,
    "decay": lambda x: np.exp(-abs(x)),
    "rise": lambda x: np.exp(np.minimum(x, 0)),
}


class Reference:
    """The values of tensors by name, and the sizes by symbol."""

    def __init__(self, values: dict[str, Any], sizes: dict[Any, int]) -> None:
        self.values = values
        self.sizes = sizes

    def size(self, expr: Any) -> int:
        return int(expr.subs(self.sizes))

    def spread(self, expr: ArrayExpr, axes: Axes) -> Any:
        """The value with exactly these axes, of one entry where `expr` lacks one."""
        value = np.asarray(self.value(expr), dtype=float)
        present = [axis for axis in axes if axis in expr.axes]
        value = value.transpose([expr.axes.index(axis) for axis in present])
        return value.reshape([self.size(axis.size) if axis in expr.axes else 1 for axis in axes])

    def full(self, expr: ArrayExpr, axes: Axes) -> Any:
        return np.broadcast_to(self.spread(expr, axes), [self.size(axis.size) for axis in axes])

    def value(self, expr: ArrayExpr) -> Any:
        if isinstance(expr, Number):
            return float(expr.value)
        if isinstance(expr, SizeValue):
            return self.size(expr.value)
        if isinstance(expr, Iota):
            return np.arange(self.size(expr.axis.size))
        if isinstance(expr, Read):
            slices = [slice(None) if place in expr.axes else self.size(place) for place in expr.places]
            shape = self.values[expr.tensor.name].shape
            for place, extent in zip(slices, shape, strict=True):
                if not isinstance(place, slice) and not 0 <= place < extent:
                    return np.zeros([self.size(axis.size) for axis in expr.axes])
            return self.values[expr.tensor.name][tuple(slices)]
        if isinstance(expr, Elementwise):
            args = [self.spread(argument, expr.axes) for argument in expr.args]
            if expr.function == "where":
                return np.where(args[0] != 0, args[1], args[2])
            return FUNCTIONS.get(expr.function, getattr(np, expr.function, None))(*args)
        if isinstance(expr, Contract):
            axes = expr.axes + expr.over
            product = np.ones([self.size(axis.size) for axis in axes])
            for operand in expr.operands:
                product = product * self.spread(operand, axes)
            return product.sum(axis=tuple(range(len(expr.axes), len(axes))))
        if isinstance(expr, Extreme):
            axes = (*expr.axes, expr.over)
            return getattr(np, expr.kind)(self.full(expr.body, axes), axis=-1)
        if isinstance(expr, Gather):
            places = [self.full(place, expr.axes).astype(int) for place in expr.places]
            array = self.values[expr.tensor.name]
            inside = np.ones(places[0].shape, bool)
            for place, extent in zip(places, array.shape, strict=True):
                inside &= (place >= 0) & (place < extent)
            clipped = tuple(np.clip(p, 0, extent - 1) for p, extent in zip(places, array.shape, strict=True))
            return np.where(inside, array[clipped], 0.0)
        if isinstance(expr, Window):
            places = tuple(p.positions if isinstance(p, Affine) else SizeValue(p) for p in expr.places)
            return self.value(Gather(expr.tensor, places, expr.axes))
        if isinstance(expr, Fold):
            places = tuple(place.positions for place in expr.places)
            return self.full(Scatter(expr.body, expr.targets, places, expr.over), expr.axes)
        if isinstance(expr, Diagonal):
            deltas = (Elementwise("equal", (Iota(one), Iota(other))) for one, other in expr.pairs)
            found = self.full(expr.body, expr.axes)
            for delta in deltas:
                found = found * self.spread(delta, expr.axes)
            return found
        assert isinstance(expr, Scatter)
        return self.scatter(expr)

    def scatter(self, expr: Scatter) -> Any:
        result = np.zeros([self.size(axis.size) for axis in expr.axes])
        kept = expr.axes[len(expr.targets) :]
        axes = expr.over + kept
        body = self.full(expr.body, axes)
        places = [self.full(place, axes).astype(int) for place in expr.places]
        for at in np.ndindex(body.shape):
            target = [int(place[at]) for place in places]
            if all(0 <= p < self.size(axis.size) for p, axis in zip(target, expr.targets, strict=True)):
                result[(*target, *at[len(expr.over) :])] += body[at]
        return result
