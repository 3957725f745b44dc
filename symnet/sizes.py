"""The sizes of a network while it is put together: what is known of them, and which are one and the same.

The 4 that one layer gives and the 4 that the next place wants are two symbols until they meet; from then on
one stands for both.
"""

from __future__ import annotations

from collections.abc import Mapping

from sympy import Expr, Integer
from sympy.concrete.expr_with_limits import ExprWithLimits

from symnet.errors import ShapeError
from symnet.index.reductions import binders_of
from symnet.index.symbols import Size, Tensor


class Sizes:
    """The values of sizes, by name, and the sizes that another one stands for.

    `named` holds the names that a person gave: they outlive those that were made up.
    """

    def __init__(self) -> None:
        self.values: dict[str, float] = {}
        self.named: set[str] = set()
        self.stands_for: dict[Expr, Expr] = {}

    def know(self, values: Mapping[str, float]) -> None:
        """Adds values; raises ShapeError where a size has another one already."""
        for name, value in values.items():
            if self.values.setdefault(name, value) != value:
                raise ShapeError(
                    f"{name} is {value} here and {self.values[name]} elsewhere",
                    expected="one value for each size",
                )

    def value(self, size: Expr) -> int | None:
        """The number that a size is, if it is known."""
        known = {s: Integer(int(self.values[s.name])) for s in size.atoms(Size) if s.name in self.values}
        number = size.xreplace(known)
        if number.is_number and not number.is_Integer:
            raise ShapeError(f"{size} is {number}", expected="a whole number")
        return int(number) if number.is_Integer else None

    def told(self, size: Expr) -> str:
        """A size as an error names it: its value where that is known."""
        value = self.value(self.resolve(size))
        return str(size) if value is None else str(value)

    def resolve(self, size: Expr) -> Expr:
        """What stands for `size` now."""
        while size in self.stands_for:
            size = self.stands_for[size]
        return size

    def resolved(self, tensor: Tensor) -> tuple[Expr, ...]:
        """The shape of a tensor in the sizes of now."""
        return tuple(map(self.resolve, tensor.shape))

    def unify(self, one: Expr, other: Expr) -> Expr | None:
        """The size that stands for both from now on; None where they are not equal."""
        one, other = self.resolve(one), self.resolve(other)
        if one == other:
            return one
        values = self.value(one), self.value(other)
        if values[0] != values[1] and None not in values:
            return None
        unknown = [size for size, value in zip((one, other), values, strict=True) if value is None]
        if unknown and not any(map(self.is_open, unknown)):
            return None
        if self.rank(other) < self.rank(one):
            one, other = other, one
        self.stands_for[other] = one
        known = next((value for value in values if value is not None), None)
        if known is not None and isinstance(one, Size):
            self.values[one.name] = known
        if isinstance(other, Size):
            self.values.pop(other.name, None)
        return one

    def solve(self, formula: Expr, unknown: Size, size: Expr, suffix: str) -> Expr:
        """What `unknown` is where `formula`, linear in it, is `size`: H is H1 where 2*H is 2*H1, and a size
        of its own, with its value, where 2*H is D.

        Raises ShapeError where it would be no whole number.
        """
        size = self.resolve(size)
        if formula == unknown:
            return size
        factor = formula.coeff(unknown)
        found = ((size - (formula - factor * unknown).expand()) / factor).expand()
        if found.is_integer:
            return found
        value = self.value(found)
        if value is None:
            raise ShapeError(f"{size} is to be {formula}", expected="a size of a known value")
        self.know({unknown.name + suffix: value})
        return Size(unknown.name + suffix)

    def is_open(self, size: Expr) -> bool:
        """Whether a size without a value may take one: a person's name for what a layer says."""
        return isinstance(size, Size) and size.name in self.named

    def rank(self, size: Expr) -> int:
        """Which of two equal sizes stays: a person's name, then a formula, then a name that was made up."""
        if not isinstance(size, Size):
            return 1
        return 0 if size.name in self.named else 2

    def settled(self, expr: Expr) -> Expr:
        """`expr` in the sizes that are left; the range of a sum is one, whatever it is written as."""
        if not self.stands_for:
            return expr
        names = {old: self.resolve(old) for old in self.stands_for if isinstance(old, Size)}
        expr = expr.xreplace(names)
        formulas = {old.xreplace(names): self.resolve(old) for old in self.stands_for if old not in names}
        return _resized(expr, formulas) if formulas else expr


def _resized(expr: Expr, sizes: Mapping[Expr, Expr]) -> Expr:
    """`expr` with the sizes of the ranges that its sums run over replaced."""
    if not expr.has(ExprWithLimits):
        return expr
    parts = [_resized(part, sizes) for part in expr.args]
    if isinstance(expr, ExprWithLimits):
        limits = [(i, 0, sizes.get(n, n) - 1) for i, n in reversed(binders_of(expr))]
        return expr.func(parts[0], *limits)
    return expr.func(*parts)
