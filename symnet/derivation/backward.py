"""The chain rule over a program: the adjoint of each tensor is the sum over every place where it is used.

    dX[p...] = Sum over occurrences X[f(out, k)] in T[out] = rhs :
               Sum over out and k of  dT[out] * (local derivative) * [f(out, k) = p]

One `Adjoint` record a tensor, from the loss back. The adjoint of a recurrence reads itself at the later index
by the same rule.

What is derived need not be a single number. A loss with axes of its own gives every adjoint these axes in
front: dT[a, p...] = dL[a]/dT[p...], a Jacobian. The rule is the same; it begins with the deltas [a = p] in
place of 1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Set
from dataclasses import dataclass, replace
from functools import partial

from sympy import Add, Expr, Indexed, Mul, Sum

from symnet.derivation.contract import Delta, contract, definition
from symnet.derivation.journal import Adjoint, Contribution, Equality, Later, Named, Step
from symnet.derivation.known_sums import is_mean, settle_sums
from symnet.derivation.occurrences import occurrences
from symnet.derivation.reuse import common, grouped, reuse_products, shortest
from symnet.derivation.substitute import divides, substitute_adjoint
from symnet.equations.program import Equation, Program, reads
from symnet.errors import DerivationError
from symnet.index.bounds import Ranges, decided
from symnet.index.calculus import bound_apart, bound_in, fresh, numbers_out, pull, rename_apart, substitute
from symnet.index.forms import renamed
from symnet.index.functions import Bracket, equal
from symnet.index.recall import Answer, Recall, nothing_asked
from symnet.index.reductions import Binder, total
from symnet.index.symbols import Index, Role, Scalar, Tensor, indices_of, name_of
from symnet.messages import Message, say, say_count
from symnet.simplify.named_sums import unused


@dataclass(frozen=True, slots=True)
class Use:
    """One place where a tensor is used, in one equation."""

    equation: Equation
    element: Expr  # as it stands there
    number: int  # among the occurrences in the equation


@dataclass(frozen=True, slots=True)
class Formula:
    """An adjoint's right-hand side, and how it came about."""

    value: Expr
    contributions: tuple[Contribution, ...]
    steps: tuple[Step, ...]
    vanished: tuple[int, ...]  # the uses that add nothing


Naming = Callable[[Tensor, Set[str]], Tensor]
"""What the adjoint of a tensor is called and what it stands for; its name is made one that is not taken."""


def adjoint_of(tensor: Tensor, taken: Set[str]) -> Tensor:
    """The adjoint of W1 is dW1."""
    return Tensor(unused(f"d{tensor.name}", taken), tensor.shape, adjoint_of=tensor.name)


class Backward:
    """The adjoints of one program: what they are called, and what they are made of.

    `axes` are the indices of the loss, where it is no single number: all adjoints have them in front.
    """

    def __init__(
        self,
        program: Program,
        loss: Tensor,
        wrt: tuple[Tensor, ...],
        naming: Naming = adjoint_of,
        flat: bool = False,
    ) -> None:
        self.program = program
        self.loss = loss
        self.wrt = wrt
        self.targets = frozenset(tensor.name for tensor in wrt)
        self.naming = naming
        self.flat = flat  # whether the loss may be flat in some of `wrt`: derivatives of zero
        self.axes = axes_of(program, loss)
        self.relevant = self.reached = _relevant(program, loss, wrt)
        self.uses = self.smooth_uses()
        # in how many places the adjoint of each tensor will stand
        self.places = Counter(use.equation.tensor.name for uses in self.uses.values() for use in uses)
        self.tensors = self.name_adjoints()
        known = (*program.tensors.values(), *self.tensors.values())
        self.moving = frozenset(t.name for t in known if t.tangent_of)
        self.shapes = {t.name: t.shape for t in known}
        self.done: dict[str, Adjoint] = {}
        self.formulas: Recall[Formula] = Recall()

    def smooth_uses(self) -> dict[str, list[Use]]:
        """Where each tensor stands. One that stands in flat places only, such as comparisons, is no longer
        relevant.

        Raises DerivationError where that is one to derive with respect to.
        """
        uses: dict[str, list[Use]] = {name: [] for name in self.program.tensors}
        recall: Recall[tuple[Expr, ...]] = Recall()
        for equation in self.program.equations:
            if equation.tensor.name in self.relevant:
                given = (equation.said, self.relevance(equation))
                found, names = recall(given, nothing_asked, partial(self.elements, equation))
                for number, element in enumerate(renamed(found, names)):
                    uses[name_of(element)].append(Use(equation, element, number))
        while flat := {name for name in self.relevant if not uses[name] and name != self.loss.name}:
            for tensor in self.wrt:
                if tensor.name in flat and not self.flat:
                    reason = "through comparisons only: its slope is 0 wherever it exists"
                    raise DerivationError(f"the loss depends on {tensor.name} {reason}")
            self.relevant -= flat
            uses = {
                name: [u for u in found if u.equation.tensor.name not in flat] for name, found in uses.items()
            }
        return uses

    def elements(self, equation: Equation, _: Answer) -> tuple[Expr, ...]:
        return tuple(occurrence.element for occurrence in occurrences(equation, self.reached))

    def relevance(self, equation: Equation) -> tuple[bool, ...]:
        """Which of the tensors that the equation reads are derived through."""
        return tuple(name in self.reached for name in reads(equation.rhs))

    def name_adjoints(self) -> dict[str, Tensor]:
        taken = set(self.program.tensors) | {size.name for size in self.program.sizes}
        named: dict[str, Tensor] = {}
        wanted = (self.relevant | self.targets) - {self.loss.name}
        for name, tensor in self.program.tensors.items():
            if name in wanted:
                own = self.naming(tensor, taken)
                named[name] = replace(own, shape=(*self.loss.shape, *tensor.shape))
                taken.add(own.name)
        return named

    def run(self) -> tuple[Adjoint, ...]:
        for tensor in self.order():
            self.done[tensor.name] = self.adjoint(tensor)
        for tensor in self.wrt:
            if tensor.name not in self.done:
                self.done[tensor.name] = self.adjoint(tensor)
        return tuple(self.done.values())

    def order(self) -> Iterator[Tensor]:
        """From the loss back: a tensor that an equation defines, then what comes from outside and is first
        used there.
        """
        first_used: dict[str, list[Tensor]] = {}
        for name, uses in self.uses.items():
            if uses and name in self.tensors and name not in self.program.defining:
                first_used.setdefault(uses[0].equation.tensor.name, []).append(self.program.tensors[name])
        for equation in reversed(self.program.equations):
            name = equation.tensor.name
            if name in self.tensors:
                yield equation.tensor
            yield from sorted(first_used.get(name, ()), key=lambda tensor: tensor.role != Role.PARAMETER)

    def adjoint(self, tensor: Tensor) -> Adjoint:
        """The adjoint of `tensor`: that of one whose uses are the same up to names, renamed, where there is
        one.
        """
        indices, uses = self.indices(tensor), self.uses[tensor.name]
        given = (tensor, indices, tuple(map(self.said_of, uses)))
        found, names = self.formulas(given, self.answer, partial(self.formula, tensor, indices))
        self.places.subtract(uses[number].equation.tensor.name for number in found.vanished)
        equation = Equation(
            self.tensors[tensor.name], self.axes + indices, renamed(found.value, names), self.origin(tensor)
        )
        if not names:
            own = (replace(c, use=u.equation) for c, u in zip(found.contributions, uses, strict=True))
            return Adjoint(tensor, equation, tuple(own), found.steps)
        contributions = Later(lambda: tuple(map(partial(_contribution, names), found.contributions, uses)))
        return Adjoint(tensor, equation, contributions, Later(lambda: renamed(found.steps, names)))

    def said_of(self, use: Use) -> tuple[object, ...]:
        """All about a use that the adjoint depends on."""
        equation, name = use.equation, use.equation.tensor.name
        read = tuple(self.program.tensors[read] for read in reads(equation.rhs))
        flags = (equation.tensor == self.loss, name in self.targets, self.places[name])
        said = (equation.said, use.number, self.relevance(equation), read, flags, self.tensors.get(name))
        known = self.done.get(name)
        if known is None:
            return said
        carried = self.is_carried(known.equation.rhs)
        through = tuple(self.shapes[read] for read in reads(known.equation.rhs)) if carried else ()
        return (*said, known.equation.said, carried, through)

    def answer(self, word: str, *names: str) -> object:
        """What the derivation of one adjoint asks beyond its uses: the definition of a tensor; the products
        that might stand in what is made of formulas that read these tensors.
        """
        if word == "definition":
            equation = self.program.defining.get(names[0])
            return None if equation is None else equation.said
        return tuple(equation.said for equation in self.products(names))

    def formula(self, tensor: Tensor, indices: tuple[Index, ...], ask: Answer) -> Formula:
        uses = self.uses[tensor.name]
        contributions = tuple(self.contribution(tensor, indices, use, ask) for use in uses)
        vanished = tuple(number for number, c in enumerate(contributions) if c.result == 0)
        gone = Counter(uses[number].equation.tensor.name for number in vanished)
        steps: list[Step] = []
        value = Add(*(contribution.result for contribution in contributions))
        if len(contributions) > 1:
            collected = shortest(common(value))
            reason = say("Every place where it is used adds its share of the blame.")
            steps.append(Step("collect", value, collected, reason))
            value = collected
        named = reuse_products(value, self.named_products(ask, value))
        if named != value:
            steps.append(Step("reuse", value, named, say("A product that has a name is called by it.")))
            value = named
        steps += self.substitutions(value, contributions, self.ranges(tensor, indices), gone, ask)
        value = steps[-1].after if steps else value
        together = grouped(value)
        if together != value:
            steps.append(Step("group", value, together, say("Terms that share a factor stand together.")))
            value = together
        return Formula(value, contributions, tuple(steps), vanished)

    def contribution(self, tensor: Tensor, indices: tuple[Index, ...], use: Use, ask: Answer) -> Contribution:
        equation = use.equation
        occurrence = occurrences(equation, self.reached)[use.number]
        binders = equation.binders + occurrence.binders
        apart = rename_apart(binders, [index.name for index in self.axes + indices])
        binders = tuple((apart.get(index, index), size) for index, size in binders)
        seed = self.seed(equation)
        bound = (index for index, _ in binders)
        taken = [index.name for index in (*equation.indices, *self.axes, *indices, *bound)]
        derivative = bound_apart(occurrence.derivative, taken)
        body = substitute(numbers_out(Mul(seed, derivative)), apart)
        deltas = tuple(
            Delta(substitute(place, apart), target, extent)
            for place, target, extent in zip(
                indices_of(occurrence.element), indices, tensor.shape, strict=True
            )
        )
        steps: list[Step] = []
        value = stated = definition(binders, body, deltas)
        left, contracted = contract(binders, body, deltas, self.shapes)
        names = _name_bound(left, apart, self.axes + indices + bound_in(contracted))
        contracted = total(
            substitute(contracted, names), tuple((names.get(index, index), size) for index, size in left)
        )
        if contracted != value:
            element = substitute(occurrence.element, apart)
            steps.append(Step("contract", value, contracted, _why_contract(element, deltas, binders, left)))
            value = contracted
        settled = decided(value, self.ranges(tensor, indices))
        if settled != value:
            steps.append(Step("decide", value, settled, _why_decided(value, settled)))
            value = settled
        pulled = pull(value)
        if pulled != value:
            reason = say("What does not depend on the index of a sum comes out of it.")
            steps.append(Step("pull", value, pulled, reason))
            value = pulled
        settled, by = settle_sums(value, _definitions(value, ask))
        if settled != value:
            steps.append(Step("settle", value, settled, _why_settled(settled, by)))
        return Contribution(equation, occurrence.element, occurrence.steps, stated, tuple(steps))

    def seed(self, equation: Equation) -> Expr:
        """The adjoint of the tensor that `equation` defines: 1 for the loss; what is carried back as it is;
        otherwise its name.
        """
        if equation.tensor == self.loss:
            return Mul(*map(equal, self.axes, equation.indices))
        known = self.done.get(equation.tensor.name)
        if known is not None and self.is_carried(known.equation.rhs):
            return known.equation.rhs
        return self.tensors[equation.tensor.name][self.axes + equation.indices]

    def is_carried(self, value: Expr) -> bool:
        """Whether an adjoint is carried back as it stands, not as a name: a number other than 0; one element
        of a direction or of what moves along it; in a Jacobian any product, so that its deltas meet the sums
        that they end.
        """
        if value.is_Number:
            return value != 0
        if self.axes:
            return not value.has(Sum) and not isinstance(value, Add)
        return isinstance(value, Indexed | Scalar) and name_of(value) in self.moving

    def ranges(self, tensor: Tensor, indices: tuple[Index, ...]) -> Ranges:
        """How far the indices of a tensor's adjoint run."""
        return dict(zip(self.axes + indices, self.loss.shape + tensor.shape, strict=True))

    def substitutions(
        self,
        value: Expr,
        contributions: tuple[Contribution, ...],
        ranges: Ranges,
        gone: Counter[str],
        ask: Answer,
    ) -> Iterator[Step]:
        """The adjoints that are put into `value`. What one of them leaves may let another one cancel. `gone`
        counts the places where an adjoint would stand and nothing is left.
        """
        waiting = list(self.substitutable(contributions, gone))
        while waiting:
            for choice in waiting:
                of, equation, reason = choice
                products = self.named_products(ask, value, equation.rhs)
                alone = self.places[of] - gone[of] == 1
                inlined = substitute_adjoint(value, equation, products, ranges, alone)
                if inlined is not None:
                    yield Step("substitute", value, inlined, reason)
                    value = inlined
                    waiting.remove(choice)
                    break
            else:
                return

    def substitutable(
        self, contributions: tuple[Contribution, ...], gone: Counter[str]
    ) -> Iterator[tuple[str, Equation, str]]:
        """The adjoints whose formula may be put in: those that stand nowhere else, and those that divide."""
        for use in {c.use.tensor.name: c.use for c in contributions}.values():
            name = use.tensor.name
            if name not in self.done or name in self.targets:
                continue
            if self.places[name] - gone[name] == 1 or divides(self.done[name].equation):
                adjoint = Named(self.tensors[name])
                yield (
                    name,
                    self.done[name].equation,
                    say("The formula of {adjoint} is put in: what both share cancels.", adjoint=adjoint),
                )

    def named_products(self, ask: Answer, *formulas: Expr) -> tuple[Equation, ...]:
        """The equations of the program whose value might stand in what is made of the `formulas`."""
        present = {name for formula in formulas for name in reads(formula)} & self.program.tensors.keys()
        return tuple(Equation(*said) for said in ask("products", *sorted(present)))

    def products(self, present: Collection[str]) -> tuple[Equation, ...]:
        """The equations that are products of tensors in `present` alone."""
        readers = {e.tensor.name: e for name in present for e in self.program.uses[name]}
        return tuple(
            e for e in readers.values() if isinstance(e.rhs, Mul) and set(present).issuperset(reads(e.rhs))
        )

    def indices(self, tensor: Tensor) -> tuple[Index, ...]:
        """The names for the tensor's axes: its own equation's, or those of the first place where it stands
        with plain indices; a new letter for an axis on which no plain index stands.
        """
        if tensor.name in self.program.defining:
            return self.program.defining[tensor.name].indices
        for use in self.uses[tensor.name]:
            places = indices_of(use.element)
            if all(isinstance(place, Index) for place in places) and len(set(places)) == len(places):
                return places
        first: tuple[Expr | None, ...] = (None,) * tensor.rank
        taken = {index.name for index in self.axes}
        for use in self.uses[tensor.name][:1]:
            first = indices_of(use.element)
            taken |= {index.name for index in (*use.equation.indices, *use.equation.rhs.atoms(Index))}
        names: list[Index] = []
        for place in first:
            own = place if isinstance(place, Index) and place not in names else None
            names.append(fresh(taken) if own is None else own)
            taken.add(names[-1].name)
        return tuple(names)

    def origin(self, tensor: Tensor) -> str:
        uses = [self.program.defining.get(tensor.name), *(use.equation for use in self.uses[tensor.name])]
        return next((equation.origin for equation in uses if equation is not None), "")


def _contribution(names: Mapping[str, str], found: Contribution, use: Use) -> Contribution:
    """A contribution to another tensor's adjoint, found there for `use`."""
    parts = (found.occurrence, found.local, found.definition, found.steps)
    return Contribution(use.equation, *renamed(parts, names))


def _definitions(value: Expr, ask: Answer) -> tuple[Equation, ...]:
    """The equations of the program that define what `value` reads."""
    found = (ask("definition", name) for name in reads(value))
    return tuple(Equation(*said) for said in found if said is not None)


def axes_of(program: Program, loss: Tensor) -> tuple[Index, ...]:
    """Names for the axes of the loss, none where it is a single number: letters that mean nothing else."""
    taken = {index.name for e in program.equations for index in (*e.indices, *e.rhs.atoms(Index))}
    taken |= program.tensors.keys() | {size.name for size in program.sizes}
    free = [letter for letter in "abcdefghijklmnopqrstuvwxyz" if letter not in taken]
    names = [*free, *(f"a{number}" for number in range(1, loss.rank + 1))]
    return tuple(map(Index, names[: loss.rank]))


def _relevant(program: Program, loss: Tensor, wrt: tuple[Tensor, ...]) -> frozenset[str]:
    """The tensors that depend on `wrt` and that the loss depends on: those which have an adjoint."""
    forward = {tensor.name for tensor in wrt}
    changed = True
    while changed:  # a recurrence may need a second round
        before = len(forward)
        for equation in program.equations:
            if not equation.tensor.integer and any(name in forward for name in reads(equation.rhs)):
                forward.add(equation.tensor.name)
        changed = len(forward) > before
    return frozenset(forward & program.sources(loss.name))


def _name_bound(
    left: tuple[Binder, ...], apart: dict[Index, Expr], indices: tuple[Index, ...]
) -> dict[Index, Expr]:
    """Names for the sums that remain: each its own letter again where that is free now, otherwise the next
    letter.
    """
    original = {new: old for old, new in apart.items()}
    taken = {index.name for index in indices} | {index.name for index, _ in left if index not in original}
    names: dict[Index, Expr] = {}
    for index, _ in left:
        if index in original:
            names[index] = fresh(taken, original[index].name)
            taken.add(names[index].name)
    return names


def _why_contract(
    element: Expr, deltas: tuple[Delta, ...], binders: tuple[Binder, ...], left: tuple[Binder, ...]
) -> Message:
    """In words: where the deltas are one, and which sums that ends."""
    kept = {index for index, _ in left}
    gone = tuple(index for index, _ in binders if index not in kept)
    where = tuple(Equality(delta.expression, delta.target) for delta in deltas)
    if not gone:
        return say(
            "{element} is the element in question only where {where}; no sum can be solved for that: the "
            "delta stays and adds the blame up at what was read.",
            element=element,
            where=where,
        )
    return say_count(
        "{element} is the element in question only where {where}: the sum over {gone} keeps one term.",
        "{element} is the element in question only where {where}: the sums over {gone} keep one term.",
        len(gone),
        element=element,
        where=where,
        gone=gone,
    )


def _why_decided(before: Expr, after: Expr) -> Message:
    """In words: what the ranges of the indices decide."""
    if len(after.atoms(Bracket)) < len(before.atoms(Bracket)):
        return say("Over the ranges of the indices, what always holds is 1 and what never holds is 0.")
    return say("A value or 0 is a bracket times the value.")


def _why_settled(settled: Expr, by: tuple[Equation, ...]) -> Message:
    """In words: which equations have named the sums, and what is left."""
    sums = tuple(equation.lhs for equation in by)
    if settled == 0 and len(by) == 1 and is_mean(by[0]):
        return say("{mean} is the mean: the distances from a mean add up to 0.", mean=sums)
    if settled == 0:
        return say(
            "Term by term, and each sum by the name that the definition of {sums} gives it: nothing is left.",
            sums=sums,
        )
    return say(
        "Term by term, and each sum by the name that the definition of {sums} gives it: fewer are left.",
        sums=sums,
    )
