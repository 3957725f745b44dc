"""A program as text in the language that `parse.py` reads, in the order in which a person writes sums and
products. What is read back has the same tensors, and equations equal up to the order and the signs that SymPy
settles when it builds a sum.

Ranges and shapes are written only where they do not follow, which is found out by solving for them again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sympy import Add, Dummy, Expr, Indexed, Mul, Sum
from sympy.concrete.expr_with_limits import ExprWithLimits
from sympy.printing.str import StrPrinter

from symnet.equations.program import Equation, Program
from symnet.equations.ranges import Shapes, Solver
from symnet.errors import EquationError
from symnet.index.calculus import is_negative
from symnet.index.functions import Bracket
from symnet.index.recall import up_to_names
from symnet.index.reductions import ArgMax, binders_of
from symnet.index.symbols import Index, Role, Tensor, name_of


class LanguagePrinter(StrPrinter):
    """SymPy's own text, with what the language writes otherwise: X[n,i], sum(body, i), a < b, abs(x)."""

    printmethod = "_text_of_the_language"  # Indexed would print itself: no class has a method of this name

    def __init__(self, ranges: bool, first: Sequence[Index] = ()) -> None:
        super().__init__({"order": "none"})
        self.ranges = ranges  # whether a reduction says how far its index runs
        self.first = tuple(first)  # the indices on the left, which lead the way through a product

    def _as_ordered_terms(self, expr: Expr, order: str | None = None) -> list[Expr]:
        """Terms as one writes them: sums, then the rest, what has a minus last."""
        return sorted(expr.args, key=_term_order)

    def _print_Mul(self, expr: Expr) -> str:
        """Factors as one writes them: a number, then what has the first index on the left, brackets, sums."""
        number, rest = expr.as_coeff_mul()
        factors = sorted(rest, key=self.factor_order)
        ordered = factors if number == 1 else [number, *factors]
        return str(super()._print_Mul(Mul(*ordered, evaluate=False)))

    def factor_order(self, factor: Expr) -> tuple[object, ...]:
        seen = factor.atoms(Index)
        place = next((k for k, index in enumerate(self.first) if index in seen), len(self.first))
        kind = 2 if isinstance(factor, Sum) else 1 if factor.has(Indexed) else 0
        return (kind, place if kind else 0, isinstance(factor, Add), natural(str(factor)))

    def _print_Indexed(self, expr: Indexed) -> str:
        places = ",".join(self._print(place).replace(" ", "") for place in expr.indices)
        return f"{name_of(expr)}[{places}]"

    def _print_Sum(self, expr: Sum) -> str:
        return self.reduction("sum", expr)

    def _print_ArgMax(self, expr: ArgMax) -> str:
        return self.reduction("argmax", expr)

    def reduction(self, name: str, expr: ExprWithLimits) -> str:
        bound = (f"{i} < {self._print(size)}" if self.ranges else i.name for i, size in binders_of(expr))
        return f"{name}({', '.join((self._print(expr.function), *bound))})"

    def _print_less(self, expr: Expr) -> str:
        return self.bracket("<", expr)

    def _print_less_equal(self, expr: Expr) -> str:
        return self.bracket("<=", expr)

    def _print_equal(self, expr: Expr) -> str:
        return self.bracket("==", expr)

    def bracket(self, sign: str, expr: Expr) -> str:
        a, b = map(self._print, expr.args)
        return f"({a} {sign} {b})"

    def _print_where(self, expr: Expr) -> str:
        condition, *branches = map(self._print, expr.args)
        if isinstance(expr.args[0], Bracket):
            condition = condition[1:-1]  # the comma sets it apart
        return f"where({', '.join((condition, *branches))})"

    def _print_NegativeInfinity(self, expr: Expr) -> str:
        return "-inf"

    def _print_absolute(self, expr: Expr) -> str:
        return f"abs({self._print(expr.args[0])})"

    def _print_Exp1(self, expr: Expr) -> str:
        return "exp(1)"


def listed(parts: Sequence[str]) -> str:
    """In words: "a", "a and b", "a, b and c"."""
    return " and ".join(part for part in (", ".join(parts[:-1]), *parts[-1:]) if part)


def natural(name: str) -> tuple[object, ...]:
    """A key that puts W2 before W10."""
    return tuple(int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name))


def _term_order(term: Expr) -> tuple[object, ...]:
    negative = is_negative(term)
    settled = not term.has(Indexed) and not negative
    compound = any(isinstance(factor, Add) for factor in Mul.make_args(term))
    return (negative, not term.has(Sum), settled, settled and term.is_number, compound, natural(str(term)))


def expression_text(expr: Expr, ranges: bool = False) -> str:
    """`expr` in the language, in ASCII: X[n,2*i + k]*W[k]; with `ranges` each sum says how far its index
    runs.
    """
    return str(LanguagePrinter(ranges).doprint(expr))


def equation_text(equation: Equation, ranges: bool = False) -> str:
    """`Z[n,j] = sum(X[n,i]*W[i,j], i) + b[j]`"""
    return _equation_text(*equation.said, ranges)


@up_to_names
def _equation_text(tensor: Tensor, indices: tuple[Index, ...], rhs: Expr, ranges: bool) -> str:
    return f"{expression_text(tensor[indices])} = {LanguagePrinter(ranges, indices).doprint(rhs)}"


def program_text(program: Program) -> str:
    """The declarations and equations of `program`, one a line; `parse_program` gives the program back.

    What an equation belongs to and says in words is not part of the language, nor is whose adjoint or next
    value a tensor is.
    """
    lines = [
        f"{size}: size = {program.values[size.name]:.0f}"
        for size in program.sizes
        if size.name in program.values
    ]
    lines += [
        declaration(tensor, program)
        for tensor in program.tensors.values()
        if tensor.role != Role.INTERMEDIATE
    ]
    shapes: dict[str, tuple[Expr, ...]] = {
        t.name: t.shape for t in program.tensors.values() if t.role != Role.INTERMEDIATE
    }
    equations: list[str] = []
    for equation in program.equations:
        follow = _follows(equation, shapes)
        whole = equation.tensor.integer and not isinstance(equation.rhs, ArgMax)
        if whole or (equation.indices and not follow):
            lines.append(declaration(equation.tensor, program))
        equations.append(equation_text(equation, ranges=not follow))
        shapes[equation.tensor.name] = equation.tensor.shape
    return "\n".join((*lines, *equations, ""))


def declaration(tensor: Tensor, program: Program) -> str:
    """`X: input[N, D]`"""
    kind = "tensor" if tensor.role == Role.INTERMEDIATE else tensor.role.value
    shape = f"[{', '.join(map(expression_text, tensor.shape))}]" if tensor.shape else ""
    value = program.values.get(tensor.name)
    return (
        f"{tensor.name}: {kind}{shape}"
        + " integer" * tensor.integer
        + ("" if value is None else f" = {value!r}")
    )


def _follows(equation: Equation, shapes: Shapes) -> bool:
    """Whether the shape of the tensor and the range of each sum follow from the tensors before it."""
    sizes: dict[Expr, Expr] = {}

    def unknown(index: Index, size: Expr) -> Expr:
        dummy = Dummy(index.name, integer=True, positive=True)
        sizes[dummy] = size
        return dummy

    def unsized(expr: Any) -> Any:
        if not expr.has(ExprWithLimits):
            return expr
        if not isinstance(expr, ExprWithLimits):
            return expr.func(*map(unsized, expr.args))
        limits = [(i, 0, unknown(i, size) - 1) for i, size in reversed(binders_of(expr))]
        return expr.func(unsized(expr.function), *limits)

    shape = tuple(unknown(index, size) for index, size in equation.binders)
    tensor = Tensor(equation.tensor.name, shape)
    try:
        solver = Solver((Equation(tensor, equation.indices, unsized(equation.rhs)),), shapes)
        return not solver.solve(sizes) and all(
            solver.found[dummy].size == size for dummy, size in sizes.items()
        )
    except EquationError:
        return False
