"""What a reader must be told of the notation that a document is written in."""

from __future__ import annotations

from collections.abc import Iterator

from symnet.documents import typeset as t
from symnet.documents.context import Context
from symnet.documents.differentials import TRACE, change
from symnet.documents.outline import Paragraph
from symnet.documents.typeset import Node, row


def definition(context: Context, tensor: Node) -> Node:
    """The adjoint of a tensor, which is the loss derived by it."""
    slope = context.slope(tensor)
    if context.names.notation.adjoints in ("partial", "delta"):
        return slope
    return row(t.Accent(tensor), t.EQUALS, slope)


def notes(context: Context, tensor: Node) -> Iterator[Paragraph]:
    """The sentences that a notation needs."""
    kind = context.names.notation.adjoints
    if kind == "delta" and context.names.deltas:
        adjoints = [adjoint.equation.tensor for adjoint in context.derived.adjoints]
        named = next((a for a in adjoints if a.adjoint_of in context.names.deltas), None)
        if named is not None:
            slope = context.slope(context.matrices.tensor(context.tensors[named.adjoint_of]))
            yield Paragraph(
                context.text(
                    "At the weighted sum of a layer the adjoint is called delta: {delta}. In index form "
                    "it is a small letter.",
                    delta=row(context.matrices.tensor(named), t.EQUALS, slope),
                )
            )
    if kind == "differential":
        trace = row(TRACE, t.Fence(row(t.Script(t.Accent(tensor), None, t.TOP), change(tensor))))
        yield Paragraph(
            context.text(
                "A d in front of something is its change. Where a tensor changes and what else stands in a "
                "formula does not, the loss changes by {change}, and whatever stands in the place of "
                "{adjoint} is the gradient.",
                change=row(change(context.loss), t.EQUALS, trace),
                adjoint=t.Accent(tensor),
            )
        )
