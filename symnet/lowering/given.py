"""The data that stretches of the array program take, and the sizes that come with them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from symnet.equations.program import Program
from symnet.index.symbols import Role, Size, Tensor
from symnet.lowering.instructions import Line, reads_of
from symnet.lowering.schedule import Schedule


def data_of(plan: Schedule, lines: Iterable[Line], returned: str = "") -> tuple[Tensor, ...]:
    """The inputs and targets that the lines read or that are `returned` as they are, inputs first."""
    read = {view.buffer.name for line in lines for view in reads_of(line.instruction)} | {returned}
    return tuple(
        t for role in (Role.INPUT, Role.TARGET) for t in plan.program.of_role(role) if t.name in read
    )


def drawn_of(plan: Schedule, lines: Iterable[Line]) -> tuple[Tensor, ...]:
    """The tensors that are drawn anew for each step, among those that the lines read."""
    read = {view.buffer.name for line in lines for view in reads_of(line.instruction)}
    return tuple(t for t in plan.program.of_role(Role.RANDOM) if t.name in read)


def sizes_of_data(program: Program, data: Sequence[Tensor]) -> tuple[Size, ...]:
    """The sizes that nothing says before the data are there."""
    parameters = program.of_role(Role.PARAMETER, Role.STATE)
    known = {s for t in parameters for extent in t.shape for s in extent.atoms(Size)}
    known |= {s for s in program.sizes if s.name in program.values}
    found = (extent for tensor in data for extent in tensor.shape if isinstance(extent, Size))
    return tuple(dict.fromkeys(size for size in found if size not in known))


def enough(data: Sequence[Tensor], read: Collection[str], sizes: Iterable[Size]) -> tuple[Tensor, ...]:
    """Those of the `data` that are `read`, and those that alone say how large one of the `sizes` is."""
    names = set(read)
    for size in sizes:
        having = [tensor.name for tensor in data if size in tensor.shape]
        names |= set() if names.intersection(having) else set(having[:1])
    return tuple(tensor for tensor in data if tensor.name in names)
