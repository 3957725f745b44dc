"""The structs of the file: what lies in them, how much memory they take, and how it starts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sympy import Expr, Integer

from symnet.backends.c.dialect import TYPES
from symnet.index.symbols import Role
from symnet.loops.memory import Memory, length
from symnet.loops.scope import Scope
from symnet.lowering.instructions import Buffer, Home, Kind
from symnet.lowering.schedule import Schedule
from symnet.lowering.start import start_of


class Structs:
    """The lines that declare, measure, lay out and set the trainer and the workspace."""

    def __init__(self, plan: Schedule, memory: Memory, prefix: str) -> None:
        self.plan = plan
        self.program = plan.program
        self.memory = memory
        self.prefix = prefix

    def whole(self, expr: Expr, level: int = 0) -> str:
        """A whole number of sizes, as C."""
        return Scope(self.memory).whole(expr, level)

    def known(self, expr: Expr) -> Expr:
        """The formula with the sizes that are known."""
        return expr.xreplace(dict(self.memory.known)).expand()

    def trainer_fields(self) -> Iterator[str]:
        memory = self.memory
        for buffer in memory.numbers_of_trainer():
            yield f"double {memory.name(buffer)};"
        for buffer in memory.in_trainer():
            count = self.whole(length(buffer))
            yield f"{TYPES[buffer.kind]} {memory.name(buffer)}[{count}];  // {self._parts(buffer)}"

    def _parts(self, buffer: Buffer) -> str:
        """What lies in an array of the trainer."""
        for stack in self.plan.stacks:
            for vector, members in zip(stack.vectors, stack.parts, strict=True):
                if vector.name == buffer.name:
                    shapes = (f"{m.name} {self.memory.shape(self.plan.of_tensor[m.name])}" for m in members)
                    return ", ".join(shapes)
        return self.memory.shape(buffer)

    def workspace_fields(self) -> Iterator[str]:
        memory = self.memory
        for size in memory.of_data:
            yield f"place {memory.size_name(size)};"
        for buffer in memory.numbers_of_workspace():
            yield f"{'place' if buffer.kind is Kind.PLACE else 'double'} {memory.name(buffer)};"
        for buffer in memory.in_workspace():
            yield f"{TYPES[buffer.kind]} *{memory.name(buffer)};  // {self.memory.shape(buffer)}"

    def bytes(self) -> list[str]:
        """The terms of the number of bytes of a workspace."""
        own = [b for b in self.memory.in_workspace() if b.name not in self.plan.owners]
        return [f"ROUND({self.whole(length(b), 1)}, {TYPES[b.kind]})" for b in own] or ["0"]

    def carving(self) -> Iterator[str]:
        """The lines that give each array its memory."""
        memory = self.memory
        for buffer in memory.in_workspace():
            name = memory.name(buffer)
            if buffer.name in self.plan.owners:
                owner = memory.buffers[self.plan.owners[buffer.name]]
                yield f"w->{name} = w->{memory.name(owner)};  // the same memory, which is free by then"
            else:
                kind = TYPES[buffer.kind]
                yield f"w->{name} = ({kind} *)bytes;"
                yield f"bytes += ROUND({self.whole(length(buffer), 1)}, {kind});"

    def layout(self, arrays: Sequence[Buffer], shown: Sequence[Buffer]) -> dict[str, str]:
        """Where the structs hold what another language looks at: C expressions for numbers of bytes, by
        name.
        """
        p, memory = self.prefix, self.memory
        found = {
            "trainer": f"sizeof({p}_trainer)",
            "workspace": f"sizeof({p}_workspace)",
            "numbers": f"offsetof({p}_trainer, random) + sizeof(symnet_random)",
        }
        for buffer in arrays:
            field, offset = memory.pointer(buffer)
            more = f"({self.whole(offset)}) * sizeof(real)"
            found[f"t.{buffer.name}"] = f"offsetof({p}_trainer, {field}) + {more}"
        for buffer in shown:
            found[f"w.{buffer.name}"] = f"offsetof({p}_workspace, {memory.name(buffer)})"
        return found

    def settings(self) -> Iterator[str]:
        """The lines that set the hyperparameters."""
        for tensor in self.program.of_role(Role.HYPERPARAMETER):
            value = self.program.values.get(tensor.name)
            name = self.memory.name(self.plan.of_tensor[tensor.name])
            yield f"t->{name} = {'NAN' if value is None else repr(float(value))};"

    def initialize(self) -> Iterator[str]:
        """The lines that draw parameters and forget what the optimizer remembers."""
        scope = Scope(self.memory)
        for tensor in self.program.of_role(Role.PARAMETER):
            buffer = self.plan.of_tensor[tensor.name]
            start, place = start_of(tensor, self.program), self._field(buffer)
            count = self.whole(length(buffer))
            head = f"for (place at = 0; at < {count}; at++)"
            if start.square is None:
                yield f"{head} {place} = {float(start.value)};"
            else:
                bound = f"sqrt({scope.numbers.real(start.square)})"
                yield f"{head} {place} = (real)((2 * symnet_uniform(&t->random) - 1) * {bound});"
        for buffer in self.states():
            tensor = self.plan.tensor_in(buffer)
            head = f"for (place at = 0; at < {self.whole(length(buffer))}; at++)"
            yield f"{head} t->{self.memory.name(buffer)}[at] = {float(tensor.initial)};"
        for tensor in self.program.of_role(Role.STATE):
            if not tensor.rank:
                value = float(self.program.values.get(tensor.name, tensor.initial))
                yield f"t->{self.memory.name(self.plan.of_tensor[tensor.name])} = {value!r};"

    def _field(self, buffer: Buffer) -> str:
        field, offset = self.memory.pointer(buffer)
        return f"t->{field}[{'at' if offset == 0 else f'{self.whole(offset)} + at'}]"

    def states(self) -> list[Buffer]:
        return [buffer for buffer in self.memory.in_trainer() if buffer.home is Home.STATE]

    def static_bytes(self, samples: int) -> int:
        """How many bytes an embedded trainer takes: float is 4, place 4, double 8."""
        memory, most = self.memory, Integer(samples)
        at = dict.fromkeys(memory.of_data, most)
        width = {Kind.REAL: 4, Kind.PLACE: 4, Kind.MASK: 1}

        def count(buffer: Buffer) -> int:
            found = self.known(length(buffer)).xreplace(at)
            return int(found) if found.is_Integer else 0

        own = [b for b in memory.in_workspace() if b.name not in self.plan.owners]
        space = sum(-(-count(b) * width[b.kind] // 64) * 64 for b in own)
        trainer = 40 + 8 * len(memory.numbers_of_trainer())
        trainer += sum(count(b) * width[b.kind] for b in memory.in_trainer())
        pointers = 8 * (len(memory.in_workspace()) + len(memory.numbers_of_workspace()) + len(at))
        return -(-trainer // 8) * 8 + space + -(-pointers // 8) * 8 + 64
