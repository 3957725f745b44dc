"""What is derived beyond the gradients: second derivatives as blocks, or multiplied with directions."""

from __future__ import annotations

from collections.abc import Iterator

from symnet.derivation.journal import Adjoint, Derived, Further
from symnet.documents.backward import Story
from symnet.documents.context import Context
from symnet.documents.outline import Block, Paragraph, Section, Statement, Steps
from symnet.equations.program import Equation
from symnet.messages import say

TITLES = {
    "product": say("Second derivatives, along a direction"),
    "hessian": say("Second derivatives"),
    "jacobian": say("The derivative of every element"),
}
TANGENTS = say(
    "The parameters move along given directions, which have a dot; so then does everything that is computed "
    "from them, and how fast it does has a dot, too. The gradients are functions of the parameters like any "
    "other: the chain rule is applied to their equations, once more."
)
BLOCKS = say(
    "The equations of the gradients are derived once more, by the same chain rule. What is derived has "
    "indices of its own now, which come first. Of two blocks that are each other's transposes, one is "
    "shown."
)
JACOBIAN = say("The same chain rule; what is derived has indices of its own, which come first.")
LEADS = {"product": TANGENTS, "hessian": BLOCKS, "jacobian": JACOBIAN}


def further(context: Context) -> Iterator[Section]:
    """A section for each thing that is derived beyond the gradients."""
    for item in context.derived.further:
        what = context.text("What comes out: {words}.", words=say(item.words))
        lead = LEADS.get(item.name)
        told = what if lead is None else context.sentences(context.text(lead), what)
        blocks: list[Block] = [Paragraph(told), *_equations(context, item)]
        yield Section((TITLES.get(item.name, say(item.words)),), item.name, tuple(blocks))


def _equations(context: Context, item: Further) -> Iterator[Block]:
    """Every equation, with the steps that lead to it where one asks for them."""
    stories = {a.equation.tensor.name: (part, a) for part in item.parts for a in part.adjoints}
    whole = context.derived.computed.extended(item.equations, item.directions.values())
    for equation in item.equations:
        name = equation.tensor.name
        label = context.derived.labels[name]
        if name not in stories:
            yield context.along(context.derived, whole).statement(equation, whole)
            continue
        part, adjoint = stories[name]
        there = context.along(part, whole)
        yield from _told(there, part, adjoint, equation, label)


def _told(there: Context, part: Derived, adjoint: Adjoint, computed: Equation, label: str) -> Iterator[Block]:
    """An equation as it is derived, and as it is computed where that is another formula."""
    lines = tuple(Story(there, adjoint).lines())
    if lines:
        yield Steps(label, lines)
    yield there.statement(adjoint.equation, part.program)
    if computed.rhs != adjoint.equation.rhs:
        words = say("The same, safe for floating point.")
        yield Statement("", there.printer.equation(computed), words=words)
