"""Ranges follow from shapes: where each element of a tensor stands, and over what its indices run.

An index that stands bare on an axis, `i` in `X[n,i]`, runs over that axis's size, and every such place must
agree. Where it stands bare nowhere, it runs as far as an affine place allows, such as `X[n,2*i+k]`, all of
whose reads must lie inside. A place under a condition on the index (`where(i < D, X[n,i], 1)`) asks for
nothing: what is outside the range is not read.

While an equation is being read, a size that is not known yet is a Dummy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sympy import Add, Dummy, Expr, Indexed, Mul, Number, NumberSymbol, Pow, S, Sum, Symbol, floor
from sympy.concrete.expr_with_limits import ExprWithLimits

from symnet.equations.formula import FUNCTIONS
from symnet.equations.program import Equation
from symnet.errors import EquationError, ShapeError
from symnet.index.calculus import affine
from symnet.index.functions import COMPUTED, Bracket, where
from symnet.index.reductions import ArgMax, binders_of
from symnet.index.symbols import Index, name_of

Shapes = Mapping[str, tuple[Expr, ...]]
Scope = Mapping[Index, Expr]
"""The indices that are bound at a place, with their sizes."""
Parts = Iterable[tuple[Expr, Scope, frozenset[Index]]]
"""The parts of an expression, each with the indices bound around it and those that a condition is on."""
NO_INDEX: frozenset[Index] = frozenset()


@dataclass(frozen=True, slots=True)
class Reading:
    """A place where something is read: an element, or an index or size as a number.

    With the indices that are bound there and their sizes, and those that a condition is on.
    """

    element: Expr
    scope: Scope
    guarded: frozenset[Index]


def readings(expr: Expr, scope: Scope, guarded: frozenset[Index] = NO_INDEX) -> Iterator[Reading]:
    """Every element, index and size in `expr`, those in the indices of elements too.

    Raises EquationError where `expr` holds what no equation may consist of.
    """
    if isinstance(expr, Indexed | Symbol):
        yield Reading(expr, scope, guarded)
        if isinstance(expr, Symbol):
            return
        parts: Parts = ((place, scope, guarded) for place in expr.indices)
    elif isinstance(expr, Number | NumberSymbol):
        return
    elif type(expr) in PARTS:
        parts = PARTS[type(expr)](expr, scope, guarded)
    else:
        raise EquationError(
            f"{expr} is not part of the language", expected="sums, products, powers and functions of elements"
        )
    for part in parts:
        yield from readings(*part)


def _arguments(expr: Expr, scope: Scope, guarded: frozenset[Index]) -> Parts:
    return ((argument, scope, guarded) for argument in expr.args)


def _reduction(expr: ExprWithLimits, scope: Scope, guarded: frozenset[Index]) -> Parts:
    binders = binders_of(expr)
    for index, size in binders:
        if index in scope:
            raise EquationError(f"{index} is bound already", expected="an index of the sum's own")
        yield size, scope, guarded
    yield expr.function, {**scope, **dict(binders)}, guarded


def _choice(expr: where, scope: Scope, guarded: frozenset[Index]) -> Parts:
    condition, *branches = expr.args
    yield condition, scope, guarded
    for branch in branches:
        yield branch, scope, guarded | condition.atoms(Index)


def _product(expr: Mul, scope: Scope, guarded: frozenset[Index]) -> Parts:
    conditions = [factor for factor in expr.args if isinstance(factor, Bracket)]
    inside = guarded.union(*(condition.atoms(Index) for condition in conditions)) if conditions else guarded
    for factor in expr.args:
        yield factor, scope, guarded if isinstance(factor, Bracket) else inside


PARTS: dict[type, Callable[[Any, Scope, frozenset[Index]], Parts]] = {
    **dict.fromkeys((Add, Pow), _arguments),
    **{f: _arguments for f in (*FUNCTIONS.values(), *COMPUTED.values()) if isinstance(f, type)},
    **dict.fromkeys((Sum, ArgMax), _reduction),
    where: _choice,
    Mul: _product,
}
"""What an expression may consist of, and how the parts of each stand in it."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """That an index runs over a size, and the element or text that says so."""

    index: Index
    size: Expr
    element: Expr | str


def fits(index: Index, size: Expr, extent: Expr, equation: Equation) -> bool:
    """Whether an index that runs over `size` may stand bare on an axis of `extent`: where these are the same,
    or where the left side of the equation, as it is declared, runs over a part of an axis that holds several
    of its size (half of 2*H). An adjoint, whose shape is its tensor's, may run over the first part of any
    longer axis (D of D + E, where tensors were laid side by side).
    """
    if size == extent or index not in equation.indices:
        return bool(size == extent)
    part = equation.tensor.is_derivative and (extent - size).is_nonnegative
    return bool((extent / size).is_Integer or part)


def disagree(one: Evidence, other: Evidence, equation: Equation) -> ShapeError:
    """The error that two places ask for different ranges of one index, in the equation's own terms."""
    over = [f"over {evidence.size} in {element_text(evidence.element)}" for evidence in (one, other)]
    message = f"{one.index} runs {over[0]} but {over[1]}"
    notes: list[str] = []
    for element in (other.element, one.element):
        if not isinstance(element, Indexed) or element == equation.lhs:
            continue
        missing = [str(index) for index in equation.indices if not element.has(index)]
        if missing and element in Add.make_args(equation.rhs):
            notes.append(f"{element_text(element)} is added for every {' and '.join(missing)}")
    expected = "the same size in both" + "".join(f"; {note}" for note in notes)
    return ShapeError(message, expected=expected)


class Solver:
    """The sizes of one equation, with those lifted out of it, that are not known yet."""

    def __init__(self, equations: tuple[Equation, ...], shapes: Shapes) -> None:
        self.main = equations[-1]
        self.found: dict[Expr, Evidence] = {}  # by the unknown
        self.guarded: dict[Expr, list[Evidence]] = {}  # what places under a condition would say
        self.affine: list[tuple[Reading, Expr, Expr]] = []  # with the place and the axis's size
        self.waiting = False  # for the shape of another tensor
        for equation in equations:
            for reading in readings(equation.rhs, dict(equation.binders)):
                if not isinstance(reading.element, Indexed):
                    continue
                if name_of(reading.element) in shapes:
                    self.collect(reading, shapes)
                else:
                    self.waiting = True

    def collect(self, reading: Reading, shapes: Shapes) -> None:
        for place, extent in zip(reading.element.indices, shapes[name_of(reading.element)], strict=True):
            if not isinstance(place, Index):
                self.affine.append((reading, place, extent))
            elif place in reading.guarded:
                self.guarded.setdefault(reading.scope[place], []).append(
                    Evidence(place, extent, reading.element)
                )
            else:
                self.unify(reading.scope[place], Evidence(place, extent, reading.element))

    def unify(self, size: Expr, evidence: Evidence) -> None:
        """`size`, which may be unknown, is what the evidence says."""
        if isinstance(size, Dummy):
            known = self.found.setdefault(size, evidence)
            if known.size != evidence.size:
                raise disagree(known, evidence, self.main)
        elif not fits(evidence.index, size, evidence.size, self.main):
            source = (
                self.main.lhs if evidence.index in self.main.indices else f"the sum over {evidence.index}"
            )
            raise disagree(Evidence(evidence.index, size, source), evidence, self.main)

    def solve(self, unknown: Iterable[Expr]) -> list[Expr]:
        """Finds what it can of the `unknown` sizes; returns those that stay open."""
        while any(size not in self.found for size in unknown) and self.solve_affine():
            pass
        for size, evidence in self.guarded.items():
            if isinstance(size, Dummy) and size not in self.found and len({e.size for e in evidence}) == 1:
                self.found[size] = evidence[0]
        return [size for size in unknown if size not in self.found]

    def sized(self, equation: Equation) -> Equation:
        """The equation with the sizes that were found."""
        sizes = {size: evidence.size for size, evidence in self.found.items()}
        shape = tuple(extent.xreplace(sizes) for extent in equation.tensor.shape)
        return replace(
            equation, tensor=replace(equation.tensor, shape=shape), rhs=equation.rhs.xreplace(sizes)
        )

    def solve_affine(self) -> bool:
        """Whether an affine place has given the size of one more unknown."""
        known = {size: evidence.size for size, evidence in self.found.items()}
        for reading, place, extent in self.affine:
            unknown = [
                i
                for i in sorted(place.atoms(Index), key=str)
                if reading.scope[i] in self.unsolved(reading, place)
            ]
            if len(unknown) != 1:
                continue
            scope = {index: known.get(size, size) for index, size in reading.scope.items()}
            reach = affine_range(place, unknown[0], scope, extent)
            if reach is not None:
                self.found[reading.scope[unknown[0]]] = Evidence(unknown[0], reach, reading.element)
                return True
        return False

    def unsolved(self, reading: Reading, place: Expr) -> set[Expr]:
        sizes = {reading.scope[index] for index in place.atoms(Index)}
        return {size for size in sizes if isinstance(size, Dummy) and size not in self.found}

    def unbound(self, index: Index) -> EquationError:
        name = self.main.tensor.name
        if index in self.main.indices:
            return EquationError(
                f"nothing says how far {index} runs in {element_text(self.main.lhs)}",
                expected=f"{index} alone at a place of a tensor of known shape, or {name}: tensor[...]",
            )
        return EquationError(
            f"nothing says how far {index} runs in the sum over {index}",
            expected=f"{index} alone at a place of a tensor of known shape, or its range: {index} < SIZE",
        )


def affine_range(place: Expr, index: Index, scope: Scope, extent: Expr) -> Expr | None:
    """How far `index` runs so that every read at `place` lies inside an axis of size `extent`, or None where
    none says.

    X[n,2*i+k] with k < K on an axis of size D: 2*i + K - 1 <= D - 1, so i runs over floor((D - K)/2) + 1.
    """
    indices = sorted(place.atoms(Index), key=str)
    coefficients = affine(place, indices)
    if coefficients is None or place.has(Indexed) or any(c < 1 for c in coefficients.values()):
        return None
    rest = Add(place, *(-c * i for i, c in coefficients.items()))
    if not rest.is_nonnegative:
        return None
    reached = Add(*(c * (scope[i] - 1) for i, c in coefficients.items() if i != index))
    last = extent - 1 - rest - reached
    stride = coefficients[index]
    return last + 1 if stride == 1 else floor((last / stride).expand()) + S.One


def element_text(element: Expr | str) -> str:
    """An element as it is written in an equation, without blanks."""
    return element if isinstance(element, str) else str(element).replace(" ", "")
