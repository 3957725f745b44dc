"""The backward half of a document: how each adjoint comes about, as its journal has it, and what comes
out.
"""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Sum

from symnet.derivation.journal import Adjoint, Contribution, Step
from symnet.documents import typeset as t
from symnet.documents.context import Context
from symnet.documents.figures import figure
from symnet.documents.figures.computation import computation_drawing
from symnet.documents.mathematics import MULTIPLY, Printer
from symnet.documents.matrices import matrix_equation
from symnet.documents.outline import Block, Line, Paragraph, Section, Steps, Table, Text
from symnet.documents.reasons import typeset_reason
from symnet.documents.typeset import Node, row
from symnet.equations.program import Equation
from symnet.equations.text import listed, natural
from symnet.index.reductions import binders_of
from symnet.index.symbols import Index, Role, Size, indices_of
from symnet.messages import say

BLAME = (
    ". It is the sum over every place where the tensor is used of the adjoint of what is computed there, "
    "times the derivative there. So the blame goes from the loss back to the last layer, from the last "
    "layer to the one before it, and so on to the first: the chain rule."
)
BRACKETS = (
    " keeps the one term where it is 1. A statement in square brackets is likewise 1 where it holds and 0 "
    "elsewhere."
)
GRAPH = say(
    "The graph of the computation: down on the left from the inputs to the loss, and on the right the blame "
    "on its way back, each tensor beside its adjoint, with the numbers of their equations"
)


def backward(context: Context) -> Iterator[Section]:
    """The idea, one section for each adjoint from the loss back, and the table of all gradients."""
    yield _idea(context)
    for adjoint in context.derived.adjoints:
        yield Story(context, adjoint).section()
    yield _gradients(context)


def _idea(context: Context) -> Section:
    tensor = t.Name("T", "bold")
    m, n = t.Name("m"), t.Name("n")
    adjoints: Text = (
        "The adjoint of a tensor ",
        tensor,
        " has its shape and says how much the loss grows when one of its entries does: ",
        row(t.Accent(tensor), t.EQUALS, context.slope(tensor)),
        BLAME,
    )
    deltas: Text = (
        "The derivative of a tensor's element with respect to another one is a delta: ",
        t.Script(t.Name("δ", "italic", r"\delta"), row(m, n)),
        " is 1 where ",
        row(m, t.EQUALS, n),
        " and 0 elsewhere, and a sum over ",
        m,
        BRACKETS,
    )
    title = "Backward: who is to blame, and how much"
    drawing = computation_drawing(context)
    graph = () if drawing is None else (figure(drawing, GRAPH, context.language),)
    return Section((title,), "backward", (Paragraph(adjoints), Paragraph(deltas), *graph))


class Story:
    """How one adjoint comes about."""

    def __init__(self, context: Context, adjoint: Adjoint) -> None:
        self.context = context
        self.adjoint = adjoint
        self.name = context.matrices.tensor(adjoint.of)
        self.inside = Printer(context.tensors, adjoint.equation.indices)
        self.left = context.printer.show(adjoint.equation.lhs)

    def section(self) -> Section:
        """Where the tensor is used, every step, the result."""
        used = {self.context.label(contribution.use) for contribution in self.adjoint.contributions}
        where = listed([f"({label})" for label in sorted(used, key=natural)])
        shared = self.adjoint.of.role == Role.PARAMETER and len(used) > 1
        sums = ": one and the same parameter, whose gradient is the sum over all these uses" * shared
        blocks: list[Block] = [Paragraph((*self.introduction(), f" It is used in {where}{sums}."))]
        blocks.append(Steps(self.context.label(self.adjoint.equation), tuple(self.lines())))
        blocks.append(self.context.statement(self.adjoint.equation))
        anchor = f"adjoint-{self.adjoint.of.name}"
        return Section(("With respect to ", self.name), anchor, tuple(blocks), level=2)

    def introduction(self) -> Text:
        """What the adjoint says, and whose blame it carries where."""
        of, origin = self.adjoint.of, self.adjoint.equation.origin
        if of.role == Role.PARAMETER:
            return ("How the loss changes with the parameter ", self.name, ": its gradient.")
        if of.role == Role.INPUT:
            return ("How the loss changes with the input ", self.name, ".")
        before = self.adjoint.contributions[0].use.origin
        if origin != before and before.startswith("layer"):
            passing = f"{before.capitalize()} passes its blame on to {origin}: how the loss changes with "
            return (passing, self.name, f", which {before} reads.")
        return ("How the loss changes with ", self.name, ".")

    def lines(self) -> Iterator[Line]:
        """Every step, in the order in which a person would take them."""
        for contribution in self.adjoint.contributions:
            yield from self.contribution(contribution)
        for step in self.adjoint.steps:
            yield Line(self.reason(step), row(self.left, t.EQUALS, self.inside.show(step.after)))

    def contribution(self, contribution: Contribution) -> Iterator[Line]:
        use = contribution.use
        read = ("Equation ", f"({self.context.label(use)}) reads ")
        yield Line(
            (*read, self.context.printer.show(contribution.occurrence), ":"),
            self.context.printer.equation(use),
        )
        there = Printer(self.context.tensors, use.indices)
        for position, step in enumerate(contribution.local):
            if step.rule == "differentiate" and not _is_plain_sum(contribution.local, position):
                yield Line(("The derivative there:",), _partial(step, use, there, position))
            elif step.rule == "reuse":
                yield Line(self.reason(step), row(there.show(step.before), t.EQUALS, there.show(step.after)))
        sign = t.Words("gets") if len(self.adjoint.contributions) > 1 else t.EQUALS
        rule = self.chain_rule(contribution)
        if rule is not None:
            tensor = self.context.matrices.tensor(use.tensor)
            yield Line(
                ("By the chain rule, over every entry of ", tensor, " that it reaches:"),
                row(self.left, sign, rule),
            )
        told = "With the derivative put in:" if rule is not None else "Over every term of the sum:"
        yield Line((told,), row(self.left, sign, self.inside.show(contribution.definition)))
        for step in contribution.steps:
            yield Line(self.reason(step), row(self.left, sign, self.inside.show(step.after)))

    def chain_rule(self, contribution: Contribution) -> Node | None:
        """The sum over the entries of what is computed of its adjoint times the derivative; None at the
        loss.
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
        of = self.adjoint.of[own[len(axes) :]]
        slope = t.Fraction(row(t.PARTIAL, self.inside.show(entry)), row(t.PARTIAL, self.inside.show(of)))
        if not places:  # what is computed is one number
            return row(self.inside.show(blame), slope)
        below = t.joined([self.inside.show(place) for place in places], t.COMMA)
        return row(t.Sum(below), self.inside.show(blame), slope)

    def reason(self, step: Step) -> Text:
        """The reason of a step, with the formulas in it typeset."""
        symbols = step.before.atoms(Index, Size) | step.after.atoms(Index, Size)
        return typeset_reason(step.reason, self.context.tensors, frozenset(symbol.name for symbol in symbols))


def _is_plain_sum(steps: tuple[Step, ...], position: int) -> bool:
    """Whether a step only says that a sum grows as its summand does, which goes without saying."""
    following = steps[position + 1] if position + 1 < len(steps) else None
    return steps[position].after == 1 and following is not None and following.rule == "differentiate"


def _partial(step: Step, use: Equation, printer: Printer, position: int) -> Node:
    """∂(what is differentiated)/∂(by what) = the derivative."""
    assert step.wrt is not None, "a differentiation says by what"
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
        matrix = matrix_equation(equation, context.derived.program, context.convention)
        rows.append(
            (
                (context.slope(context.matrices.tensor(adjoint.of)),),
                (_right_side(context.printer.equation(equation)),),
                (_right_side(matrix),) if matrix is not None else ("",),
                (context.shape(adjoint.of),),
                (f"({context.label(equation)})",),
            )
        )
    told = "All that a step of training needs, each gradient in the shape of what it is a gradient of."
    table = Table(("gradient", "index form", "matrix form", "shape", "equation"), tuple(rows))
    return Section(("All gradients",), "gradients", (Paragraph((told,)), table))


def _right_side(equation: Node) -> Node:
    assert isinstance(equation, t.Row), "an equation is a row"
    return row(*equation.parts[equation.parts.index(t.EQUALS) + 1 :])
