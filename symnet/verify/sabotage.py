"""Sabotage: a derivation with one thing wrong in it, in every place and every way that a slip of the pen
would take.

A check that cannot refuse proves nothing. Each line of each derivation and each adjoint equation is broken in
turn: a wrong sign, a factor 2, a term or a factor dropped, two indices swapped (a lost transpose), an index
shifted by one. A change that leaves every value as it was (a transposed symmetric thing, a factor that is 1
anyway) is no mistake and is left out; that is decided with numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from sympy import Add, Expr, Indexed, Integer, Mul, nan, oo, zoo

from symnet.derivation.journal import Adjoint, Contribution, Derived, Step
from symnet.index.calculus import free_indices
from symnet.index.reductions import Binder, binders_of
from symnet.verify.checks.steps import Lines

CHANGED = 1e-6
"""A change by less, relative to the largest value or to what it is computed from, is no change."""


@dataclass(frozen=True, slots=True)
class Sabotage:
    """A derivation with one thing wrong in it."""

    description: str  # what was done, and where
    tensor: str  # the tensor whose adjoint it concerns
    derived: Derived


def mutants(expr: Expr) -> Iterator[tuple[str, Expr]]:
    """Every way to get `expr` wrong by one slip, with what was done."""
    yield "the sign is wrong", -expr
    yield "a factor 2", 2 * expr
    yield from _inside(expr)


def _inside(expr: Expr) -> Iterator[tuple[str, Expr]]:
    """The slips at one place inside of `expr`."""
    if isinstance(expr, Indexed):
        yield from _at_other_indices(expr)
        return
    if isinstance(expr, Add):
        for k, term in enumerate(expr.args):
            others = (*expr.args[:k], *expr.args[k + 1 :])
            yield f"the term {term} is dropped", Add(*others)
            yield f"the sign of {term} is wrong", Add(*others, -term)
    if isinstance(expr, Mul):
        for k, factor in enumerate(expr.args):
            yield f"the factor {factor} is dropped", Mul(*expr.args[:k], *expr.args[k + 1 :])
    for k, argument in enumerate(expr.args):
        if isinstance(argument, Expr) and argument.args:
            for what, wrong in _inside(argument):
                yield what, expr.func(*expr.args[:k], wrong, *expr.args[k + 1 :])


def _at_other_indices(element: Indexed) -> Iterator[tuple[str, Expr]]:
    for i, j in combinations(range(len(element.indices)), 2):
        indices = list(element.indices)
        indices[i], indices[j] = indices[j], indices[i]
        yield f"{element} is transposed", element.base[tuple(indices)]
    for i, index in enumerate(element.indices):
        indices = [*element.indices[:i], index + Integer(1), *element.indices[i + 1 :]]
        yield f"an index of {element} is shifted", element.base[tuple(indices)]


def sabotaged_steps(derived: Derived, lines: Lines) -> Iterator[Sabotage]:
    """A sabotaged derivation for every slip in every line of `derived`; `lines` are its lines at some
    point.
    """
    for position, adjoint in enumerate(derived.adjoints):
        for what, wrong in _wrong_adjoints(adjoint, lines):
            adjoints = (*derived.adjoints[:position], wrong, *derived.adjoints[position + 1 :])
            yield Sabotage(
                f"{adjoint.equation.lhs}, {what}", adjoint.of.name, replace(derived, adjoints=adjoints)
            )


def sabotaged_equations(derived: Derived, lines: Lines) -> Iterator[Sabotage]:
    """A sabotaged derivation for every slip in every adjoint equation of `derived`."""
    for position, adjoint in enumerate(derived.adjoints):
        equation = adjoint.equation
        for what, rhs in _changed(equation.rhs, equation.binders, lines):
            wrong = replace(equation, rhs=rhs)
            equations = tuple(wrong if e == equation else e for e in derived.program.equations)
            adjoints = list(derived.adjoints)
            adjoints[position] = replace(adjoint, equation=wrong)
            program = replace(derived.program, equations=equations)
            broken = replace(derived, adjoints=tuple(adjoints), program=program)
            yield Sabotage(f"{equation}: {what}", adjoint.of.name, broken)


def _wrong_adjoints(adjoint: Adjoint, lines: Lines) -> Iterator[tuple[str, Adjoint]]:
    for position, contribution in enumerate(adjoint.contributions):
        for what, wrong in _wrong_contributions(contribution, adjoint.equation.binders, lines):
            contributions = (*adjoint.contributions[:position], wrong, *adjoint.contributions[position + 1 :])
            yield what, replace(adjoint, contributions=contributions)
    for what, steps in _wrong_steps(adjoint.steps, adjoint.equation.binders, lines):
        yield what, replace(adjoint, steps=steps)


def _wrong_contributions(
    contribution: Contribution, own: tuple[Binder, ...], lines: Lines
) -> Iterator[tuple[str, Contribution]]:
    for what, local in _wrong_local(contribution, lines):
        yield what, replace(contribution, local=local)
    for what, wrong in _changed(contribution.definition, own, lines):
        yield f"chain rule: {what}", replace(contribution, definition=wrong)
    for what, steps in _wrong_steps(contribution.steps, own, lines):
        yield what, replace(contribution, steps=steps)


def _wrong_local(contribution: Contribution, lines: Lines) -> Iterator[tuple[str, tuple[Step, ...]]]:
    """The local derivative, whose indices become more with each sum on the way."""
    binders = contribution.use.binders
    for k, step in enumerate(contribution.local):
        for what, steps in _wrong_steps(contribution.local[k : k + 1], binders, lines):
            yield what, (*contribution.local[:k], *steps, *contribution.local[k + 1 :])
        if step.wrt is not None and not isinstance(step.wrt, Indexed) and step.wrt.args:
            binders = binders + binders_of(step.wrt)


def _wrong_steps(
    steps: Sequence[Step], binders: tuple[Binder, ...], lines: Lines
) -> Iterator[tuple[str, tuple[Step, ...]]]:
    for k, step in enumerate(steps):
        for what, wrong in _changed(step.after, binders, lines):
            broken = replace(step, after=wrong)
            yield f"{step.rule} {step.before}: {what}", (*steps[:k], broken, *steps[k + 1 :])


def _changed(expr: Expr, binders: tuple[Binder, ...], lines: Lines) -> Iterator[tuple[str, Expr]]:
    """The mutants of `expr` that have another value somewhere."""
    bound = {index for index, _ in binders}
    value = lines.array(expr, binders)
    seen = {expr}
    for what, wrong in mutants(expr):
        if wrong not in seen and free_indices(wrong) <= bound and not wrong.has(nan, oo, zoo):
            seen.add(wrong)
            source = max(lines.source(expr), lines.source(wrong))  # a line that is 0 stays 0 but for rounding
            if not lines.compare((what,), lines.array(wrong, binders), value, source).error < CHANGED:
                yield what, wrong
