"""What a sum over the samples starts with: the number that it is taken from in the end.

before:  dW = 0;  for each sample: dW += x;  W_next = W - dW
after:   W_next = W;  for each sample: W_next -= x

One number less for each parameter, and no subtraction after the last sample. It holds for a sum that nothing
else reads: gradients that have the learning rate in them already (`rates.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from symnet.lowering.instructions import Assign, Buffer, Line, NumberOp, NumberRead, Scalar, View, views_of
from symnet.lowering.numbers import ZERO

Stretches = Mapping[str, tuple[Line, ...]]
Results = tuple[tuple[Scalar, ...], ...]


def started(
    totals: Iterable[Buffer], stretches: Stretches, results: Results, loss: Scalar
) -> tuple[tuple[tuple[Buffer, Scalar], ...], dict[str, tuple[Line, ...]]]:
    """The sums, each with what it starts with; and the stretches that follow from it."""
    sums = tuple(totals)
    after = [line.instruction for line in stretches["after"]]
    values = [i.value for i in after if isinstance(i, Assign)] + [loss, *(v for run in results for v in run)]
    read = Counter(view.buffer for value in values for view in views_of(value))
    taken: dict[Buffer, Assign] = {}  # by the sum, where it is taken from something
    for assign in after:
        if isinstance(assign, Assign) and isinstance(assign.value, NumberOp):
            one, *others = assign.value.args
            total = others[0] if others else None
            if assign.value.function == "subtract" and isinstance(total, NumberRead):
                known = isinstance(one, NumberRead) and one.view.buffer not in {*sums, *_written(after)}
                if known and total.view.buffer in sums and read[total.view.buffer] == 1:
                    taken[total.view.buffer] = assign
    body = tuple(_subtracted(line, taken) for line in stretches["body"])
    left = {id(assign) for assign in taken.values()}
    kept = tuple(line for line in stretches["after"] if id(line.instruction) not in left)
    starts = tuple(_start(taken[total]) if total in taken else (total, ZERO) for total in sums)
    return starts, {**stretches, "body": body, "after": kept}


def _start(assign: Assign) -> tuple[Buffer, Scalar]:
    assert isinstance(assign.value, NumberOp)
    return assign.out, assign.value.args[0]


def _written(instructions: Iterable[object]) -> set[Buffer]:
    return {instruction.out for instruction in instructions if isinstance(instruction, Assign)}


def _subtracted(line: Line, taken: Mapping[Buffer, Assign]) -> Line:
    """`next -= x` for the line `sum += x`."""
    assign = line.instruction
    assert isinstance(assign, Assign)
    if assign.out not in taken:
        return line
    assert isinstance(assign.value, NumberOp)
    _, *terms = assign.value.args
    term = terms[0] if len(terms) == 1 else NumberOp("add", tuple(terms))
    out = taken[assign.out].out
    return Line(Assign(out, NumberOp("subtract", (NumberRead(View(out)), term))), line.tensor)
