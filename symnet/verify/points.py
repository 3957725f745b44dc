"""Random points: small sizes and arrays for every tensor that is given, the same for the same seed on any
machine.

A size is drawn small whatever its value in the network is: a derivation holds for every size. Sizes that are
computed from others (a convolution's output) must come out as whole numbers of at least one, so the draw is
repeated until they do.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from sympy import Expr, Indexed, Integer
from sympy.concrete.expr_with_limits import ExprWithLimits

from symnet.equations.arrays import ArrayInterpreter
from symnet.equations.interpret import Array, Interpreter
from symnet.equations.program import Program
from symnet.errors import SymnetError
from symnet.index.reductions import binders_of
from symnet.index.symbols import GIVEN_ROLES, Role, Size, Tensor, name_of

SMALLEST, LARGEST = 3, 5
"""Sizes are drawn between these: large enough that no two axes or elements are alike, small enough for plain
loops. Networks of many axes have smaller ones (see `context.py`).
"""
ATTEMPTS = 100


@dataclass(frozen=True, slots=True)
class Point:
    """Sizes, and an array for every given tensor."""

    sizes: Mapping[str, int]
    given: Mapping[str, Array]

    def interpreter(self, program: Program) -> Interpreter:
        """The plain-loop interpreter of `program` at these sizes."""
        return Interpreter(program, self.known)

    def arrays(self, program: Program) -> ArrayInterpreter:
        """The array interpreter of `program` at these sizes: for sizes that plain loops make slow."""
        return ArrayInterpreter(program, self.known)

    @property
    def known(self) -> dict[Expr, Integer]:
        """The sizes as SymPy has them."""
        return {Size(name): Integer(value) for name, value in self.sizes.items()}

    def shape(self, tensor: Tensor) -> tuple[int, ...]:
        """The shape of `tensor` at these sizes."""
        return tuple(int(extent_at(extent, self.sizes)) for extent in tensor.shape)

    def run(self, program: Program, known: Mapping[str, Array] | None = None) -> dict[str, Array]:
        """The value of every tensor of `program`, by plain loops; those in `known` are not computed again."""
        return self.interpreter(program).run({**self.given, **(known or {})})


def draw(program: Program, rng: np.random.Generator, largest: int = LARGEST) -> Iterator[Point]:
    """Random small points, one after another, at each of which every tensor of `program` has finite values;
    sizes are at most `largest` where such sizes are to be had.

    Raises SymnetError where no such point is found.
    """
    while True:
        yield _finite(program, (_small(program, rng, attempt, largest) for attempt in range(ATTEMPTS)))


def draw_actual(program: Program, rng: np.random.Generator, sizes: Mapping[str, int]) -> Point:
    """A random point at these sizes, the numbers that belong to the program as they are; other sizes are
    drawn small.
    """
    chosen = draw_sizes(program, rng, SMALLEST, sizes)

    def attempt(number: int) -> Point:
        arrays = draw_arrays(program, chosen, rng, positive=number % 2 == 1)
        own = {name: value for name, value in arrays.items() if name not in program.values}
        return Point(chosen, own)

    return _finite(program, map(attempt, range(8)))


def _moderate(tensor: Tensor, value: Array) -> Array:
    """Weights divided by the square root of their first extent, so that sums over a long axis saturate
    nothing.
    """
    return value / math.sqrt(value.shape[0]) if tensor.role == Role.PARAMETER and tensor.rank > 1 else value


def _small(program: Program, rng: np.random.Generator, attempt: int, largest: int) -> Point:
    sizes = draw_sizes(program, rng, largest, smallest=min(SMALLEST, largest - 1))
    return Point(sizes, draw_arrays(program, sizes, rng, positive=attempt % 2 == 1))


def _finite(program: Program, points: Iterable[Point]) -> Point:
    """The first of the points at which every value is finite."""
    for point in points:
        if all(np.isfinite(array).all() for array in point.arrays(program).run(point.given).values()):
            return point
    raise SymnetError("no random point was found at which every equation has a finite value")


def draw_sizes(
    program: Program,
    rng: np.random.Generator,
    largest: int,
    fixed: Mapping[str, int] | None = None,
    smallest: int = SMALLEST,
) -> dict[str, int]:
    """A value for every symbolic size, so that every axis has entries, two if that can be had; those in
    `fixed` are kept.
    """
    fixed = {name: value for name, value in (fixed or {}).items() if Size(name) in program.sizes}
    kept = {Size(name) for name in fixed}
    extents = {extent for tensor in program.tensors.values() for extent in tensor.shape}
    for attempt in range(ATTEMPTS):
        upper = largest + attempt // 8
        sizes = {s.name: int(rng.integers(smallest, upper, endpoint=True)) for s in program.sizes} | fixed
        wanted = 2 if attempt < ATTEMPTS // 2 else 1
        least = {extent: wanted if extent.atoms(Size) - kept else 1 for extent in extents}
        values = {extent: extent_at(extent, sizes) for extent in extents}
        if all(values[extent].is_Integer and values[extent] >= least[extent] for extent in extents):
            return sizes
    raise SymnetError(
        "no sizes were found at which every tensor has an entry",
        expected=f"{', '.join(map(str, program.sizes))}",
    )


def extent_at(extent: Expr, sizes: Mapping[str, int]) -> Expr:
    """The extent of an axis at these sizes."""
    return extent.xreplace({symbol: Integer(sizes[symbol.name]) for symbol in extent.atoms(Size)})


def draw_arrays(
    program: Program, sizes: Mapping[str, int], rng: np.random.Generator, positive: bool = False
) -> dict[str, Array]:
    """An array for every tensor that is given: normal numbers, or with `positive` ones between 0.1 and 0.9.

    What is remembered or drawn and numbers set before training are always drawn positive; whole numbers point
    into the axes that they are read at.
    """
    arrays: dict[str, Array] = {}
    for tensor in program.of_role(*GIVEN_ROLES):
        shape = tuple(int(extent_at(extent, sizes)) for extent in tensor.shape)
        if tensor.integer:
            arrays[tensor.name] = rng.integers(0, _positions(program, tensor, sizes), shape)
        elif positive or tensor.role in (Role.STATE, Role.HYPERPARAMETER, Role.RANDOM):
            arrays[tensor.name] = rng.uniform(0.1, 0.9, shape)
        else:
            arrays[tensor.name] = _moderate(tensor, rng.normal(size=shape))
    return arrays


def _positions(program: Program, tensor: Tensor, sizes: Mapping[str, int]) -> int:
    """How many positions the whole numbers in `tensor` may take: the extent of the shortest axis that they
    are read at.
    """
    extents = [min(sizes.values(), default=SMALLEST)]
    read_at = []
    for equation in program.equations:
        for element in equation.rhs.atoms(Indexed):
            shape = program.tensors[name_of(element)].shape
            for place, extent in zip(element.indices, shape, strict=True):
                if any(name_of(inner) == tensor.name for inner in place.atoms(Indexed)):
                    read_at.append(int(extent_at(extent, sizes)))
    return min(read_at or extents)


def work(program: Program, sizes: Mapping[str, int]) -> int:
    """How many times the innermost expression of any equation is evaluated at these sizes: the cost of one
    evaluation.
    """
    total = 0
    for equation in program.equations:
        outer = math.prod(int(extent_at(extent, sizes)) for extent in equation.tensor.shape)
        total += outer * max(1, _inner(equation.rhs, sizes))
    return total


def _inner(expr: Expr, sizes: Mapping[str, int]) -> int:
    """How often the summands of all sums in `expr` are evaluated."""
    if not expr.has(ExprWithLimits):
        return 0
    inner = sum(_inner(argument, sizes) for argument in expr.args if isinstance(argument, Expr))
    if not isinstance(expr, ExprWithLimits):
        return inner
    return math.prod(int(extent_at(size, sizes)) for _, size in binders_of(expr)) * max(
        1, _inner(expr.function, sizes)
    )
