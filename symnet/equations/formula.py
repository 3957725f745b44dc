"""Reading a scalar formula, such as `z*sigmoid(alpha*z)`: a walk over Python's syntax tree against a
whitelist of nodes.

Numbers are exact (0.1 is 1/10). Truth values are Iverson brackets: `z > 0` is the number `less(0, z)`. What
SymPy would evaluate without bound, a power of a number, is bounded before it is built.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator, Mapping
from fractions import Fraction
from typing import Any, ClassVar

import sympy as sp
from sympy import Add, Expr, Mul, Pow, Rational, S

from symnet.equations.syntax import MAX_MAGNITUDE, Statement
from symnet.errors import EquationError, nearest
from symnet.index.functions import NAMED, absolute, equal, less, less_equal, own
from symnet.index.reductions import ArgMax
from symnet.index.symbols import Size

MAX_DEPTH = 60
"""Operations within each other; a chain of sums or of products counts as one."""
MAX_EXPONENT = 100
MAX_BITS = 4_096
"""How long a whole number may get by powers of numbers."""

FUNCTIONS: dict[str, Any] = {
    "exp": sp.exp,
    "log": sp.log,
    "sqrt": sp.sqrt,
    "tanh": sp.tanh,
    "sinh": sp.sinh,
    "cosh": sp.cosh,
    "sin": sp.sin,
    "cos": sp.cos,
    "erf": sp.erf,
    "floor": sp.floor,
    "abs": absolute,
    **NAMED,
}
"""The functions of the language, by the names that they are written with."""

ARITY = {"where": 3, "maximum": 2, "minimum": 2, "less": 2, "less_equal": 2, "equal": 2}
"""How many arguments a function takes; one where it is not here."""

CONSTANTS: dict[str, Expr] = {"pi": sp.pi}

NOT_FINITE = frozenset({S.ComplexInfinity, S.NaN, S.Infinity, S.NegativeInfinity})

COMPARISONS: dict[type[ast.cmpop], Callable[[Expr, Expr], Expr]] = {
    ast.Lt: less,
    ast.LtE: less_equal,
    ast.Gt: lambda a, b: less(b, a),
    ast.GtE: lambda a, b: less_equal(b, a),
    ast.Eq: equal,
}


Readers = Mapping[type[ast.AST], Callable[[Any, Any], Expr]]
"""For each kind of node the method that reads it."""


class FormulaReader:
    """Reads the expressions of one statement. A subclass says what names stand for and adds to the calls that
    it knows.
    """

    def __init__(self, statement: Statement) -> None:
        self.statement = statement
        self.depth = 0

    def name(self, node: ast.Name) -> Expr:
        """What a name stands for; raises EquationError where it stands for nothing."""
        raise NotImplementedError

    def calls(self) -> Collection[str]:
        """The names of everything that can be called."""
        return FUNCTIONS

    def error(self, message: str, at: ast.AST, expected: str = "", suggestion: str = "") -> EquationError:
        return self.statement.error(message, at, expected, suggestion)

    def read(self, node: ast.expr) -> Expr:
        """The expression that a node of the tree is."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.error(
                "the formula is nested too deeply",
                node,
                expected=f"at most {MAX_DEPTH} levels; name a part of it",
            )
        reader = self.READERS.get(type(node))
        if reader is None:
            raise self.error(
                f"{self.statement.source(node)[:40]} is not part of the language", node, expected="a value"
            )
        value = reader(self, node)
        if value in NOT_FINITE:
            raise self.error(
                f"{self.statement.source(node)[:40]} is not finite", node, expected="a finite number"
            )
        number = value.args[0] if isinstance(value, Add | Mul) else value
        if isinstance(number, Rational) and not _fits(number):
            raise self.error("this number does not fit a float", node, expected=f"at most e{MAX_MAGNITUDE}")
        self.depth -= 1
        return value

    def constant(self, node: ast.Constant) -> Expr:
        fraction = Fraction(self.statement.source(node))
        return Rational(fraction.numerator, fraction.denominator)

    def binary(self, node: ast.BinOp) -> Expr:
        if isinstance(node.op, ast.Add | ast.Sub):
            return Add(*self.chain(node, ast.Add, ast.Sub, lambda term: -term))
        if isinstance(node.op, ast.Mult | ast.Div):
            return Mul(*self.chain(node, ast.Mult, ast.Div, lambda factor: self.reciprocal(factor, node)))
        if isinstance(node.op, ast.Pow):
            return self.power(self.read(node.left), self.read(node.right), node)
        raise self.error("this operator is not part of the language", node, expected="+ - * / or **")

    def chain(
        self,
        node: ast.expr,
        plain: type[ast.operator],
        other: type[ast.operator],
        invert: Callable[[Expr], Expr],
    ) -> Iterator[Expr]:
        """The operands of a chain such as a + b - c, from the left, `invert` applied to those after the
        `other` operator.
        """
        parts: list[tuple[ast.expr, bool]] = []
        while isinstance(node, ast.BinOp) and isinstance(node.op, plain | other):
            parts.append((node.right, isinstance(node.op, other)))
            node = node.left
        if plain is ast.Mult and isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            yield S.NegativeOne  # a factor of its own: -(a + b)*c keeps its brackets
            node = node.operand
        yield self.read(node)
        for part, inverted in reversed(parts):
            yield invert(self.read(part)) if inverted else self.read(part)

    def reciprocal(self, value: Expr, node: ast.expr) -> Expr:
        if value.is_zero:
            raise self.error("this divides by zero", node, expected="a divisor that is not 0")
        return Pow(value, -1)

    def power(self, base: Expr, exponent: Expr, node: ast.expr) -> Expr:
        if base.is_zero and exponent.is_negative:
            raise self.error("this divides by zero", node, expected="a divisor that is not 0")
        if base.is_number and base.is_negative and exponent.is_integer is False:
            raise self.error("this is not a real number", node, expected="no root of a negative number")
        self.bound_power(base, exponent, node)
        return own(Pow(base, exponent))

    def bound_power(self, base: Expr, exponent: Expr, node: ast.expr) -> None:
        """Raises where `base**exponent` could evaluate to a number too long to handle."""
        largest = max((abs(number) for number in exponent.atoms(Rational)), default=S.Zero)
        bits = max((max(abs(number.p), number.q).bit_length() for number in base.atoms(Rational)), default=0)
        if largest > MAX_EXPONENT or (exponent.is_number and bits > 1 and bits * largest > MAX_BITS):
            raise self.error(
                "the exponent is too large",
                node,
                expected=f"exponents between -{MAX_EXPONENT} and {MAX_EXPONENT}",
            )

    def unary(self, node: ast.UnaryOp) -> Expr:
        if isinstance(node.op, ast.USub):
            return -self.read(node.operand)
        if isinstance(node.op, ast.UAdd):
            return self.read(node.operand)
        raise self.error("this operator is not part of the language", node, expected="+ or -")

    def compare(self, node: ast.Compare) -> Expr:
        values = [self.read(operand) for operand in (node.left, *node.comparators)]
        brackets: list[Expr] = []
        for operator, a, b in zip(node.ops, values, values[1:], strict=False):
            if type(operator) not in COMPARISONS:
                raise self.error(
                    "this comparison is not part of the language", node, expected="< <= > >= or =="
                )
            brackets.append(COMPARISONS[type(operator)](a, b))
        return Mul(*brackets)

    def both(self, node: ast.BoolOp) -> Expr:
        return Mul(*(self.read(value) for value in node.values))  # the tokens admit `and` alone

    def call(self, node: ast.Call) -> Expr:
        if (
            not isinstance(node.func, ast.Name)
            or node.keywords
            or any(isinstance(a, ast.Starred) for a in node.args)
        ):
            raise self.error(
                "this is not a call of the language", node, expected="a function of values, such as exp(z)"
            )
        return self.function(node.func.id, node)

    def function(self, name: str, node: ast.Call) -> Expr:
        """The value of the function `name` at the arguments of `node`."""
        if name not in FUNCTIONS:
            raise self.error(
                f"there is no function {name}",
                node,
                "a function such as exp or maximum",
                nearest(name, self.calls()),
            )
        wanted = ARITY.get(name, 1)
        if len(node.args) != wanted:
            expected = f"{name}({', '.join('abc'[:wanted])})"
            raise self.error(f"{name} takes {_count(wanted)}, not {len(node.args)}", node, expected=expected)
        arguments = [self.read(argument) for argument in node.args]
        first = arguments[0]
        if name in ("sqrt", "log") and first.is_number and first.is_negative:
            raise self.error("this is not a real number", node, expected=f"{name} of a positive number")
        if name == "exp":  # exp(7*log(x)) is x**7
            for logarithm in first.atoms(sp.log):
                self.bound_power(logarithm.args[0], first, node)
        if name == "floor" and (
            first.has(sp.Function) or not all(isinstance(a, Size | Rational) for a in first.atoms())
        ):
            raise self.error(
                "floor is for sizes", node, expected="an expression of sizes, such as floor(D/2)"
            )
        return own(FUNCTIONS[name](*arguments))

    READERS: ClassVar[Readers] = {
        ast.Constant: constant,
        ast.BinOp: binary,
        ast.UnaryOp: unary,
        ast.Compare: compare,
        ast.BoolOp: both,
        ast.Call: call,
        ast.Name: lambda self, node: self.name(node),
    }
    """The whitelist: what a formula may consist of."""


class NamedFormula(FormulaReader):
    """A formula whose names stand for given expressions."""

    def __init__(self, statement: Statement, names: Mapping[str, Expr]) -> None:
        super().__init__(statement)
        self.names = {**CONSTANTS, **names}

    def name(self, node: ast.Name) -> Expr:
        if node.id not in self.names:
            known = ", ".join(self.names)
            raise self.error(
                f"{node.id} stands for nothing here", node, f"one of {known}", nearest(node.id, self.names)
            )
        return self.names[node.id]


def require_real(value: Expr, statement: Statement) -> None:
    """Raises EquationError where a formula's value cannot be a real number, whatever its names stand for."""
    compared = dict.fromkeys(value.atoms(ArgMax), S.Zero)  # what takes no part in a maximum is infinite
    if value.xreplace(compared).has(S.ImaginaryUnit, *NOT_FINITE):
        raise statement.error(
            "this is not a real number",
            expected="no division by 0, no root or logarithm of a negative number",
        )


def _fits(number: Rational) -> bool:
    """Whether a number is neither too large nor too small for a float, nor too long to be printed."""
    above, below = abs(number.p).bit_length(), number.q.bit_length()
    return max(above, below) <= MAX_BITS and abs(above - below) <= 1000


def _count(wanted: int) -> str:
    return "1 argument" if wanted == 1 else f"{wanted} arguments"
