"""What stands in several numbers is computed once.

before:  A = 1 / (exp(Z) + 1);  dZ = dA * exp(Z) / ((exp(Z) + 1) * (exp(Z) + 1))
after:   part = exp(Z);  part_2 = part + 1;  A = 1 / part_2;  dZ = dA * part / (part_2 * part_2)

A branch of a choice is computed only where it is chosen, so what is risky in one stays where it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from symnet.lowering.branches import SAFE
from symnet.lowering.instructions import Assign, Buffer, Line, NumberOp, NumberRead, Scalar, View

INFIX = frozenset({"add", "subtract", "multiply", "divide", "negative"})


def named(lines: Sequence[Line], fresh: Callable[[str], Buffer]) -> Iterator[Line]:
    """The assignments, with those before them that give names to what is used again."""
    counted = Counter(part for line in lines for part in set_of(line))
    names: dict[NumberOp, NumberRead] = {}

    def rewritten(value: Scalar, line: Line, whole: bool = False) -> Iterator[Line]:
        """The assignments that `value` needs; what it becomes is `final(value)`."""
        if not isinstance(value, NumberOp) or value in names:
            return
        for argument in value.args if value.function != "where" else _always(value):
            yield from rewritten(argument, line)
        if not whole and counted[value] > 1:
            buffer = fresh(f"{_stem(line)}_part")
            yield Line(Assign(buffer, final(value)), line.tensor)
            names[value] = NumberRead(View(buffer))

    def final(value: Scalar) -> Scalar:
        if not isinstance(value, NumberOp):
            return value
        if value in names:
            return names[value]
        return NumberOp(value.function, tuple(map(final, value.args)))

    for line in lines:
        assign = line.instruction
        assert isinstance(assign, Assign), "an unrolled step is made of assignments"
        yield from rewritten(assign.value, line, whole=True)
        yield Line(Assign(assign.out, final(assign.value)), line.tensor)
        if isinstance(assign.value, NumberOp):
            names.setdefault(assign.value, NumberRead(View(assign.out)))


def set_of(line: Line) -> Iterator[NumberOp]:
    """Every part of the value of a line, as often as it stands there."""
    assert isinstance(line.instruction, Assign)
    pending: list[Scalar] = [line.instruction.value]
    while pending:
        value = pending.pop()
        if isinstance(value, NumberOp):
            yield value
            pending.extend(value.args if value.function != "where" else _always(value))


def _always(choice: NumberOp) -> tuple[Scalar, ...]:
    """The parts of a choice that may be computed whatever is chosen."""
    condition, yes, no = choice.args
    return (condition, *(branch for branch in (yes, no) if not _is_risky(branch)))


def _is_risky(value: Scalar) -> bool:
    return isinstance(value, NumberOp) and (
        value.function not in SAFE or any(map(_is_risky, value.args))
    )


def _stem(line: Line) -> str:
    assert isinstance(line.instruction, Assign)
    return line.tensor and line.instruction.out.name or "sum"
