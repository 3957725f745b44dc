"""The backward half of a document: how each adjoint comes about, as its journal has it, and what comes
out.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from sympy import Sum

from symnet.derivation.journal import Adjoint, Contribution, Step
from symnet.documents import typeset as t
from symnet.documents.context import Context
from symnet.documents.differentials import change, change_of_loss, local, summed
from symnet.documents.figures import figure
from symnet.documents.figures.computation import computation_drawing
from symnet.documents.figures.heat import entries, heat_drawing
from symnet.documents.mathematics import MULTIPLY, Printer
from symnet.documents.matrices import matrix_equation
from symnet.documents.notes import definition, notes
from symnet.documents.outline import Block, Line, Paragraph, Section, Steps, Table, Text
from symnet.documents.typeset import Node, row
from symnet.equations.program import Equation
from symnet.equations.text import natural
from symnet.index.reductions import binders_of
from symnet.index.symbols import Role, indices_of
from symnet.messages import say

GRAPH = say(
    "The graph of the computation: down on the left from the inputs to the loss, and on the right the blame "
    "on its way back, each tensor beside its adjoint, with the numbers of their equations"
)

MAPS = say("The gradients of the worked example, entry by entry")


def backward(context: Context) -> Iterator[Section]:
    """The idea, one section for each adjoint from the loss back, and the table of all gradients."""
    yield _idea(context)
    for adjoint in context.derived.adjoints:
        yield Story(context, adjoint).section()
    yield _gradients(context)


def _idea(context: Context) -> Section:
    tensor = t.Name("T", "bold")
    m, n = t.Name("m"), t.Name("n")
    adjoints = context.text(
        "The adjoint of a tensor {tensor} has its shape and says how much the loss grows when one of its "
        "entries does: {slope}. It is the sum over every place where the tensor is used of the adjoint of "
        "what is computed there, times the derivative there. So the blame goes from the loss back to the "
        "last layer, from the last layer to the one before it, and so on to the first: the chain rule.",
        tensor=tensor,
        slope=definition(context, tensor),
    )
    deltas = context.text(
        "The derivative of a tensor's element with respect to another one is a delta: {delta} is 1 where "
        "{same} and 0 elsewhere, and a sum over {index} keeps the one term where it is 1. A statement in "
        "square brackets is likewise 1 where it holds and 0 elsewhere.",
        delta=context.kronecker(m, n),
        same=row(m, t.EQUALS, n),
        index=m,
    )
    title = say("Backward: who is to blame, and how much")
    drawing = computation_drawing(context)
    graph = () if drawing is None else (figure(drawing, GRAPH, context.language),)
    told = (Paragraph(adjoints), *notes(context, tensor), Paragraph(deltas))
    return Section((title,), "backward", (*told, *graph))


class Story:
    """How one adjoint comes about."""

    def __init__(self, context: Context, adjoint: Adjoint) -> None:
        self.context = context
        self.adjoint = adjoint
        self.name = context.matrices.tensor(adjoint.of)
        self.inside = context.printer.by(adjoint.equation.indices)
        self.left = context.printer.show(adjoint.equation.lhs)

    def section(self) -> Section:
        """Where the tensor is used, every step, the result."""
        used = {self.context.label(contribution.use) for contribution in self.adjoint.contributions}
        where = tuple(f"({label})" for label in sorted(used, key=natural))
        told = say("It is used in {where}.", where=where)
        if self.adjoint.of.role == Role.PARAMETER and len(used) > 1:
            told = say(
                "It is used in {where}: one and the same parameter, whose gradient is the sum over all these "
                "uses.",
                where=where,
            )
        lead = self.context.sentences(self.introduction(), self.context.text(told))
        blocks: list[Block] = [Paragraph(lead)]
        blocks.append(Steps(self.context.label(self.adjoint.equation), tuple(self.lines())))
        blocks.append(self.context.statement(self.adjoint.equation))
        anchor = f"adjoint-{self.adjoint.of.name}"
        return Section(
            self.context.text("With respect to {tensor}", tensor=self.name), anchor, tuple(blocks), level=2
        )

    def introduction(self) -> Text:
        """What the adjoint says, and whose blame it carries where."""
        of, text = self.adjoint.of, partial(self.context.text, tensor=self.name)
        if of.role == Role.PARAMETER:
            return text("How the loss changes with the parameter {tensor}: its gradient.")
        if of.role == Role.INPUT:
            return text("How the loss changes with the input {tensor}.")
        reads, made = layer_of(self.adjoint.contributions[0].use), layer_of(self.adjoint.equation)
        if reads and made and reads != made:
            return text(
                "Layer {reads} passes its blame on to layer {made}: how the loss changes with {tensor}, "
                "which layer {reads} reads.",
                reads=reads,
                made=made,
            )
        return text("How the loss changes with {tensor}.")

    def lines(self) -> Iterator[Line]:
        """Every step, in the order in which a person would take them."""
        for contribution in self.adjoint.contributions:
            yield from self.contribution(contribution)
        for step in self.adjoint.steps:
            yield Line(self.context.text(step.reason), row(self.left, t.EQUALS, self.inside.show(step.after)))

    def contribution(self, contribution: Contribution) -> Iterator[Line]:
        use, text = contribution.use, self.context.text
        reads = text(
            "Equation ({number}) reads {element}:",
            number=self.context.label(use),
            element=contribution.occurrence,
        )
        yield Line(reads, self.context.printer.equation(use))
        there = self.context.printer.by(use.indices)
        for position, step in enumerate(contribution.local):
            if step.rule == "differentiate" and not _is_plain_sum(contribution.local, position):
                yield Line(text("The derivative there:"), _partial(step, use, there, position))
            elif step.rule == "reuse":
                yield Line(
                    self.context.text(step.reason),
                    row(there.show(step.before), t.EQUALS, there.show(step.after)),
                )
        sign = t.Words(say("gets")) if len(self.adjoint.contributions) > 1 else t.EQUALS
        rule = self.chain_rule(contribution, sign)
        if rule is not None:
            tensor = self.context.matrices.tensor(use.tensor)
            told = text("By the chain rule, over every entry of {tensor} that it reaches:", tensor=tensor)
            yield Line(told, rule)
        first = rule is None
        told = text("Over every term of the sum:") if first else text("With the derivative put in:")
        yield Line(told, row(self.left, sign, self.inside.show(contribution.definition)))
        for step in contribution.steps:
            yield Line(self.context.text(step.reason), row(self.left, sign, self.inside.show(step.after)))

    def chain_rule(self, contribution: Contribution, sign: Node) -> Node | None:
        """The adjoint as the sum over the entries of what is computed of its adjoint times the derivative;
        None at the loss.
        """
        use, definition = contribution.use, contribution.definition
        adjoint = next((a for a in self.context.derived.adjoints if a.of == use.tensor), None)
        if adjoint is None or not isinstance(definition, Sum):
            return None
        count = len(use.indices)
        places = [index for index, _ in binders_of(definition)[:count]]
        entry = use.tensor[tuple(places)]
        own = self.adjoint.equation.indices
        axes = own[: len(own) - self.adjoint.of.rank]  # of what is derived, where it is no single number
        blame = adjoint.equation.tensor[(*axes, *places)]
        if self.context.names.notation.adjoints == "differential" and not axes:
            terms = row(self.inside.show(blame), t.INVISIBLE, change(self.inside.show(entry)))
            return row(change_of_loss(self.inside), sign, summed(tuple(places), self.inside), terms)
        of = self.adjoint.of[own[len(axes) :]]
        slope = t.Fraction(row(t.PARTIAL, self.inside.show(entry)), row(t.PARTIAL, self.inside.show(of)))
        if not places:  # what is computed is one number
            return row(self.left, sign, self.inside.show(blame), slope)
        below = t.joined([self.inside.show(place) for place in places], t.COMMA)
        return row(self.left, sign, t.Sum(below), self.inside.show(blame), slope)


def layer_of(equation: Equation) -> str:
    """The layer that an equation belongs to, as it is called; empty where it is of none."""
    kind, _, name = equation.origin.partition(" ")
    return name if kind == "layer" else ""


def _is_plain_sum(steps: tuple[Step, ...], position: int) -> bool:
    """Whether a step only says that a sum grows as its summand does, which goes without saying."""
    following = steps[position + 1] if position + 1 < len(steps) else None
    return steps[position].after == 1 and following is not None and following.rule == "differentiate"


def _partial(step: Step, use: Equation, printer: Printer, position: int) -> Node:
    """∂(what is differentiated)/∂(by what) = the derivative."""
    assert step.wrt is not None, "a differentiation says by what"
    if printer.names.notation.adjoints == "differential":
        whole = printer.show(use.lhs) if position == 0 else printer.show(step.before)
        return local(step.after, step.wrt, whole, printer)
    by = printer.show(step.wrt)
    below = row(t.PARTIAL, by if indices_of(step.wrt) or step.wrt.is_Symbol else t.Fence(by))
    after = printer.show(step.after)
    if position == 0:
        return row(t.Fraction(row(t.PARTIAL, printer.show(use.lhs)), below), t.EQUALS, after)
    return row(t.Fraction(t.PARTIAL, below), printer.show(step.before, MULTIPLY), t.EQUALS, after)


def _gradients(context: Context) -> Section:
    rows: list[tuple[Text, ...]] = []
    for adjoint in context.derived.gradients.values():
        equation = adjoint.equation
        matrix = matrix_equation(equation, context.derived.program, context.convention, context.names)
        rows.append(
            (
                (context.slope(context.matrices.tensor(adjoint.of)),),
                (_right_side(context.printer.equation(equation)),),
                (_right_side(matrix),) if matrix is not None else ("",),
                context.shape_text(adjoint.of),
                (f"({context.label(equation)})",),
            )
        )
    told = say("All that a step of training needs, each gradient in the shape of what it is a gradient of.")
    head = (say("gradient"), say("index form"), say("matrix form"), say("shape"), say("equation"))
    table = Table(head, tuple(rows))
    maps = [
        (
            context.slope(context.matrices.tensor(adjoint.of)),
            entries(context.values[adjoint.equation.tensor.name]),
        )
        for adjoint in context.derived.gradients.values()
        if adjoint.of.rank and adjoint.equation.tensor.name in context.values
    ]
    drawn = (figure(heat_drawing(maps), MAPS, context.language),) if maps else ()
    return Section((say("All gradients"),), "gradients", (Paragraph((told,)), table, *drawn))


def _right_side(equation: Node) -> Node:
    assert isinstance(equation, t.Row), "an equation is a row"
    return row(*equation.parts[equation.parts.index(t.EQUALS) + 1 :])
