"""Whole-array expressions whose axes have names.

Every node stands for an array; `axes` says over which indices it runs, in order. Axes meet by name, never by
position: in `Elementwise("add", (X[n,i], b[i]))` b is added for every n. A tensor read outside its range is
zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from sympy import Add, Expr, S

from symnet.index.symbols import Index, Tensor


@dataclass(frozen=True, slots=True)
class Axis:
    """An index and the size of the range that it runs over, from 0."""

    index: Index
    size: Expr

    def __str__(self) -> str:
        return self.index.name


Axes = tuple[Axis, ...]


@dataclass(frozen=True, slots=True)
class Number:
    """A number, the same at every place."""

    value: Expr
    axes: Axes = ()


@dataclass(frozen=True, slots=True)
class SizeValue:
    """A whole number made of sizes and of the indices of loops, such as N or T - 1."""

    value: Expr
    axes: Axes = ()


@dataclass(frozen=True, slots=True)
class Iota:
    """An index used as a number: 0, 1, 2, ... along its axis."""

    axis: Axis

    @property
    def axes(self) -> Axes:
        return (self.axis,)


@dataclass(frozen=True, slots=True)
class Read:
    """A tensor, or a slice of it: at each of its places a whole axis, or one position (a number, a size, a
    loop's index).
    """

    tensor: Tensor
    places: tuple[Axis | Expr, ...]

    @property
    def axes(self) -> Axes:
        return tuple(place for place in self.places if isinstance(place, Axis))


@dataclass(frozen=True, slots=True)
class Affine:
    """A place that moves evenly along axes: the offset plus, for each axis, its index times its coefficient.
    Both are made of sizes and numbers.
    """

    terms: tuple[tuple[Axis, Expr], ...]
    offset: Expr

    @property
    def axes(self) -> Axes:
        return tuple(axis for axis, _ in self.terms)

    @property
    def value(self) -> Expr:
        """The place as a formula."""
        return Add(self.offset, *(axis.index * coefficient for axis, coefficient in self.terms))

    @property
    def positions(self) -> ArrayExpr:
        """The places as an array of whole numbers."""
        moves = [
            Iota(axis) if step == 1 else Elementwise("multiply", (Iota(axis), SizeValue(step)))
            for axis, step in self.terms
        ]
        parts = (*moves, *([SizeValue(self.offset)] if self.offset != 0 or not moves else []))
        return parts[0] if len(parts) == 1 else Elementwise("add", parts)


@dataclass(frozen=True, slots=True)
class Window:
    """The elements of a tensor at places that move evenly, such as X[n, 2*p + i - 1]; zero outside its range.
    An axis of the tensor along which nothing moves stands at one position, which a loop's index may be in.
    """

    tensor: Tensor
    places: tuple[Affine | Expr, ...]

    @property
    def axes(self) -> Axes:
        """Where the windows are, then the places in a window, then what lies at each: n, p, q, i, j, c."""
        moving = [place.axes for place in self.places if isinstance(place, Affine)]
        taps = [axis for axes in moving for axis in axes[1:]]
        end = max((k + 1 for k, axes in enumerate(moving) if len(axes) > 1), default=0)
        first = [axes[0] for axes in moving]
        return tuple(dict.fromkeys((*first[:end], *taps, *first[end:])))


@dataclass(frozen=True, slots=True)
class Gather:
    """The elements of a tensor at computed places, one array of whole numbers for each of its axes; zero
    outside its range.
    """

    tensor: Tensor
    places: tuple[ArrayExpr, ...]
    axes: Axes


@dataclass(frozen=True, slots=True)
class Elementwise:
    """A function of numbers, applied at every place: "add" and "multiply" of any number of arguments,
    "subtract", "divide", "power", "negative", "sqrt", "where", and the functions of the language by their
    names ("sigmoid", "exp", "less", ...).
    """

    function: str
    args: tuple[ArrayExpr, ...]

    @property
    def axes(self) -> Axes:
        return union(self.args)


@dataclass(frozen=True, slots=True)
class Contract:
    """The sum, over the axes `over`, of the product of the operands: a matrix product, an inner product, a
    sum of rows, ...
    """

    operands: tuple[ArrayExpr, ...]
    over: Axes

    @property
    def axes(self) -> Axes:
        return tuple(axis for axis in union(self.operands) if axis not in self.over)


@dataclass(frozen=True, slots=True)
class Extreme:
    """The largest value along an axis ("max"), or the first position of it ("argmax")."""

    kind: str
    body: ArrayExpr
    over: Axis

    @property
    def axes(self) -> Axes:
        return tuple(axis for axis in self.body.axes if axis != self.over)


@dataclass(frozen=True, slots=True)
class Scatter:
    """`body` added up at computed places: the result at `targets` is the sum of `body` wherever every place
    is its target.
    """

    body: ArrayExpr
    targets: Axes
    places: tuple[ArrayExpr, ...]
    over: Axes  # the axes that are summed; those of the body and the places that are not, the result keeps

    @property
    def axes(self) -> Axes:
        kept = tuple(axis for axis in union((self.body, *self.places)) if axis not in self.over)
        return self.targets + tuple(axis for axis in kept if axis not in self.targets)


@dataclass(frozen=True, slots=True)
class Fold:
    """`body` added up at places that move evenly, the adjoint of a `Window`: at `targets` the sum of `body`
    wherever every place is its target. What falls outside the targets' ranges adds nothing.
    """

    body: ArrayExpr
    targets: Axes
    places: tuple[Affine, ...]
    over: Axes  # the axes that are summed, each in a place at least

    @property
    def axes(self) -> Axes:
        moving = (axis for place in self.places for axis in place.axes)
        kept = dict.fromkeys(axis for axis in (*self.body.axes, *moving) if axis not in self.over)
        return self.targets + tuple(kept)


@dataclass(frozen=True, slots=True)
class Diagonal:
    """`body` where the two axes of each pair are one, and zero elsewhere; `body` lacks the first of them."""

    body: ArrayExpr
    pairs: tuple[tuple[Axis, Axis], ...]

    @property
    def axes(self) -> Axes:
        return tuple(dict.fromkeys((*(axis for pair in self.pairs for axis in pair), *self.body.axes)))


ArrayExpr = (
    Number
    | SizeValue
    | Iota
    | Read
    | Window
    | Gather
    | Elementwise
    | Contract
    | Extreme
    | Scatter
    | Fold
    | Diagonal
)


def union(parts: tuple[ArrayExpr, ...]) -> Axes:
    """The axes of all the parts, each once, those of the part with most axes first."""
    ordered = sorted((part.axes for part in parts), key=lambda axes: -len(axes))  # each asked for once
    return tuple(dict.fromkeys(axis for axes in ordered for axis in axes))


def children(expr: ArrayExpr) -> tuple[ArrayExpr, ...]:
    """The expressions that `expr` is made of."""
    if isinstance(expr, Elementwise):
        return expr.args
    if isinstance(expr, Contract):
        return expr.operands
    if isinstance(expr, Extreme):
        return (expr.body,)
    if isinstance(expr, Gather):
        return expr.places
    if isinstance(expr, Scatter):
        return (expr.body, *expr.places)
    if isinstance(expr, Fold | Diagonal):
        return (expr.body,)
    return ()


@lru_cache(maxsize=1 << 12)
def nameless(expr: ArrayExpr) -> ArrayExpr:
    """`expr` with its axes numbered as they come: equal for equal arrays whose axes have other names."""
    numbered = {axis: Axis(Index(f"_{k}"), axis.size) for k, axis in enumerate(expr.axes)}
    return renamed(expr, numbered) or expr


def renamed(expr: ArrayExpr, names: Mapping[Axis, Axis]) -> ArrayExpr | None:
    """`expr` with other names for its axes, of which two may become one: then it is read along a diagonal.

    None where a computed place, an extreme, a scatter or a fold would have to be renamed.
    """
    if not any(axis in names for axis in expr.axes):
        return expr
    if isinstance(expr, Iota):
        return Iota(names[expr.axis])
    if isinstance(expr, Read):
        places = tuple(names.get(p, p) if isinstance(p, Axis) else p for p in expr.places)
        if len({*expr.axes}) == len({names.get(axis, axis) for axis in expr.axes}):
            return Read(expr.tensor, places)
        steps = tuple(Affine(((p, S.One),), S.Zero) if isinstance(p, Axis) else p for p in places)
        return Window(expr.tensor, steps)
    if isinstance(expr, Window):
        moved = tuple(_moved(place, names) if isinstance(place, Affine) else place for place in expr.places)
        stays = any(step == 0 for p in moved if isinstance(p, Affine) for _, step in p.terms)
        return None if stays else Window(expr.tensor, moved)
    if isinstance(expr, Elementwise):
        args = tuple(renamed(arg, names) for arg in expr.args)
        known = tuple(arg for arg in args if arg is not None)
        return Elementwise(expr.function, known) if known == args else None
    if isinstance(expr, Contract):
        operands = tuple(renamed(operand, names) for operand in expr.operands)
        known = tuple(operand for operand in operands if operand is not None)
        return Contract(known, expr.over) if known == operands else None
    return None


def _moved(place: Affine, names: Mapping[Axis, Axis]) -> Affine:
    """A place with other names for its axes; what moves along one axis twice moves so much more."""
    terms: dict[Axis, Expr] = {}
    for axis, step in place.terms:
        own = names.get(axis, axis)
        terms[own] = terms.get(own, S.Zero) + step
    return Affine(tuple(terms.items()), place.offset)
