"""The only printer of mathematics: equations in index form as a tree of layout (`typeset.py`).

W1[i,j] is W with the layer in square brackets above and its indices below; the adjoint dW1 carries a bar.
Products are ordered as one writes them: numbers, the adjoint, what has the first index of the left-hand side,
then the rest; minus terms come last.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from functools import lru_cache
from typing import Any

import sympy as sp
from sympy import Add, Expr, Indexed, Mul, Pow

from symnet.documents import typeset as t
from symnet.documents.names import ENDING, GREEK, tensor_name
from symnet.documents.notation import PLAIN, Names
from symnet.documents.typeset import Node, row
from symnet.equations.program import Equation
from symnet.equations.text import natural
from symnet.index import functions as f
from symnet.index.calculus import common_number, is_negative
from symnet.index.reductions import ArgMax, binders_of
from symnet.index.symbols import Index, Role, Scalar, Size, Tensor, indices_of, name_of
from symnet.messages import say

ADD, MULTIPLY, POWER, ATOM = 1, 2, 3, 4
"""How tightly a form binds: what binds less than its place asks for is put in brackets."""

FUNCTIONS = {
    f.sigmoid: t.Name("σ", "upright", r"\sigma"),
    sp.exp: t.Name("exp", "upright", r"\exp"),
    sp.log: t.Name("log", "upright", r"\log"),
    sp.tanh: t.Name("tanh", "upright", r"\tanh"),
    sp.sinh: t.Name("sinh", "upright", r"\sinh"),
    sp.cosh: t.Name("cosh", "upright", r"\cosh"),
    sp.sin: t.Name("sin", "upright", r"\sin"),
    sp.cos: t.Name("cos", "upright", r"\cos"),
    sp.erf: t.Name("erf", "upright", r"\operatorname{erf}"),
    f.softplus: t.Name("softplus", "upright", r"\operatorname{softplus}"),
    f.erfc: t.Name("erfc", "upright", r"\operatorname{erfc}"),
    f.normal_cdf: t.Name("Φ", "upright", r"\Phi"),
    f.normal_pdf: t.Name("φ", "italic", r"\varphi"),
    f.signum: t.Name("sgn", "upright", r"\operatorname{sgn}"),
    f.sign: t.Name("sign", "upright", r"\operatorname{sign}"),
    f.constant: t.Name("const", "upright", r"\operatorname{const}"),
    f.maximum: t.Name("max", "upright", r"\max"),
    f.minimum: t.Name("min", "upright", r"\min"),
}
RELATIONS = {
    f.less: (t.Sign("<", "<", "relation"), t.Sign(">", ">", "relation")),
    f.less_equal: (t.Sign("≤", r"\le", "relation"), t.Sign("≥", r"\ge", "relation")),
    f.equal: (t.EQUALS, t.EQUALS),
}
"""A bracket's relation, and the same read from right to left."""
SPELLED: dict[Any, Callable[[Expr], Expr]] = {
    f.expm1: lambda x: Add(sp.exp(x), -1, evaluate=False),
    f.log1p: lambda x: sp.log(Add(1, x, evaluate=False), evaluate=False),
    f.logcosh: lambda x: sp.log(sp.cosh(x, evaluate=False), evaluate=False),
    f.bell: lambda x: sp.exp(Mul(-1, Pow(x, 2, evaluate=False), evaluate=False), evaluate=False),
    f.sech: lambda x: Pow(sp.cosh(x, evaluate=False), -1, evaluate=False),
    f.inverse: lambda x: Pow(x, -1, evaluate=False),
    f.decay: lambda x: sp.exp(Mul(-1, f.absolute(x), evaluate=False), evaluate=False),
    f.rise: lambda x: sp.exp(f.minimum(x, 0), evaluate=False),
}
"""Functions that a machine computes in its own way and a person reads as what they are made of."""
SYMMETRIC = (f.maximum, f.minimum)
"""Functions whose arguments may change places: a number is written first, as in max(0, z)."""


@lru_cache(maxsize=1 << 14)
def spelling(expr: Expr) -> tuple[object, ...]:
    """What orders expressions that nothing else does."""
    return natural(str(expr))


class Printer:
    """Prints the expressions of one derivation; `tensors` says which names are adjoints of what, `names` what
    they look like.
    """

    def __init__(
        self, tensors: Mapping[str, Tensor], first: Sequence[Index] = (), names: Names = PLAIN
    ) -> None:
        self.tensors = tensors
        self.names = names
        self.first = tuple(first)  # the indices of the left-hand side, which order the factors of a product
        self.known: dict[tuple[tuple[Index, ...], Expr], tuple[Node, int]] = {}

    def by(self, first: Sequence[Index]) -> Printer:
        """The printer for what stands on the right of an element with the indices `first`."""
        printer = copy(self)  # with what is known already: steps of a derivation have much in common
        printer.first = tuple(first)
        return printer

    def equation(self, equation: Equation) -> Node:
        """The whole equation in index form."""
        printer = self.by(equation.indices)
        return row(printer.show(equation.lhs), t.EQUALS, printer.show(equation.rhs))

    def show(self, expr: Expr, least: int = 0) -> Node:
        """`expr`, in brackets where it binds less tightly than `least`."""
        node, binding = self.form(expr)
        return t.Fence(node) if binding < least else node

    def form(self, expr: Expr) -> tuple[Node, int]:
        """`expr` and how tightly it binds."""
        found = self.known.get((self.first, expr))
        if found is None:
            found = self.known[self.first, expr] = self._form(expr)
        return found

    def _form(self, expr: Expr) -> tuple[Node, int]:
        if isinstance(expr, Indexed | Scalar):
            return self.element(expr), ATOM
        if isinstance(expr, Size | Index):
            return self.symbol(expr.name), ATOM
        if isinstance(expr, sp.Number | sp.NumberSymbol):
            return number(expr)
        if isinstance(expr, Add):
            return self.addition(expr)
        if isinstance(expr, sp.Sum) and is_negative(expr.function):
            return row(t.MINUS_SIGN, self.show(expr.func(-expr.function, *expr.limits))), ADD
        if isinstance(expr, sp.Sum):
            below = t.joined(
                [self.range(index, size, expr.function) for index, size in binders_of(expr)], t.COMMA
            )
            return row(t.Sum(below), self.show(expr.function, MULTIPLY)), MULTIPLY
        if isinstance(expr, Mul):
            return self.product(expr)
        if isinstance(expr, Pow):
            return self.power(expr)
        if isinstance(expr, ArgMax):
            return self.argmax(expr), MULTIPLY
        return self.function(expr)

    def range(self, index: Index, size: Expr, body: Expr) -> Node:
        """The index of a sum, with its range where that is no whole axis on which the index stands."""
        for element in body.atoms(Indexed):
            tensor = self.tensors.get(name_of(element))
            if tensor is not None and (index, size) in zip(element.indices, tensor.shape, strict=True):
                return self.show(index)
        at_least, below = RELATIONS[f.less_equal][0], RELATIONS[f.less][0]
        return row(t.Number("0"), at_least, self.show(index), below, self.show(size))

    def element(self, expr: Expr) -> Node:
        tensor = self.tensors.get(name_of(expr))
        largest = self.own_maximum(expr)
        if largest is not None:
            return largest
        if tensor is not None and tensor.role == Role.HYPERPARAMETER:
            return self.symbol(tensor.name)
        if tensor is not None and tensor.quotient:
            return self.quotient(tensor, indices_of(expr))
        below = self.indices(expr.indices) if isinstance(expr, Indexed) else None
        return tensor_name(tensor or Tensor(name_of(expr), ()), below, names=self.names)

    def quotient(self, tensor: Tensor, places: Sequence[Expr] = ()) -> Node:
        """A tensor that is a derivative, as a fraction: of what, with its indices, over by what, with theirs;
        without `places` as the name of a matrix.
        """
        shown: list[Node] = []
        start = 0
        for name in tensor.quotient:
            of = self.tensors.get(name) or Tensor(name, ())
            below = self.indices(places[start : start + of.rank]) if places and of.rank else None
            last = not places and of.rank == 1 and len(shown) == len(tensor.quotient) - 1
            above = t.TOP if last else None
            shown.append(tensor_name(of, below, not places and of.rank > 0, above, self.names))
            start += of.rank
        order = len(shown) - 1
        sign = t.PARTIAL if order == 1 else t.Script(t.PARTIAL, None, t.Number(str(order)))
        return t.Fraction(row(sign, shown[0]), row(*(part for by in shown[1:] for part in (t.PARTIAL, by))))

    def own_maximum(self, expr: Expr) -> Node | None:
        """X[n, argmax(X[n,k], k)] is the largest X[n,k] over k."""
        for place in expr.indices if isinstance(expr, Indexed) else ():
            if isinstance(place, ArgMax) and len(place.limits) == 1:
                ((index, _),) = binders_of(place)
                if expr.xreplace({place: index}) == place.function:
                    return row(t.Script(FUNCTIONS[f.maximum], self.show(index)), self.show(place.function))
        return None

    def indices(self, places: Sequence[Expr]) -> Node:
        plain = all(isinstance(place, Index) and len(place.name) == 1 for place in places)
        parts = [self.show(place) for place in places]
        return row(*parts) if plain else t.joined(parts, t.COMMA)

    def symbol(self, name: str) -> Node:
        greek = GREEK.get(name)
        if greek:
            return t.Name(greek[0], "italic", greek[1])
        ending = ENDING.match(name)
        if ending:
            return t.Script(self.symbol(ending[1]), t.Number(ending[2]))
        head, underscore, rest = name.partition("_")
        if underscore and head:
            return t.Script(self.symbol(head), t.Name(rest, "upright"))
        return t.Name(name, "italic" if len(name) == 1 else "upright")

    def addition(self, expr: Add) -> tuple[Node, int]:
        """Terms with a minus last; a number that all terms share in front."""
        shared, rest = common_number(expr)
        if shared != 1:
            inside = t.Fence(self.addition(rest)[0])
            if shared.is_Integer:
                return row(number(shared)[0], inside), MULTIPLY
            return row(t.Fraction(t.Number(str(shared.p)), t.Number(str(shared.q))), inside), MULTIPLY
        terms = sorted(expr.args, key=self.term_order)
        if is_negative(terms[0]) and len(terms) > 1 and all(map(is_negative, terms)):
            return row(t.MINUS_SIGN, t.Fence(self.addition(-expr)[0])), MULTIPLY
        parts: list[Node] = []
        for term in terms:
            if is_negative(term):
                parts += [t.MINUS if parts else t.MINUS_SIGN, self.show(-term, MULTIPLY)]
            else:
                parts += [*([t.PLUS] if parts else []), self.show(term, MULTIPLY)]
        return row(*parts), ADD

    def term_order(self, term: Expr) -> tuple[object, ...]:
        """Products of sums first, then what depends on data, then settings and numbers; what has a minus
        last.
        """
        settled = not term.has(Indexed) and not is_negative(term)
        compound = any(isinstance(factor, Add) for factor in Mul.make_args(term))
        order = (not term.has(sp.Sum), settled, term.is_number, compound, spelling(term))
        return (is_negative(term), self.is_penalty(term), *order)

    def is_penalty(self, term: Expr) -> bool:
        """Whether a term is a sum of parameters alone, which stands after what the data say."""
        read = [self.tensors.get(name_of(element)) for element in term.atoms(Indexed)]
        return term.has(sp.Sum) and all(
            tensor is not None and tensor.role == Role.PARAMETER for tensor in read
        )

    def product(self, expr: Mul) -> tuple[Node, int]:
        """A product or quotient: its number, what stands above, what stands below."""
        coefficient, rest = _numbers_out(expr)
        if coefficient.is_negative:
            return row(
                t.MINUS_SIGN,
                self.show(Mul(-coefficient, rest, evaluate=False) if rest != 1 else -coefficient, MULTIPLY),
            ), ADD
        if is_decimal(coefficient):
            return row(number(coefficient)[0], t.INVISIBLE, self.show(rest, MULTIPLY)), MULTIPLY
        above: list[Expr] = [] if coefficient.p == 1 else [sp.Integer(coefficient.p)]
        below: list[Expr] = [] if coefficient.q == 1 else [sp.Integer(coefficient.q)]
        if not coefficient.is_Rational:
            above = [coefficient]
        for factor in Mul.make_args(rest):
            if isinstance(factor, Pow) and factor.exp.is_number and factor.exp.is_negative:
                below.append(factor.base**-factor.exp)
            else:
                above.append(factor)
        above, below = sorted(above, key=self.factor_order), sorted(below, key=self.factor_order)
        if not below:
            return self.factors(above), MULTIPLY
        trailing = [factor for factor in above if isinstance(factor, sp.Sum) or self.is_fraction(factor)]
        leading = [factor for factor in above if factor not in trailing]
        if len(leading) == 1 and isinstance(leading[0], Add) and leading[0].has(sp.Sum) and not trailing:
            leading, trailing = [], leading  # brackets are easier to read than a high numerator
        one = leading or [sp.S.One]
        quotient = t.Fraction(self.factors(one, alone=True), self.factors(below, alone=True))
        return (row(quotient, self.factors(trailing)) if trailing else quotient), MULTIPLY

    def factors(self, factors: Sequence[Expr], alone: bool = False) -> Node:
        """Factors side by side; a single one needs no brackets where it stands alone."""
        if len(factors) == 1:
            return self.show(factors[0], 0 if alone else MULTIPLY)
        parts: list[Node] = []
        uppers = {lower: upper for lower in factors if (upper := _bounded_above(lower, factors)) is not None}
        for position, factor in enumerate(factors):
            last = position == len(factors) - 1
            if factor in uppers.values():
                continue
            if factor in uppers:
                parts.append(t.Fence(self.between(factor, uppers[factor]), "[]"))
                continue
            shown = self.show(factor, MULTIPLY if last and isinstance(factor, sp.Sum) else POWER)
            if (parts and isinstance(factor, sp.Number)) or (parts and _starts_with_digit(shown)):
                parts.append(t.TIMES)
            parts.append(shown)
        return t.joined(parts, t.INVISIBLE) if len(parts) > 1 else parts[0]

    def factor_order(self, factor: Expr) -> tuple[object, ...]:
        """Numbers and sizes; then what has the first index of the left-hand side, adjoints first; brackets;
        sums last.
        """
        constant = not factor.has(Indexed, f.Bracket) and all(
            self.is_setting(scalar) for scalar in factor.atoms(Scalar)
        )
        seen = factor.atoms(Index)
        place = next((k for k, index in enumerate(self.first) if index in seen), len(self.first))
        adjoint = isinstance(factor, Indexed) and bool(
            getattr(self.tensors.get(name_of(factor)), "adjoint_of", "")
        )
        kind = (
            0 if constant else 3 if isinstance(factor, sp.Sum) else 2 if isinstance(factor, f.Bracket) else 1
        )
        compound = 1 if isinstance(factor, Add) else 0
        return (kind, not factor.is_number, place if kind else 0, not adjoint, compound, spelling(factor))

    def is_fraction(self, factor: Expr) -> bool:
        """Whether a factor is one name that is a fraction, such as ∂L/∂Z: it is not put above another."""
        return isinstance(factor, Indexed | Scalar) and isinstance(self.element(factor), t.Fraction)

    def is_setting(self, scalar: Expr) -> bool:
        tensor = self.tensors.get(scalar.name)
        return tensor is not None and tensor.role == Role.HYPERPARAMETER

    def power(self, expr: Pow) -> tuple[Node, int]:
        if expr.exp == sp.S.Half:
            return t.Root(self.show(expr.base)), ATOM
        if expr.exp.is_number and expr.exp.is_negative:
            return t.Fraction(t.Number("1"), self.show(expr.base**-expr.exp)), MULTIPLY
        if expr.base.func in FUNCTIONS and len(expr.base.args) == 1 and expr.exp.is_Integer:
            name = t.Script(FUNCTIONS[expr.base.func], None, self.show(expr.exp))
            return row(name, t.Fence(self.show(expr.base.args[0]))), ATOM
        base = self.show(expr.base, ATOM)
        raised = isinstance(base, t.Fraction) or (isinstance(base, t.Script) and base.above is not None)
        if raised or isinstance(expr.base, sp.Function):
            base = base if isinstance(base, t.Fence) else t.Fence(base)
        return t.Script(base, None, self.show(expr.exp)), POWER

    def argmax(self, expr: ArgMax) -> Node:
        """Over several indices: the first one's place of the largest over the others."""
        first, *others = [self.range(index, size, expr.function) for index, size in binders_of(expr)]
        name: Node = t.Script(t.Name("argmax", "upright", r"\operatorname*{argmax}"), first)
        if others:
            name = row(name, t.Script(FUNCTIONS[f.maximum], t.joined(others, t.COMMA)))
        return row(name, self.show(expr.function, MULTIPLY))

    def function(self, expr: Expr) -> tuple[Node, int]:
        if isinstance(expr, f.Bracket):
            return self.bracket(expr), ATOM
        if isinstance(expr, sp.floor):
            return t.Fence(self.show(expr.args[0]), "⌊⌋"), ATOM
        if isinstance(expr, f.absolute):
            return t.Fence(self.show(expr.args[0]), "||"), ATOM
        if expr.func in SPELLED:
            return self.form(SPELLED[expr.func](*expr.args))
        if isinstance(expr, f.where):
            condition, yes, no = expr.args
            rows = (
                (self.show(yes), row(t.Words(say("where")), self.condition(condition))),
                (self.show(no), t.Words(say("elsewhere"))),
            )
            return t.Cases(rows), ATOM
        name = FUNCTIONS.get(expr.func) or t.Name(expr.func.__name__, "upright")
        ordered = (
            sorted(expr.args, key=lambda argument: not argument.is_number)
            if expr.func in SYMMETRIC
            else expr.args
        )
        return row(name, t.Fence(t.joined([self.show(argument) for argument in ordered], t.COMMA))), ATOM

    def bracket(self, expr: Expr) -> Node:
        """[a < b]; the Kronecker delta where two indices are compared, unless δ has another meaning."""
        free = self.names.notation.adjoints != "delta"
        if free and isinstance(expr, f.equal) and all(isinstance(a, Index) for a in expr.args):
            return t.Script(t.Name("δ", "italic", r"\delta"), self.indices(expr.args))
        return t.Fence(self.relation(expr), "[]")

    def condition(self, expr: Expr) -> Node:
        """A bracket, or a product of brackets, as the condition that it is."""
        parts = Mul.make_args(expr)
        uppers = {lower: upper for lower in parts if (upper := _bounded_above(lower, parts)) is not None}
        shown = [
            self.between(part, uppers[part]) if part in uppers else self.relation(part)
            for part in sorted(parts, key=lambda part: natural(str(part.args[-1])))
            if part not in uppers.values()
        ]
        return t.joined(shown, t.Words(say("and")))

    def between(self, lower: Expr, upper: Expr) -> Node:
        """Two brackets a <= e and e < b as one: a <= e < b."""
        sign, below = RELATIONS[lower.func][0], RELATIONS[upper.func][0]
        return row(self.show(lower.args[0]), sign, self.show(upper.args[0]), below, self.show(upper.args[1]))

    def relation(self, expr: Expr) -> Node:
        if expr.func not in RELATIONS:
            return self.show(expr)
        left, right = expr.args
        sign, turned = RELATIONS[expr.func]
        if left.is_number and not right.is_number:
            return row(self.show(right), turned, self.show(left))
        return row(self.show(left), sign, self.show(right))


def _bounded_above(lower: Expr, factors: Sequence[Expr]) -> Expr | None:
    """The factor e < b that belongs to the factor a <= e, such as those of the place in a window."""
    if not isinstance(lower, f.less_equal | f.less):
        return None
    uppers = (e for e in factors if isinstance(e, f.less | f.less_equal) and e.args[0] == lower.args[1])
    return next(uppers, None)


ROUND = 10**6
"""From here on a whole number with zeros at its end is printed as a power of ten."""


def _decimal(value: Expr) -> str:
    """A decimal with up to 12 digits; 1e9 for a large round number, all the digits of one that is not."""
    if not value.is_Integer:
        return f"{float(value):.12g}"
    digits = str(value).rstrip("0")
    zeros = len(str(value)) - len(digits)
    return f"{digits}e{zeros}" if zeros >= 6 else str(value)


def number(value: Expr) -> tuple[Node, int]:
    """A number: whole, a decimal where its denominator is 2^a 5^b and large, else a fraction."""
    if value.is_extended_negative:
        return row(t.MINUS_SIGN, number(-value)[0]), ADD
    if value == sp.oo:
        return t.Name("∞", "upright", r"\infty"), ATOM
    if value.is_Integer and value < ROUND:
        return t.Number(str(value)), ATOM
    if is_decimal(value):
        decimal = _decimal(value)
        if "e" in decimal:
            digits, power = decimal.split("e")
            scale = t.Script(
                t.Number("10"),
                None,
                row(*((t.MINUS_SIGN,) if int(power) < 0 else ()), t.Number(str(abs(int(power))))),
            )
            return (scale, POWER) if digits == "1" else (row(t.Number(digits), t.TIMES, scale), MULTIPLY)
        return t.Number(decimal), ATOM
    if value.is_Rational:
        return t.Fraction(t.Number(str(value.p)), t.Number(str(value.q))), ATOM
    if value == sp.pi:
        return t.Name("π", "italic", r"\pi"), ATOM
    return t.Number(f"{float(value):.12g}"), ATOM


def _numbers_out(expr: Mul) -> tuple[Expr, Expr]:
    """The number in front of a product, what its sums share among it, and the rest."""
    coefficient, rest = expr.as_coeff_Mul()
    kept = []
    for factor in Mul.make_args(rest):
        shared, inside = common_number(factor) if isinstance(factor, Add) else (sp.S.One, factor)
        coefficient *= shared
        kept.append(inside)
    return coefficient, Mul(*kept, evaluate=False) if len(kept) > 1 else kept[0]


def is_decimal(value: Expr) -> bool:
    """Whether a number is written as a decimal: its denominator is large, and made of twos and fives; or it
    is a large whole number.
    """
    if value.is_Integer:
        return bool(value >= ROUND)
    return bool(value.is_Rational and value.q > 10 and _is_tenths(int(value.q)))


def _is_tenths(q: int) -> bool:
    """Whether `q` is made of twos and fives."""
    for prime in (2, 5):
        while q % prime == 0:
            q //= prime
    return q == 1


def _starts_with_digit(node: Node) -> bool:
    return isinstance(node, t.Number) or (isinstance(node, t.Row) and isinstance(node.parts[0], t.Number))
