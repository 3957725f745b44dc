"""Gradients that go straight into their parameters: the backward pass and plain gradient descent as one
stretch.

before:  dW1 = A0.T dZ1;  ...;  vector -= learning_rate * gradient
after:   W1 += -learning_rate * A0.T dZ1 (an `Onto`);  ...;  what is left of the update, part by part

Such a gradient is neither written nor read again, which for large weights is a good part of a step's time. It
is done where the gradient is one product that nothing but the update reads. The product moves behind the last
line that reads the parameter, so what it multiplies is needed for longer: `needed` tells the pass that shares
memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

from symnet.index.symbols import Role
from symnet.lowering.instructions import (
    Assign,
    Buffer,
    Home,
    Line,
    Map,
    NumberOp,
    Onto,
    Product,
    Scalar,
    View,
    reads_of,
    views_of,
    writes_of,
)
from symnet.lowering.stack import Stack


@dataclass(frozen=True, slots=True)
class Move:
    """A product in the backward pass that goes into a parameter, and the line behind which it does."""

    at: int
    behind: int
    line: Line


@dataclass(frozen=True, slots=True)
class Plain:
    """A stack whose update is plain descent: the two lines that say so, and the rate in them."""

    stack: Stack
    times: Line
    minus: Line
    rate: Scalar


@dataclass(frozen=True, slots=True)
class Descent:
    """What becomes of a backward pass and an update."""

    plain: tuple[Plain, ...] = ()
    moves: tuple[Move, ...] = ()
    parts: tuple[Line, ...] = ()  # the update of what does not move

    def needed(self) -> dict[str, int]:
        """Until which line of the backward pass what a moved product reads must stay, by buffer."""
        found: dict[str, int] = {}
        for move in self.moves:
            for name in _names(reads_of(move.line.instruction)):
                found[name] = max(move.behind + 1, found.get(name, 0))
        return found

    def lines(self, backward: Sequence[Line], update: Sequence[Line]) -> tuple[Line, ...]:
        """The two stretches as one; none where nothing moves."""
        if not self.moves:
            return ()
        numbers = _numbers(update)
        made = list(numbers)
        moved = {move.at for move in self.moves}
        for position, line in enumerate(backward):
            made += [] if position in moved else [line]
            made += [move.line for move in self.moves if move.behind == position]
        gone = {id(line) for plain in self.plain for line in (plain.times, plain.minus)}
        return (*made, *self.parts, *(line for line in update[len(numbers) :] if id(line) not in gone))


def descent(
    backward: Sequence[Line], update: Sequence[Line], stacks: Sequence[Stack], of_tensor: Mapping[str, Buffer]
) -> Descent:
    """Which gradients can go straight into their parameters."""
    plain = [found for stack in stacks if (found := _plain(stack, backward, update, of_tensor)) is not None]
    moves: list[Move] = []
    parts: list[Line] = []
    for found in plain:
        for pair in zip(*found.stack.parts, strict=True):
            parameter, gradient = (of_tensor[tensor.name] for tensor in pair)
            move = _move(found, backward, parameter, gradient)
            if move is not None:
                moves.append(move)
                continue
            times = Map("multiply", (View(gradient), found.rate), View(gradient))
            minus = Map("subtract", (View(parameter), View(gradient)), View(parameter))
            parts += [Line(instruction, found.minus.tensor) for instruction in (times, minus)]
    return Descent(tuple(plain), tuple(moves), tuple(parts))


def _plain(
    stack: Stack, backward: Sequence[Line], update: Sequence[Line], of_tensor: Mapping[str, Buffer]
) -> Plain | None:
    """The lines `part = gradient * rate; next = vector - part` of a stack, if nothing else reads its tensors
    and the rate is known before the backward pass.
    """
    if len(stack.vectors) != 2 or stack.vectors[0].role is not Role.PARAMETER:
        return None
    own = {tensor.name for tensors in (stack.vectors, *stack.parts) for tensor in tensors}
    lines = [line for line in update if _names(reads_of(line.instruction)) & own]
    maps = [line.instruction for line in lines if isinstance(line.instruction, Map)]
    if len(lines) != 2 or len(maps) != 2:
        return None
    (times, minus), (vector, gradient) = maps, (View(of_tensor[tensor.name]) for tensor in stack.vectors)
    rate = next((argument for argument in times.args if not isinstance(argument, View)), None)
    if rate is None or times not in (
        Map("multiply", (gradient, rate), times.out),
        Map("multiply", (rate, gradient), times.out),
    ):
        return None
    numbers = _numbers(update)
    late = {*_written(backward), *_written(update[len(numbers) :])}
    if minus != Map("subtract", (vector, times.out), minus.out) or _names(views_of(rate)) & late:
        return None
    # what is set before the backward pass must not be what that still reads
    changed = {name for line in numbers for name in (*_names(reads_of(line.instruction)), *_written([line]))}
    if any(_names(reads_of(line.instruction)) & changed for line in backward):
        return None
    return Plain(stack, lines[0], lines[1], rate)


def _move(plain: Plain, backward: Sequence[Line], parameter: Buffer, gradient: Buffer) -> Move | None:
    """Where the product of a gradient is, and where it can go; None where it must stay a gradient."""
    touching = [
        position
        for position, line in enumerate(backward)
        if gradient.name in _written([line]) | _names(reads_of(line.instruction))
    ]
    if len(touching) != 1 or gradient.home is not Home.GRADIENT:
        return None
    (at,) = touching
    product = backward[at].instruction
    if not isinstance(product, Product) or product.out != View(gradient):
        return None
    names = {parameter.name, plain.stack.vectors[0].name}
    reading = [k for k, line in enumerate(backward) if _names(reads_of(line.instruction)) & names]
    onto = Onto(product, View(parameter), NumberOp("negative", (plain.rate,)), plain.minus.tensor)
    return Move(at, max([at, *reading]), Line(onto, backward[at].tensor))


def _numbers(update: Sequence[Line]) -> tuple[Line, ...]:
    """The lines at the beginning of an update that set numbers by other numbers."""
    return tuple(
        takewhile(
            lambda line: (
                isinstance(line.instruction, Assign)
                and not any(view.buffer.shape for view in reads_of(line.instruction))
            ),
            update,
        )
    )


def _names(views: Iterable[View]) -> set[str]:
    return {buffer.name for view in views for buffer in (view.buffer, view.zero) if buffer is not None}


def _written(lines: Sequence[Line]) -> set[str]:
    return {view.buffer.name for line in lines for view in writes_of(line.instruction)}
