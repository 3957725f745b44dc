"""What is known of sizes: the values that a program gives, whether a size can be negative, and about how
large it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import prod

from sympy import Expr, Integer, floor

from symnet.index.symbols import Size

NOMINAL = 64
"""What a size that comes with the data (the number of samples, a length of text) counts for where costs are
compared: a usual batch.
"""


@dataclass(frozen=True)
class Extents:
    """The values of sizes, by their names, and what has been asked of them before."""

    values: Mapping[str, float]
    found: dict[Expr, Expr] = field(default_factory=dict)

    def known(self, size: Expr) -> Expr:
        """`size` with the values that the program gives."""
        if size not in self.found:
            given = {
                symbol: Integer(self.values[symbol.name])
                for symbol in size.atoms(Size)
                if symbol.name in self.values
            }
            self.found[size] = size.xreplace(given).expand()
        return self.found[size]

    def same(self, one: Expr, other: Expr) -> bool:
        return one == other or self.known(one) == self.known(other)

    def not_negative(self, size: Expr) -> bool:
        """Whether `size` is at least 0 whatever the unknown sizes in it are, which are at least 1."""
        size = self.known(size)
        rounded = [term for term in size.atoms(floor) if size.coeff(term).is_negative]
        return bool(size.xreplace({term: term.args[0] for term in rounded}).expand().is_nonnegative)

    def count(self, sizes: Iterable[Expr]) -> int:
        """About how many entries an array of this shape has."""
        return prod(self.nominal(size) for size in sizes)

    def nominal(self, size: Expr) -> int:
        """The size where it is known, otherwise about that."""
        known = self.known(size)
        return max(int(known.xreplace({symbol: Integer(NOMINAL) for symbol in known.atoms(Size)})), 1)
