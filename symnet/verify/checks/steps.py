"""Every printed line of every derivation, before and after its rewrite.

Three questions, each answered with numbers at random points where every tensor has the value that the program
gives it:

1. Is each line true? `before` and `after` are evaluated at every index; where a line differentiates, the
   derivative is taken
   by complex step on the one element (or sum) that it names.
2. Do the lines hang together? Each begins with what the last one ended with, and the first one is the chain
   rule itself, built here a
   second time as plain arrays: the sum, over the indices of the use, of adjoint * local derivative, added up
   at the place that is read.
3. Is a place forgotten? The shares of all places in one equation must be the whole slope of that equation
   along the tensor.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from sympy import Expr, Indexed, Sum
from sympy.concrete.expr_with_limits import ExprWithLimits

from symnet.derivation.journal import Adjoint, Contribution, Derived, Step
from symnet.equations.interpret import STEP, Array
from symnet.equations.program import Equation, Program, reads
from symnet.index.reductions import Binder, binders_of
from symnet.index.symbols import Scalar, Tensor, indices_of
from symnet.verify.context import Context, Station
from symnet.verify.findings import NOTHING, Finding, difference, magnitude, worse

NAME = "steps"
BOUND = 1e-12


@dataclass(frozen=True, slots=True)
class Verdict:
    """One comparison: what it was about and how large the error is."""

    line: tuple[object, ...]  # the parts of a sentence, put together only where it is needed
    error: float

    def __str__(self) -> str:
        return " ".join(map(str, self.line))


def check(derived: Derived, context: Context) -> Iterator[Finding]:
    """One finding a tensor that has an adjoint: all lines of its derivation."""
    lines = [Lines(derived, station) for station in context.stations]
    return (judge(derived, adjoint, lines) for adjoint in derived.adjoints)


def judge(derived: Derived, adjoint: Adjoint, lines: Sequence[Lines]) -> Finding:
    """The derivation of one adjoint, at every point for which there are `lines`."""
    how = "every line before and after, the chain rule that they begin with, and every place of the tensor"
    worst, detail, compared = 0.0, "", 0
    with np.errstate(all="ignore"):  # a wrong line may well divide by zero
        for verdict in (verdict for at_point in lines for verdict in at_point.verdicts(adjoint)):
            compared += 1
            if not verdict.error <= BOUND and not detail:
                detail = str(verdict)
            worst = worse(worst, verdict.error)
    detail = detail or _broken(derived, adjoint)
    return Finding(adjoint.of.name, NAME, how, compared, len(lines), BOUND, worst, detail)


def _broken(derived: Derived, adjoint: Adjoint) -> str:
    """Where the lines do not hang together; empty where they do."""
    name = adjoint.equation.tensor.name
    if derived.program.defining.get(name) != adjoint.equation:
        return f"the program's equation for {name} is not the one that was derived"
    for contribution in adjoint.contributions:
        if _chain(contribution.definition, contribution.steps) is None:
            return f"the lines for {contribution.occurrence} do not follow one another"
    first = adjoint.steps[0].before if adjoint.steps else adjoint.equation.rhs
    if _chain(first, adjoint.steps) != adjoint.equation.rhs:
        return f"the lines for {name} do not end with its equation"
    return ""


def _chain(value: Expr, steps: Sequence[Step]) -> Expr | None:
    """Where the steps lead from `value`, or None where one does not begin where the last one ended."""
    for step in steps:
        if step.before != value:
            return None
        value = step.after
    return value


class Lines:
    """The lines of a derivation, evaluated at one point."""

    def __init__(self, derived: Derived, station: Station) -> None:
        self.derived = derived
        self.values = station.values(derived.program)
        self.interpreter = station.point.interpreter(derived.program)
        self.interpreter.load(self.values)
        self.known: dict[tuple[object, ...], Array] = {}  # what has been evaluated, by what was asked

    def array(self, expr: Expr, binders: tuple[Binder, ...]) -> Array:
        """The value of `expr` at all values of the indices in `binders`."""
        key = (expr, binders)
        if key not in self.known:
            equation = Equation(
                Tensor("", tuple(size for _, size in binders)), tuple(index for index, _ in binders), expr
            )
            self.known[key] = self.interpreter.array(equation)
        return self.known[key]

    def same(self, step: Step, binders: tuple[Binder, ...]) -> Verdict:
        """Whether two expressions have the same values."""
        before, after = self.array(step.before, binders), self.array(step.after, binders)
        source = self.source(step.before, step.after)
        return self.compare((step.rule, step.before, "=", step.after), before, after, source)

    def compare(
        self, line: tuple[object, ...], actual: Array, expected: Array, source: float = 1.0
    ) -> Verdict:
        """The error of `actual`, relative to its size; or, where it is zero but for rounding, to the size
        `source` of what it is computed from.
        """
        size = max(magnitude(actual), magnitude(expected))
        return Verdict(line, difference(actual, expected, size if size > NOTHING * source else source))

    def source(self, *read: Expr) -> float:
        """The size of the adjoints that these expressions are computed from; 1 where there are none."""
        names = {name for expr in read for name in reads(expr)}
        blame = [name for name in names if self.derived.program.tensors[name].adjoint_of]
        return max((magnitude(self.values[name]) for name in blame), default=1.0)

    def verdicts(self, adjoint: Adjoint) -> Iterator[Verdict]:
        """Every comparison that the derivation of one adjoint asks for."""
        binders = adjoint.equation.binders
        shares: dict[str, Array] = {}
        for contribution in adjoint.contributions:
            yield from self.contribution(adjoint, contribution)
            share = self.array(contribution.result, binders)
            user = contribution.use.tensor.name
            shares[user] = shares[user] + share if user in shares else share
        for step in adjoint.steps:
            yield self.same(step, binders)
        first = adjoint.steps[0].before if adjoint.steps else adjoint.equation.rhs
        collected = sum(shares.values(), np.zeros(self.values[adjoint.of.name].shape))
        yield self.compare(
            ("the sum of all shares is", first), self.array(first, binders), collected, self.source(first)
        )
        yield from self.places(adjoint, shares)

    def contribution(self, adjoint: Adjoint, contribution: Contribution) -> Iterator[Verdict]:
        """The lines for one place where the tensor stands."""
        binders, local = contribution.use.binders, np.ones(())
        for step in contribution.local:
            if step.wrt is None:
                before = self.array(step.before, binders)
                yield self.compare(("the product of the derivatives is", step.before), before, local)
                yield self.same(step, binders)
                continue
            slope = self.slope(step.before, step.wrt, binders)
            line = (step.rule, step.before, "by", step.wrt, "=", step.after)
            yield self.compare(line, self.array(step.after, binders), slope)
            local = local[(...,) + (None,) * (slope.ndim - local.ndim)] * slope
            if isinstance(step.wrt, Sum):
                binders = binders + binders_of(step.wrt)
        own = adjoint.equation.binders
        stated = self.array(contribution.definition, own)
        line = (
            "the chain rule for",
            contribution.occurrence,
            "in",
            contribution.use,
            "is",
            contribution.definition,
        )
        expected = self.chain_rule(adjoint, contribution, binders, local)
        yield self.compare(line, stated, expected, self.source(contribution.definition))
        for step in contribution.steps:
            yield self.same(step, own)

    def slope(self, expr: Expr, by: Expr, binders: tuple[Binder, ...]) -> Array:
        """The derivative of `expr` with respect to the element or sum `by`, by the complex step, at every
        index.
        """
        key = (expr, by, binders)
        if key not in self.known:
            self.known[key] = self.measured_slope(expr, by, binders)
        return self.known[key]

    def measured_slope(self, expr: Expr, by: Expr, binders: tuple[Binder, ...]) -> Array:
        shape = tuple(size for _, size in binders)
        moved = Tensor(f"+{shape}", shape)
        self.interpreter.give(moved, self.array(by, binders) + STEP * 1j)
        indices = tuple(index for index, _ in binders)
        opened = _replace_outermost(expr, by, moved[indices])
        stepped = self.interpreter.array(Equation(Tensor("", moved.shape), indices, opened))
        return stepped.imag / STEP

    def blame(self, use: Equation) -> Array | None:
        """The adjoint of the tensor that the equation `use` defines; None where the loss does not depend on
        it.
        """
        if use.tensor.name == self.derived.loss.name:
            return np.ones(())
        adjoint = next((a for a in self.derived.adjoints if a.of.name == use.tensor.name), None)
        return None if adjoint is None else self.values[adjoint.equation.tensor.name]

    def chain_rule(
        self, adjoint: Adjoint, contribution: Contribution, binders: tuple[Binder, ...], local: Array
    ) -> Array:
        """What the chain rule says that this place adds, without any symbol: each share is added where it was
        read.
        """
        blame = self.blame(contribution.use)
        if blame is None:
            return np.full((), np.nan)
        outer = len(contribution.use.indices)
        shares = local * blame[(...,) + (None,) * (local.ndim - outer)]
        result = self.values[adjoint.equation.tensor.name]
        flat, inside = np.zeros(shares.shape, dtype=int), np.full(shares.shape, True)
        for at, extent in zip(indices_of(contribution.occurrence), map(int, result.shape), strict=True):
            place = np.real(self.array(at, binders)).astype(int)
            inside &= (place >= 0) & (place < extent)
            flat = flat * extent + place
        return np.bincount(flat[inside], shares[inside], result.size).reshape(result.shape)

    def places(self, adjoint: Adjoint, shares: dict[str, Array]) -> Iterator[Verdict]:
        """For each equation that reads the tensor, whether the shares of all places in it are its whole
        slope.
        """
        for use in uses(self.derived.primal, adjoint.of.name, self.derived.loss.name):
            share = shares.get(use.tensor.name, np.zeros(self.values[adjoint.of.name].shape))
            blame = self.blame(use)
            if blame is None:  # nothing must pass through an equation that has no adjoint
                blame = np.ones(self.values[use.tensor.name].shape)
            line = ("every place of", adjoint.of.name, "in", use, "is counted")
            yield self.compare(line, share, self.whole(use, adjoint.of, blame), magnitude(blame))

    def whole(self, use: Equation, tensor: Tensor, blame: Array) -> Array:
        """The slope of the equation `use` along every element of `tensor`, weighted with `blame`, by the
        complex step.
        """
        key = (use, tensor)
        if key not in self.known:
            self.known[key] = self.measured_whole(use, tensor, blame)
        return self.known[key]

    def measured_whole(self, use: Equation, tensor: Tensor, blame: Array) -> Array:
        return self.interpreter.pulled_back(use, tensor, self.values[tensor.name], blame)


def uses(program: Program, name: str, loss: str) -> list[Equation]:
    """The equations that read the tensor `name` and that the loss depends on smoothly."""
    needed, pending = set[str](), [loss]
    while pending:
        equation = program.defining.get(pending.pop())
        if equation is not None and equation.tensor.name not in needed and not equation.tensor.integer:
            needed.add(equation.tensor.name)
            pending.extend(reads(equation.rhs))
    return [equation for equation in program.uses[name] if equation.tensor.name in needed]


def _replace_outermost(expr: Expr, old: Expr, new: Expr) -> Expr:
    """`expr` with `new` for `old`, but not inside of other sums or elements: they count as constants."""
    if expr == old:
        return new
    if isinstance(expr, Indexed | Scalar | ExprWithLimits) or not expr.args:
        return expr
    return expr.func(*(_replace_outermost(argument, old, new) for argument in expr.args))
