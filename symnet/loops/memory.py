"""Where everything lies: in the struct of the trainer what does not depend on the data's sizes, in that of
the workspace the rest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import inf

from sympy import Expr, Integer, Mul, S

from symnet.index.symbols import Role, Size
from symnet.loops.dialect import Dialect
from symnet.loops.names import Names
from symnet.lowering.given import data_of, sizes_of_data
from symnet.lowering.instructions import Buffer, Home, Kind, reads_of
from symnet.lowering.schedule import Schedule

KINDS = (Kind.REAL, Kind.MASK, Kind.PLACE)
"""In this order they lie in a workspace."""
OF_TRAINER = frozenset({Home.PARAMETER, Home.GRADIENT, Home.DIRECTION, Home.PRODUCT, Home.STATE, Home.UPDATE})
"""Homes whose buffers lie in the trainer."""
OF_WORKSPACE = frozenset({Home.WORKSPACE, Home.CONSTANT, Home.RANDOM, Home.GIVEN, Home.RESULT})
"""Homes whose buffers lie in the workspace."""


class Memory:
    """The buffers of one schedule by their places."""

    def __init__(
        self,
        plan: Schedule,
        known: Mapping[Size, Expr],
        of_data: Sequence[Size],
        names: Names,
        dialect: Dialect,
    ) -> None:
        self.plan = plan
        self.known = known
        self.of_data = tuple(of_data)
        self.free = tuple(s for s in plan.program.sizes if s not in known and s not in self.of_data)
        self.names = names
        self.dialect = dialect
        self.buffers = {buffer.name: buffer for buffer in plan.buffers}
        for tensor in plan.program.of_role(Role.INPUT, Role.TARGET):
            self.name(plan.of_tensor[tensor.name])
        for size in (*self.of_data, *self.free):
            self.size_name(size)
        self.used = self._used()
        self.vector_of = self._vectors()
        self.reads, self.kept = self._reads(), self._kept()
        for buffer in self.used.values():
            self.name(self.owner(buffer))

    # --- names

    def name(self, buffer: Buffer) -> str:
        return self.names.of(buffer.name, buffer.name)

    def size_name(self, size: Expr) -> str:
        return self.names.of(size, size.name)

    def owner(self, buffer: Buffer) -> Buffer:
        """The buffer whose memory this is, for those that lie in the trainer: there it goes by that one
        name.
        """
        while buffer.home is Home.UPDATE and buffer.name in self.plan.owners:
            buffer = self.buffers[self.plan.owners[buffer.name]]
        return buffer

    def single(self, buffer: Buffer) -> str:
        """The field that is a number of its own; empty where the buffer is an array."""
        if buffer.home is Home.NUMBER or (buffer.home is Home.UPDATE and not buffer.shape):
            return self.dialect.field("t", self.name(buffer))
        if buffer.home is Home.WORKSPACE and not buffer.shape:
            return self.dialect.field("w", self.name(buffer))
        return ""

    def memory_of(self, buffer: Buffer) -> str:
        """The name of the piece of memory: the same for buffers that share it."""
        name = buffer.name
        while name in self.plan.owners:
            name = self.plan.owners[name]
        return self.vector_of.get(name, (name, S.Zero))[0]

    def readers(self, buffer: Buffer) -> float:
        """How many instructions read a buffer; without end where it is kept, or what shares its memory is."""
        if buffer.home not in (Home.WORKSPACE, Home.UPDATE) or buffer.name in self.kept:
            return inf
        return self.reads[buffer.name]

    def shape(self, buffer: Buffer) -> str:
        """A shape as a person reads it."""
        sizes = [str(size.xreplace(dict(self.known)).expand()) for size in buffer.shape]
        return f"({sizes[0]},)" if len(sizes) == 1 else f"({', '.join(sizes)})"

    # --- what there is

    def _used(self) -> dict[str, Buffer]:
        """Every buffer that a line touches, and every tensor that is kept."""
        kept = (OF_TRAINER - {Home.UPDATE}) | {Home.NUMBER, Home.GIVEN}
        return self.plan.touched() | {b.name: b for b in self.plan.of_tensor.values() if b.home in kept}

    def _reads(self) -> Counter[str]:
        """How often each buffer is read."""
        views = (view for line in self.plan.lines for view in reads_of(line.instruction))
        return Counter(buffer.name for view in views for buffer in (view.buffer, view.zero) if buffer)

    def _kept(self) -> set[str]:
        """What somebody else looks at: the prediction, the loss, gradients, what is derived beyond them,
        and what has another's memory that stays.
        """
        plan = self.plan
        tensors = [plan.loss_tensor, *plan.gradients.values()]
        tensors += [plan.prediction] if plan.prediction else []
        tensors += [t for s in plan.beyond for t in s.further.results.values()]
        found = {plan.of_tensor[tensor.name].name for tensor in tensors}
        owners = ((name, self.buffers[owner]) for name, owner in plan.owners.items())
        return found | {name for name, owner in owners if owner.home is not Home.WORKSPACE}

    def _vectors(self) -> dict[str, tuple[str, Expr]]:
        """For a tensor that is part of a vector, that vector and where in it."""
        found: dict[str, tuple[str, Expr]] = {}
        for stack in self.plan.stacks:
            for vector, members in zip(stack.vectors, stack.parts, strict=True):
                offset: Expr = S.Zero
                for member in members:
                    found[member.name] = (vector.name, offset)
                    offset += Mul(*member.shape)
        return found

    def in_trainer(self) -> Iterator[Buffer]:
        """The arrays that lie in the trainer, each piece of memory once."""
        for buffer in self.used.values():
            apart = self.owner(buffer) == buffer and buffer.name not in self.vector_of
            if buffer.home in OF_TRAINER and apart and not self.single(buffer):
                yield buffer

    def numbers_of_trainer(self) -> list[Buffer]:
        """The numbers that lie in the trainer."""
        own = (b for b in self.used.values() if self.owner(b) == b and b.home is not Home.WORKSPACE)
        return list(dict.fromkeys(b for b in own if self.single(b)))

    def numbers_of_workspace(self) -> list[Buffer]:
        """The numbers that lie in the workspace."""
        return [b for b in self.used.values() if b.home is Home.WORKSPACE and self.single(b)]

    def in_workspace(self) -> list[Buffer]:
        """The arrays of the workspace, those too that lie in another's memory."""
        found = [b for b in self.used.values() if b.home in OF_WORKSPACE and not self.single(b)]
        return sorted(found, key=lambda b: KINDS.index(b.kind))

    def pointer(self, buffer: Buffer) -> tuple[str, Expr]:
        """The field of the trainer that an array lies in, and from which entry on."""
        field, offset = self.vector_of.get(buffer.name, (buffer.name, S.Zero))
        return self.name(self.buffers.get(field, buffer)), offset


def length(buffer: Buffer) -> Expr:
    """The number of entries."""
    return Mul(*buffer.shape)


def memory_of(plan: Schedule, names: Names, dialect: Dialect) -> Memory:
    """The memory of a schedule."""
    program = plan.program
    known = {s: Integer(program.values[s.name]) for s in program.sizes if s.name in program.values}
    predicted = plan.of_tensor[plan.prediction.name].name if plan.prediction else ""
    inputs = data_of(plan, (*plan.predict, *plan.infer), predicted)
    training = (*plan.predict, *plan.loss, *plan.backward, *plan.update, *plan.infer)
    of_data = sizes_of_data(plan.program, inputs or data_of(plan, training, predicted))
    return Memory(plan, known, of_data, names, dialect)
