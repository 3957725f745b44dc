"""The array program: a list of instructions over named buffers, which a backend prints one by one.

A `Buffer` is memory of some shape; a `View` is a way to look at it (sliced, transposed, spread for
broadcasting, flattened). An instruction reads views and numbers and writes one view. Numbers (rank 0) are no
buffers in memory: they are small expressions of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from sympy import Expr, S

from symnet.index.symbols import Index


class Kind(StrEnum):
    """What a buffer's entries are."""

    REAL = "real"
    MASK = "mask"
    PLACE = "place"  # whole numbers: positions along an axis


class Home(StrEnum):
    """Where a buffer lives."""

    INPUT = "input"  # an argument of the step
    PARAMETER = "parameter"
    GRADIENT = "gradient"
    DIRECTION = "direction"  # what second derivatives are multiplied by
    PRODUCT = "product"  # what comes of it
    STATE = "state"
    RANDOM = "random"  # drawn before a step, and kept through it
    GIVEN = "given"  # copied to where it lies before a stretch that reads it
    NUMBER = "number"  # rank 0, set before training or kept from step to step
    RESULT = "result"  # new memory in every run of a stretch, which returns it
    WORKSPACE = "workspace"  # written in every step; its memory may be shared with others
    CONSTANT = "constant"  # written once, when the sizes are known
    LOCAL = "local"  # rank 0, one number of a step that is written number by number
    UPDATE = "update"  # scratch of the update, whose size does not depend on the data


@dataclass(frozen=True, slots=True)
class Buffer:
    """Memory of a shape, under a name that no other buffer of the schedule has."""

    name: str
    shape: tuple[Expr, ...]
    home: Home = Home.WORKSPACE
    kind: Kind = Kind.REAL
    content: str = ""  # of a constant that needs no instruction: "ones", "zeros", "arange"


@dataclass(frozen=True, slots=True)
class Steps:
    """Axes that move evenly through an array: their indices, their sizes, and where in the array they are,
    one formula of the indices for each of its axes. An array X[n, i] in windows of 3, two apart: indices n,
    p, i; places n, 2*p + i.
    """

    indices: tuple[Index, ...]
    shape: tuple[Expr, ...]
    places: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class View:
    """A buffer looked at in a certain way, without a copy."""

    buffer: Buffer
    at: tuple[Expr | None, ...] = ()  # a position for each axis that is fixed; empty where none is
    order: tuple[int | None, ...] | None = None  # the axes left, in which order; None is an axis of one entry
    flat: tuple[Expr, ...] | None = None  # the shape that the whole buffer is seen in
    zero: Buffer | None = None  # what stands for the slice where a fixed position is outside the range
    steps: Steps | None = (
        None  # the axes that `at` and `order` then speak of, where they are not the buffer's
    )

    @property
    def whole(self) -> bool:
        """Whether this is all of the buffer as it lies in memory, though perhaps in another shape."""
        return not any(place is not None for place in self.at) and self.order is None and self.steps is None

    @property
    def rank(self) -> int:
        """The number of axes before any of them is fixed."""
        return len(self.steps.shape if self.steps is not None else self.buffer.shape)

    @property
    def positions(self) -> tuple[Expr, ...]:
        """The fixed positions."""
        return tuple(place for place in self.at if place is not None)


@dataclass(frozen=True, slots=True)
class Constant:
    """A number made of numbers, sizes and the indices of loops."""

    value: Expr


@dataclass(frozen=True, slots=True)
class NumberRead:
    """A tensor of rank 0, or one element of a tensor at fixed positions."""

    view: View


@dataclass(frozen=True, slots=True)
class Element:
    """The element of a tensor at computed places; zero outside its range."""

    view: View
    places: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class NumberOp:
    """A function of numbers."""

    function: str
    args: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Inner:
    """The sum of the products of two views' entries; both are flat."""

    a: View
    b: View


@dataclass(frozen=True, slots=True)
class Total:
    """The sum of all entries of a view."""

    a: View


Scalar = Constant | NumberRead | Element | NumberOp | Inner | Total
Operand = View | Scalar


@dataclass(frozen=True, slots=True)
class Map:
    """`out = function(args)` elementwise with broadcasting, only where the mask `where` holds; "copy" is the
    identity.
    """

    function: str
    args: tuple[Operand, ...]
    out: View
    where: Operand | None = None


@dataclass(frozen=True, slots=True)
class Product:
    """A product summed over axes: "dot" of vectors and matrices, "matmul" of stacks of matrices, or "einsum"
    with its subscripts.
    """

    form: str
    a: View
    b: View
    out: View
    subscripts: str = ""


@dataclass(frozen=True, slots=True)
class Onto:
    """`target += scale * product`; nobody reads what the product itself would have written, which may be used
    as scratch. The line is part of the product's equation, and of that of the tensor `update`.
    """

    product: Product
    target: View
    scale: Scalar
    update: str


@dataclass(frozen=True, slots=True)
class Reduce:
    """A reduction along axes of a view: "sum", "max" or "argmax"."""

    kind: str
    a: View
    along: tuple[int, ...]
    out: View


@dataclass(frozen=True, slots=True)
class Take:
    """`out = a` at the positions `index` along one axis of it; a position outside is clipped."""

    a: View
    index: View
    along: int
    out: View


@dataclass(frozen=True, slots=True)
class ScatterAdd:
    """`out[index] += a`, along the first axis of out, added up where positions repeat."""

    a: View
    index: View
    out: View


@dataclass(frozen=True, slots=True)
class Assign:
    """A number is given its value."""

    out: Buffer
    value: Scalar


@dataclass(frozen=True, slots=True)
class New:
    """New memory for `out`, which is returned: of any content, or of zeros."""

    out: Buffer
    zeros: bool = False


@dataclass(frozen=True, slots=True)
class Same:
    """Nothing is computed: the tensor of this line is what `buffer` holds already."""

    buffer: Buffer


@dataclass(frozen=True, slots=True)
class Loop:
    """The body for each `index` from `first` to below `size`, from the last one down if `reverse`."""

    index: Index
    size: Expr
    reverse: bool
    body: tuple[Line, ...]
    first: Expr = S.Zero


Instruction = Map | Product | Onto | Reduce | Take | ScatterAdd | Assign | New | Same | Loop


@dataclass(frozen=True, slots=True)
class Line:
    """An instruction and the tensor whose equation it is part of."""

    instruction: Instruction
    tensor: str


def innermost(line: Line) -> Iterator[Line]:
    """The lines in a loop, those of loops in it too; a line that is no loop is itself."""
    if isinstance(line.instruction, Loop):
        for inner in line.instruction.body:
            yield from innermost(inner)
    else:
        yield line


def reads_of(instruction: Instruction) -> Iterator[View]:
    """The views that an instruction reads, those of a loop's body too."""
    if isinstance(instruction, Map):
        for operand in (*instruction.args, *((instruction.where,) if instruction.where is not None else ())):
            yield from views_of(operand)
    elif isinstance(instruction, Product):
        yield instruction.a
        yield instruction.b
    elif isinstance(instruction, Onto):
        yield from reads_of(instruction.product)
        yield instruction.target
        yield from views_of(instruction.scale)
    elif isinstance(instruction, Reduce):
        yield instruction.a
    elif isinstance(instruction, Take):
        yield instruction.a
        yield instruction.index
    elif isinstance(instruction, ScatterAdd):
        yield instruction.a
        yield instruction.index
        yield instruction.out
    elif isinstance(instruction, Assign):
        yield from views_of(instruction.value)
    elif isinstance(instruction, Loop):
        for line in instruction.body:
            yield from reads_of(line.instruction)


def writes_of(instruction: Instruction) -> Iterator[View]:
    """The views that an instruction writes."""
    if isinstance(instruction, Loop):
        for line in instruction.body:
            yield from writes_of(line.instruction)
    elif isinstance(instruction, Assign | New):
        yield View(instruction.out)
    elif isinstance(instruction, Onto):
        yield instruction.product.out
        yield instruction.target
    elif not isinstance(instruction, Same):
        yield instruction.out


def views_of(operand: Operand) -> Iterator[View]:
    """The views in an operand."""
    if isinstance(operand, View):
        yield operand
    elif isinstance(operand, NumberRead):
        yield operand.view
    elif isinstance(operand, Element):
        yield operand.view
        for place in operand.places:
            yield from views_of(place)
    elif isinstance(operand, NumberOp):
        for argument in operand.args:
            yield from views_of(argument)
    elif isinstance(operand, Inner):
        yield operand.a
        yield operand.b
    elif isinstance(operand, Total):
        yield operand.a
