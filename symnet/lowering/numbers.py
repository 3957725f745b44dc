"""Numbers made of numbers: what a zero or a one makes needless is left out, and what stands in several of
them is computed once.

before:  A = 1 / (exp(Z) + 1);  dZ = dA * exp(Z) / ((exp(Z) + 1) * (exp(Z) + 1))
after:   part = exp(Z);  part_2 = part + 1;  A = 1 / part_2;  dZ = dA * part / (part_2 * part_2)

A branch of a choice is computed only where it is chosen, so what is risky in one stays where it is.

A number that grows too large raises an error, and the step is then taken by arrays. So the logistic function
and its derivative need no choice between two forms that cannot overflow:

before:  A = e^min(Z, 0) / (e^-|Z| + 1);  dZ = dA * e^-|Z| / ((e^-|Z| + 1) * (e^-|Z| + 1))
after:   t = exp(Z);  c = 1 / (t + 1);  A = t * c;  dZ = dA * A * c

c is 1 - A without its rounding, and both are right to a few units in the last place wherever Z is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from sympy import S

from symnet.lowering.branches import BRACKETS, SAFE
from symnet.lowering.instructions import Assign, Buffer, Constant, Line, NumberOp, NumberRead, Scalar, View

ZERO, ONE = Constant(S.Zero), Constant(S.One)


def named(lines: Sequence[Line], fresh: Callable[[str], Buffer]) -> Iterator[Line]:
    """The assignments, with those before them that give names to what is used again."""
    counted = _counted(lines)
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


def _counted(lines: Iterable[Line]) -> Counter[NumberOp]:
    """How often every part of the lines is needed: what stands in a part that is there again is not."""
    counted: Counter[NumberOp] = Counter()
    for line in lines:
        assert isinstance(line.instruction, Assign)
        pending: list[Scalar] = [line.instruction.value]
        while pending:
            value = pending.pop()
            if isinstance(value, NumberOp):
                counted[value] += 1
                if counted[value] == 1:
                    pending.extend(value.args if value.function != "where" else _always(value))
    return counted


def _always(choice: NumberOp) -> tuple[Scalar, ...]:
    """The parts of a choice that may be computed whatever is chosen."""
    condition, yes, no = choice.args
    return (condition, *(branch for branch in (yes, no) if not _is_risky(branch)))


def _is_risky(value: Scalar) -> bool:
    return isinstance(value, NumberOp) and (value.function not in SAFE or any(map(_is_risky, value.args)))


def _stem(line: Line) -> str:
    assert isinstance(line.instruction, Assign)
    return (line.tensor and line.instruction.out.name) or "sum"


def applied(function: str, args: list[Scalar]) -> Scalar:
    """A function of numbers, without what a zero, a one or a bracket makes needless.

    A bracket in a product is a choice: what is not chosen is not computed.
    """
    if function == "add":
        args = [argument for argument in args if argument != ZERO]
        return NumberOp("add", tuple(args)) if len(args) > 1 else args[0] if args else ZERO
    if function == "multiply":
        if ZERO in args:
            return ZERO
        args = [argument for argument in args if argument != ONE]
        brackets = [a for a in args if isinstance(a, NumberOp) and a.function in BRACKETS]
        if brackets and len(args) > 1:
            rest = [argument for argument in args if argument is not brackets[0]]
            return NumberOp("where", (brackets[0], applied("multiply", rest), ZERO))
        return NumberOp("multiply", tuple(args)) if len(args) > 1 else args[0] if args else ONE
    if function == "subtract" and args[1] == ZERO:
        return args[0]
    if function in ("subtract", "negative") and args[0] == ZERO:
        return ZERO if function == "negative" else applied("negative", args[1:])
    if function == "divide" and args[0] == ZERO:
        return ZERO
    if function == "divide" and (found := _logistic(*args)) is not None:
        return found
    if function == "power" and isinstance(args[1], Constant) and args[1].value in (2, 3, 4):
        return NumberOp("multiply", (args[0],) * int(args[1].value))
    if function == "rise":  # e^x up to 0, which is e^-|x| there
        return NumberOp("where", (NumberOp("less", (ZERO, args[0])), ONE, NumberOp("decay", (args[0],))))
    return NumberOp(function, tuple(args))


def _logistic(above: Scalar, below: Scalar) -> Scalar | None:
    """By e^z alone, where this quotient is the logistic function of z or a product with its derivative."""
    factor = below.args[0] if isinstance(below, NumberOp) and below.function == "multiply" else below
    squared = below == NumberOp("multiply", (factor, factor))
    decay = _before_one(factor) if squared or factor == below else None
    if decay is None:
        return None
    growth = NumberOp("exp", decay.args)
    complement = NumberOp("divide", (ONE, NumberOp("add", (growth, ONE))))
    value = NumberOp("multiply", (growth, complement))
    if not squared:
        return value if above == applied("rise", list(decay.args)) else None
    factors = list(above.args) if isinstance(above, NumberOp) and above.function == "multiply" else [above]
    if factors.count(decay) != 1:
        return None
    factors.remove(decay)
    return NumberOp("multiply", (*factors, value, complement))


def _before_one(value: Scalar) -> NumberOp | None:
    """The e^-|z| in e^-|z| + 1."""
    if not isinstance(value, NumberOp) or value.function != "add" or value.args[1:] != (ONE,):
        return None
    decay = value.args[0]
    return decay if isinstance(decay, NumberOp) and decay.function == "decay" else None
