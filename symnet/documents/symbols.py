"""What is to be known of every tensor of a derivation: what it is, how large, and where it is defined."""

from __future__ import annotations

from collections.abc import Mapping

from sympy import Expr, Integer

from symnet.documents.context import Context
from symnet.documents.outline import Symbol, Text
from symnet.documents.typeset import COMMA, EQUALS, Node, Number, joined, row
from symnet.equations.program import Equation
from symnet.index.symbols import Role, Tensor
from symnet.messages import Message, say

GIVEN = {
    Role.INPUT: say("An input: what the network reads."),
    Role.TARGET: say("A target: what the prediction ought to be."),
    Role.PARAMETER: say("A parameter: what training changes."),
    Role.STATE: say("Remembered from one step of training to the next."),
    Role.RANDOM: say("Drawn anew for each step of training."),
    Role.HYPERPARAMETER: say("Set before training."),
    Role.DIRECTION: say("A direction, given."),
    Role.INTERMEDIATE: say("Computed."),
}
"""What a tensor is by its role."""
FROZEN = say("A parameter that training leaves as it is.")
ADJOINT = say("An adjoint: how much the loss grows when an entry of this tensor without its bar grows.")
TANGENT = say("A tangent: how fast this tensor without its dot changes along the direction.")
QUOTIENT = say("A derivative, entry by entry.")
NEXT = say("What a step of training makes of the tensor of this name.")


def symbols(context: Context) -> tuple[Symbol, ...]:
    """Every tensor of the derivation that an equation of the document names."""
    derived = context.derived
    programs = (derived.stated, derived.program, derived.computed)
    known: Mapping[Expr, Expr] = {
        size: Integer(int(derived.stated.values[size.name]))
        for program in programs
        for size in program.sizes
        if size.name in derived.stated.values
    }
    origins = {
        name: equation.origin for program in programs for name, equation in program.defining.items()
    } | _homes(context)
    return tuple(
        Symbol(
            tensor.name,
            _what(tensor, derived.program.defining.get(tensor.name)),
            _shape(tensor, known),
            _label(context, tensor),
            origins.get(tensor.name, ""),
        )
        for tensor in context.tensors.values()
    )


def _homes(context: Context) -> dict[str, str]:
    """The part of the network that first reads each tensor which is given: where a parameter belongs."""
    stated = context.derived.stated
    return {
        tensor.name: stated.uses[tensor.name][0].origin
        for tensor in stated.of_role(Role.PARAMETER, Role.STATE)
        if stated.uses[tensor.name]
    }


def _what(tensor: Tensor, equation: Equation | None) -> Message | str:
    if tensor.adjoint_of:
        return ADJOINT
    if tensor.tangent_of:
        return TANGENT
    if tensor.quotient:
        return QUOTIENT
    if tensor.next_of:
        return NEXT
    if equation is not None and equation.words:
        return equation.words
    return FROZEN if tensor.frozen else GIVEN[tensor.role]


def _label(context: Context, tensor: Tensor) -> str:
    number = context.numbers.get(tensor.name)
    return context.derived.labels.get(tensor.name, "") if number is None else str(number)


def _shape(tensor: Tensor, known: Mapping[Expr, Expr]) -> str:
    """N × H1 = N × 2; empty for a number."""
    written = " × ".join(map(str, tensor.shape))
    numbers = " × ".join(str(extent.xreplace(known)) for extent in tensor.shape)
    return written if written == numbers else f"{written} = {numbers}"


def assumed(context: Context) -> Text:
    """The sizes that are assumed where equations are written out number by number: N = 2."""
    scalars = context.scalars
    if not scalars.tiny or not scalars.assumed:
        return ()
    sizes: list[Node] = [
        row(context.printer.show(size), EQUALS, Number(str(scalars.sizes[size]))) for size in scalars.assumed
    ]
    return context.text("Written out number by number for {sizes}.", sizes=joined(sizes, COMMA))
