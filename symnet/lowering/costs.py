"""What the forms of a step cost, measured: which of them a module takes.

The seconds are CPU time of one thread with Python 3.11 and NumPy 2.4 on a 2.8 GHz Ice Lake Xeon. On another
machine all of them grow or shrink about alike, and only their ratios count.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from symnet.lowering.instructions import Assign, Line, Loop, NumberOp, Same, Scalar

MOST_NUMBERS = 600
"""A step of more numbers than this is not written number by number: nobody could read it."""
CALL = 0.40e-6
"""A call of a small array, where it costs least: loy's step of 4 samples is 26 calls in 10e-6 seconds."""
NUMBER = 8e-9
"""An operation of two Python numbers, and the names that it reads and writes: loy's is about 110 a sample."""
FUNCTION = 45e-9
"""A function of a Python number: exp, tanh, log."""
START = 1.6e-6
"""Arrays to lists of numbers before the step, and back to arrays after it."""
ROW, IN_ROW = 35e-9, 0.3e-9
"""The largest of a row of an array: to start, and for each entry."""
TURNED = 1.0e-9
"""An entry of an array that is copied with its rows as columns, and then compared as part of a whole row."""
PLACE = 0.7e-9
"""An entry of an array in which one place of every row is compared with the largest so far."""
EINSUM, IN_EINSUM = 1.25e-6, 0.4e-9
"""np.einsum of two arrays, multiplied entry by entry and summed along an axis: to start, and an entry."""
PRODUCT = 0.6e-9
"""An entry of a product of two arrays that is written and then summed by another product, with ones."""
PASS = 0.15e-9
"""An entry of an array that is multiplied by a number where it lies, in float64 and in the cache."""
INFIX = frozenset(
    {"add", "subtract", "multiply", "divide", "negative", "where", "less", "less_equal", "equal"}
)


def of_numbers(lines: Iterable[Line]) -> float:
    """Seconds for assignments of numbers."""
    return sum(of_number(line.instruction.value) for line in lines if isinstance(line.instruction, Assign))


def of_number(value: Scalar) -> float:
    """Seconds for one number."""
    if not isinstance(value, NumberOp):
        return 0.0
    own = NUMBER * max(len(value.args) - 1, 1) if value.function in INFIX else FUNCTION
    return own + sum(map(of_number, value.args))


def turned_is_faster(rows: int, length: int) -> bool:
    """Whether the maxima of rows take longer than those of columns in a copy.

    | rows x length, float64 | by rows | turned |
    | ---------------------- | ------- | ------ |
    | 64 x 3                 | 2.4e-6  | 1.0e-6 |
    | 64 x 10                | 2.6e-6  | 1.3e-6 |
    | 2000 x 10              | 63e-6   | 13e-6  |
    | 4 x 10                 | 0.7e-6  | 1.1e-6 |
    | 2000 x 64              | 130e-6  | 165e-6 |
    """
    return 2 * CALL + TURNED * rows * length < CALL + rows * (ROW + IN_ROW * length)


def places_are_faster(rows: float, places: int) -> bool:
    """Whether the largest of few places of many rows is quicker by whole arrays, place by place."""
    return places * CALL + PLACE * rows * places < CALL + rows * (ROW + IN_ROW * places)


def product_is_faster(entries: int) -> bool:
    """Whether the sum of an entry-by-entry product along an axis is quicker by two calls than by an einsum.

    | entries, float64 | einsum | multiply, then dot with ones |
    | ---------------- | ------ | ---------------------------- |
    | 40               | 1.3e-6 | 0.5e-6                       |
    | 640              | 1.6e-6 | 0.7e-6                       |
    | 4096             | 2.3e-6 | 1.6e-6                       |
    | 20000            | 10e-6  | 13e-6                        |
    """
    return 2 * CALL + PRODUCT * entries < EINSUM + IN_EINSUM * entries


def rate_inside_is_faster(first: Sequence[int], moved: Sequence[int]) -> bool:
    """Whether to multiply arrays of `first` entries by the learning rate is quicker than one vector of all
    parameters, which are arrays of `moved` entries.

    | a step, by one with the rate in the update | ratio |
    | ------------------------------------------ | ----- |
    | 3-4-1, float64, number by number           | 0.93  |
    | 784-256-128-10, float64, 128 samples       | 0.92  |
    | 1024-2048-2048-1024, float32, 256 samples  | 0.99  |
    """
    return CALL * len(first) + PASS * sum(first) <= CALL + PASS * sum(moved)


def calls(lines: Iterable[Line]) -> int:
    """The calls of the array library, at least: one turn of each loop."""
    return sum(
        calls(line.instruction.body) if isinstance(line.instruction, Loop) else 1
        for line in lines
        if not isinstance(line.instruction, Same)
    )


def most_samples(once: Iterable[Line], each: Iterable[Line], arrays: Iterable[Line]) -> int:
    """The most samples for which a step number by number takes less than the calls of the arrays alone."""
    left = calls(arrays) * CALL - START - of_numbers(once)
    return max(int(left / max(of_numbers(each), NUMBER)), 0)
