"""Sizes, positions and constants as text: whole numbers among positions, numbers of double precision
elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sympy import Add, Expr, Float, Integer, Max, Mul, NumberSymbol, Pow, Rational, S, floor

from symnet.index.symbols import Index, Size
from symnet.loops.dialect import Dialect

ADD, MUL, ATOM = range(3)
"""How tightly a text holds together."""


@dataclass
class Numbers:
    """Printers of formulas of sizes and of the indices of loops."""

    known: Mapping[Size, Expr]  # sizes that are numbers
    name: Callable[[Expr], str]  # of any other size, and of an index
    dialect: Dialect
    found: dict[tuple[Expr, bool], tuple[str, int]] = field(default_factory=dict)

    def put_in(self, expr: Expr) -> Expr:
        """The formula with the sizes that are known."""
        return expr.xreplace(self.known).expand() if expr.atoms(Size) else expr

    def whole(self, expr: Expr, level: int = ADD) -> str:
        """A whole number, as an expression that can stand where `level` is wanted."""
        return self._text(self.put_in(expr), True, level)

    def real(self, expr: Expr, level: int = ADD) -> str:
        """A number of double precision."""
        value = self.put_in(expr)
        if value.is_infinite:
            return self.dialect.INFINITY if value.is_positive else f"-{self.dialect.INFINITY}"
        if value.is_number:
            text = repr(float(value))
            return f"({text})" if value.is_negative and level > ADD else text
        return self._text(value, False, level)

    def _text(self, expr: Expr, whole: bool, level: int) -> str:
        if (expr, whole) not in self.found:
            self.found[expr, whole] = self._print(expr, whole)
        text, own = self.found[expr, whole]
        return f"({text})" if own < level else text

    def _print(self, expr: Expr, whole: bool) -> tuple[str, int]:
        if isinstance(expr, Size | Index):
            return (self.name(expr), ATOM) if whole else (self.dialect.cast("double", self.name(expr)), ATOM)
        if isinstance(expr, Integer):
            return (str(expr) if whole else f"{expr}.0"), (ATOM if expr >= 0 else ADD)
        if not whole and isinstance(expr, Rational | Float | NumberSymbol):
            return repr(float(expr)), (ATOM if expr > 0 else ADD)
        if isinstance(expr, Add):
            return self._sum(expr, whole), ADD
        if isinstance(expr, Mul):
            return self._product(expr, whole)
        if isinstance(expr, Pow):
            return self._power(expr, whole)
        if isinstance(expr, floor):
            above, below = expr.args[0].together().as_numer_denom()
            text = self._quotient(f"({self._text(above, True, ADD)})", below)
            return (text, MUL) if whole else (self.dialect.cast("double", f"({text})"), ATOM)
        if isinstance(expr, Max):
            first, *rest = sorted(expr.args, key=str)
            text = self._text(first, whole, MUL)
            for other in rest:
                more = self._text(other, whole, MUL)
                text = f"({text} > {more} ? {text} : {more})"
            return text, ATOM
        raise AssertionError(f"{expr.func.__name__} in a size")

    def _sum(self, expr: Expr, whole: bool) -> str:
        if whole:
            above, below = expr.as_numer_denom()
            if below != 1:
                return self._quotient(f"({self._text(above, True, ADD)})", below)
        terms = sorted(expr.args, key=lambda term: (term.could_extract_minus_sign(), term.is_number))
        text = self._text(terms[0], whole, ADD)
        for term in terms[1:]:
            minus = term.could_extract_minus_sign()
            text += f" {'-' if minus else '+'} {self._text(-term if minus else term, whole, MUL)}"
        return text

    def _product(self, expr: Expr, whole: bool) -> tuple[str, int]:
        if expr.could_extract_minus_sign():
            return f"-{self._text(-expr, whole, MUL)}", ADD
        above, below = expr.as_numer_denom()
        factors = above.args if isinstance(above, Mul) else (above,)
        text = "*".join(self._text(factor, whole, ATOM) for factor in sorted(factors, key=_late))
        if below == 1:
            return text, MUL
        return (self._quotient(text, below) if whole else f"{text} / {self._text(below, False, ATOM)}"), MUL

    def _quotient(self, above: str, below: Expr) -> str:
        return self.dialect.quotient(above, self._text(below, True, ATOM))

    def _power(self, expr: Expr, whole: bool) -> tuple[str, int]:
        base, exponent = expr.args
        if exponent.is_Integer and exponent > 0:
            return "*".join([self._text(base, whole, ATOM)] * int(exponent)), MUL
        if exponent.is_Integer:
            below = base**-exponent
            return self._quotient("1", below) if whole else f"1.0 / {self._text(below, False, ATOM)}", MUL
        return self.dialect.power(self._text(base, False, ADD), self._text(exponent, False, ADD)), ATOM


def _late(factor: Expr) -> bool:
    return bool(factor.is_number)


def is_zero(expr: Expr) -> bool:
    """Whether it is 0 as it stands."""
    return expr == S.Zero
