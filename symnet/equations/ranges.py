"""Ranges follow from shapes: where each element of a tensor stands, and over what its indices run.

An index that stands bare on an axis, `i` in `X[n,i]`, runs over that axis's size, and every such place must agree. Where it stands bare
nowhere, it runs as far as an affine place allows, such as `X[n,2*i+k]`, all of whose reads must lie inside. A place under a condition
on the index (`where(i < D, X[n,i], 1)`) asks for nothing: what is outside the range is not read.

While an equation is being read, a size that is not known yet is a Dummy.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sympy import Add, Dummy, Expr, Indexed, Mul, Number, NumberSymbol, Pow, S, Sum, Symbol, floor
from sympy.concrete.expr_with_limits import ExprWithLimits

from symnet.equations.formula import FUNCTIONS
from symnet.equations.program import Equation
from symnet.errors import EquationError, ShapeError
from symnet.index.calculus import affine
from symnet.index.functions import Bracket, where
from symnet.index.reductions import ArgMax, binders_of
from symnet.index.symbols import Index, name_of

Shapes = Mapping[str, tuple[Expr, ...]]
NO_INDEX: frozenset[Index] = frozenset()


NODES = frozenset({Add, Mul, Pow, Sum, ArgMax, *(f for f in FUNCTIONS.values() if isinstance(f, type))})
"""What joins the parts of an expression."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A place where something is read: an element, or an index or size as a number. With the indices that are bound there and their
    sizes, and those that a condition is on."""

    element: Expr
    scope: Mapping[Index, Expr]
    guarded: frozenset[Index]


def readings(
    expr: Expr, scope: Mapping[Index, Expr], guarded: frozenset[Index] = NO_INDEX
) -> Iterator[Reading]:
    """Every element, index and size in `expr`, those in the indices of elements too.

    Raises EquationError where `expr` holds what no equation may consist of.
    """
    if isinstance(expr, Indexed):
        yield Reading(expr, scope, guarded)
        for place in expr.indices:
            yield from readings(place, scope, guarded)
    elif isinstance(expr, Symbol):
        yield Reading(expr, scope, guarded)
    elif isinstance(expr, Number | NumberSymbol):
        return
    elif type(expr) not in NODES:
        raise EquationError(
            f"{expr} is not part of the language", expected="sums, products, powers and functions of elements"
        )
    elif isinstance(expr, ExprWithLimits):
        binders = binders_of(expr)
        for index, size in binders:
            if index in scope:
                raise EquationError(f"{index} is bound already", expected="an index of the sum's own")
            yield from readings(size, scope, guarded)
        yield from readings(expr.function, {**scope, **dict(binders)}, guarded)
    elif isinstance(expr, where):
        condition, *branches = expr.args
        yield from readings(condition, scope, guarded)
        inside = guarded | condition.atoms(Index)
        for branch in branches:
            yield from readings(branch, scope, inside)
    elif isinstance(expr, Mul):
        conditions = [factor for factor in expr.args if isinstance(factor, Bracket)]
        inside = (
            guarded.union(*(condition.atoms(Index) for condition in conditions)) if conditions else guarded
        )
        for factor in expr.args:
            yield from readings(factor, scope, guarded if isinstance(factor, Bracket) else inside)
    else:
        for argument in expr.args:
            yield from readings(argument, scope, guarded)


@dataclass(frozen=True, slots=True)
class Evidence:
    """That an index runs over a size, and the element or text that says so."""

    index: Index
    size: Expr
    element: Expr | str


def disagree(one: Evidence, other: Evidence, equation: Equation) -> ShapeError:
    """The error that two places ask for different ranges of one index, in the equation's own terms."""
    message = f"{one.index} runs over {one.size} in {element_text(one.element)} but over {other.size} in {element_text(other.element)}"
    elements = [
        e.element for e in (other, one) if isinstance(e.element, Indexed) and e.element != equation.lhs
    ]
    notes: list[str] = []
    for element in elements:
        missing = [str(index) for index in equation.indices if not element.has(index)]
        if missing and element in Add.make_args(equation.rhs):
            notes.append(f"{element_text(element)} is added for every {' and '.join(missing)}")
    expected = "the same size in both" + "".join(f"; {note}" for note in notes)
    return ShapeError(message, expected=expected)


class Solver:
    """The sizes of one equation (with those lifted out of it) that are not known yet, from the shapes that are."""

    def __init__(
        self, equations: tuple[Equation, ...], shapes: Shapes, stated: Iterable[Evidence] = ()
    ) -> None:
        self.equations = equations
        self.main = equations[-1]
        self.found: dict[Expr, Evidence] = {}  # by the unknown
        self.guarded: dict[Expr, list[Evidence]] = {}  # what places under a condition would say
        self.affine: list[tuple[Reading, Expr, Expr]] = []  # with the place and the axis's size
        self.waiting = False  # for the shape of another tensor
        for evidence in stated:
            self.found.setdefault(evidence.size, evidence)
        for equation in equations:
            scope = dict(equation.binders)
            for reading in readings(equation.rhs, scope):
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
        elif size != evidence.size:
            source = (
                self.main.lhs if evidence.index in self.main.indices else f"the sum over {evidence.index}"
            )
            raise disagree(Evidence(evidence.index, size, source), evidence, self.main)

    def solve(self, unknown: Mapping[Expr, Index]) -> dict[Expr, Expr]:
        """The size of every unknown, each given with the index whose range it is. Raises EquationError where one stays open."""
        while any(size not in self.found for size in unknown) and self.solve_affine():
            pass
        for size, evidence in self.guarded.items():
            if size in unknown and size not in self.found and len({e.size for e in evidence}) == 1:
                self.found[size] = evidence[0]
        for size, index in unknown.items():
            if size not in self.found:
                raise self.unbound(index)
        return {size: self.found[size].size for size in unknown}

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
            axes = ", ".join(f"size of {i}" for i in self.main.indices)
            return EquationError(
                f"nothing says how far {index} runs in {element_text(self.main.lhs)}",
                expected=f"{index} alone at a place of a tensor of known shape, or a line {name}: tensor[{axes}] before",
            )
        return EquationError(
            f"nothing says how far {index} runs in the sum over {index}",
            expected=f"{index} alone at a place of a tensor of known shape, or its range: {index} < SIZE",
        )


def affine_range(place: Expr, index: Index, scope: Mapping[Index, Expr], extent: Expr) -> Expr | None:
    """How far `index` runs so that every read at `place` lies inside an axis of size `extent`, or None where none says.

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
    return str(element).replace(" ", "")
