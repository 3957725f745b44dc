"""Second derivatives and Jacobians against complex steps through what they are derivatives of.

All parameters are moved at once, by i*1e-30 times a random direction v: the imaginary part of a gradient is
then the Hessian times v, that of any tensor its Jacobian times v. Blocks are multiplied by v and added up.

A product J^T C J v is judged in three parts: J v is the imaginary part of the tensors in the middle; C times
that is the imaginary part of the loss's gradient by them (or that gradient's multiple, for weights); and
J^T u is tested along a second direction w, by w . J^T u = J w . u.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from symnet.derivation.journal import Derived, Further, Middle
from symnet.equations.interpret import STEP, Array
from symnet.equations.program import Program
from symnet.verify.context import Context
from symnet.verify.findings import Finding, difference, magnitude, worse
from symnet.verify.points import Point

NAME = "further derivatives"
BOUND = 1e-11
"""Ten times what gradients are held to: one more derivative has its rounding, too."""
STREAM = 5
Pair = tuple[Array, Array, float]
"""What is claimed, what is measured, and what an error is relative to."""


def check(derived: Derived, context: Context) -> Iterator[Finding]:
    """One finding for each thing that is derived beyond the gradients."""
    for further in derived.further:
        rng = context.rng(STREAM)
        compared, worst = 0, 0.0
        for station in context.stations:
            for actual, expected, scale in _Judge(derived, further, station.point, rng).pairs():
                compared += expected.size
                worst = worse(worst, difference(actual, expected, scale))
        how = "along random directions, by complex steps through what it is the derivative of"
        yield Finding(further.name, NAME, how, compared, len(context.stations), BOUND, worst)


class _Judge:
    """One point at which something further is judged."""

    def __init__(self, derived: Derived, further: Further, point: Point, rng: np.random.Generator) -> None:
        self.derived, self.further, self.point = derived, further, point
        self.v, self.w = (
            {tensor.name: rng.normal(size=point.shape(tensor)) for tensor in derived.wrt} for _ in range(2)
        )
        updates = {equation.tensor.name for equation in derived.updates}
        program = derived.computed.without(updates).extended(further.equations, further.directions.values())
        given = {tensor.name: self.v[name] for name, tensor in further.directions.items()}
        self.found = point.run(program, given)
        if further.middle is not None:
            self.found = {**point.run(further.middle.before), **self.found}

    def pairs(self) -> Iterator[Pair]:
        if self.further.middle is not None:
            yield from self.between(self.further.middle)
            return
        claims = self.products() if self.further.directions else self.rows()
        slopes = self.moved(self.derived.live, self.v)
        scale = max((magnitude(slopes[name]) for name in claims), default=0.0) or 1.0
        for name, claim in claims.items():
            yield claim, slopes[name], scale

    def moved(self, program: Program, along: Mapping[str, Array]) -> dict[str, Array]:
        """The slope of every tensor of `program` when these tensors, which are given, move."""
        given = {name: value for name, value in self.found.items() if name not in program.defining}
        steps = {name: given[name] + STEP * 1j * move for name, move in along.items()}
        values = self.point.run(program, {**given, **steps})
        return {name: np.imag(value) / STEP for name, value in values.items()}

    def gradient(self, name: str) -> str:
        """The tensor that is the gradient with respect to `name`."""
        return self.derived.gradients[name].equation.tensor.name

    def products(self) -> dict[str, Array]:
        """What is said to be the slope of each gradient."""
        return {self.gradient(name): self.found[t.name] for name, t in self.further.results.items()}

    def rows(self) -> dict[str, Array]:
        """Blocks times the direction, added up along the rows; one of a pair stands for the other, too."""
        claims: dict[str, Array] = {}
        symmetric = self.further.name == "hessian"
        for pair, tensor in self.further.results.items():
            row, column = pair.split(", ")
            block, rank = self.found[tensor.name], self.v[column].ndim
            name = self.gradient(row) if symmetric else row
            claims[name] = claims.get(name, 0.0) + np.tensordot(block, self.v[column], rank)
            if symmetric and row != column:
                name, rank = self.gradient(column), self.v[row].ndim
                claims[name] = claims.get(name, 0.0) + np.tensordot(self.v[row], block, rank)
        return claims

    def between(self, middle: Middle) -> Iterator[Pair]:
        """The three parts of a product with a matrix in the middle."""
        along_v, along_w = ({**self.moved(middle.before, d), **d} for d in (self.v, self.w))
        tangents = {name: along_v[name] for name in middle.directions}
        for name, tensor in middle.directions.items():
            if name not in self.v and tensor.name in self.found:  # where C is not zero throughout
                yield self.found[tensor.name], tangents[name], magnitude(tangents[name]) or 1.0
        carried = {name: self.found[tensor.name] for name, tensor in middle.results.items()}
        yield from self.curved(middle, tangents, carried)
        claim = sum(np.vdot(self.w[name], self.found[t.name]) for name, t in self.further.results.items())
        terms = [np.vdot(along_w[name], value) for name, value in carried.items()]
        yield np.asarray(claim), np.asarray(sum(terms)), sum(map(abs, terms)) or 1.0

    def curved(
        self, middle: Middle, tangents: Mapping[str, Array], carried: Mapping[str, Array]
    ) -> Iterator[Pair]:
        """C times the tangents; and whether the loss as a function of what is in the middle is the loss."""
        defining = middle.head.live.defining
        given = {name: value for name, value in self.found.items() if name not in defining}
        values = self.point.run(middle.head.live, given)
        loss = self.derived.loss.name
        yield values[loss], self.found[loss], magnitude(self.found[loss]) or 1.0
        slopes = self.moved(middle.head.live, tangents)
        of = {name: adjoint.equation.tensor.name for name, adjoint in middle.head.gradients.items()}
        measured = {n: slopes[t] if middle.curved else values[t] * tangents[n] for n, t in of.items()}
        scale = max(map(magnitude, measured.values()), default=0.0) or 1.0
        for name, value in measured.items():
            yield carried[name], value, scale
