"""Where everything lies: the arrays of the workspace, the vectors of the Trainer, how they start and what is
saved.
"""

from __future__ import annotations

from collections.abc import Iterator

from symnet.backends.numpy.expressions import Expressions
from symnet.backends.numpy.statements import Statements
from symnet.index.symbols import Role, Tensor
from symnet.lowering.instructions import Buffer, Home, Kind
from symnet.lowering.schedule import Schedule
from symnet.lowering.stack import Stack
from symnet.lowering.start import start_of

DTYPES = {Kind.REAL: "dtype", Kind.MASK: "bool", Kind.PLACE: "np.intp"}
VIEWS = "# The same memory seen in another shape, so that no step makes a view."
HELD = "# Numbers that stand beside arrays, as arrays: so no step converts them."
VECTORS = [
    "# All parameters lie one after another in one vector, and so do their gradients: an update is then a",
    "# few operations for the whole network.",
]


class Storage:
    """The bodies of the constructors."""

    def __init__(self, plan: Schedule, text_of: Expressions, statements: Statements) -> None:
        self.plan = plan
        self.program = plan.program
        self.text_of = text_of
        self.statements = statements

    def of(self, tensor: Tensor) -> str:
        return self.text_of.buffer(self.plan.of_tensor[tensor.name])

    # The workspace

    def used(self) -> list[Buffer]:
        """Every buffer that a line touches, in that order."""
        given = {b.name: b for b in self.plan.of_tensor.values() if b.home is Home.GIVEN}
        return list((self.plan.touched() | given).values())

    def workspace(self) -> list[str]:
        """The body of the Workspace: sizes, arrays, views of them, and what is computed once."""
        with self.text_of.place("workspace"):
            setup = self.statements.block(self.plan.setup)
            sizes = [
                (self.text_of.workspace.of(s, s.name), self.text_of.symbol(s)) for s in self.text_of.of_data
            ]
            arrays = [
                self.allocation(buffer)
                for buffer in self.used()
                if buffer.home in (Home.WORKSPACE, Home.CONSTANT, Home.RANDOM, Home.GIVEN)
                and (buffer.shape or buffer.name not in self.plan.equations)
            ]
            return (
                [f"w.{attribute} = {local}" for attribute, local in sizes] + arrays + self.views("w.") + setup
            )

    def allocation(self, buffer: Buffer) -> str:
        target = self.text_of.buffer(buffer)
        if buffer.name in self.plan.owners:
            owner = self.text_of.buffer(self.text_of.buffers[self.plan.owners[buffer.name]])
            return f"{target} = {owner}  # the same memory, which is free by then"
        dtype = DTYPES[buffer.kind]
        if buffer.content == "arange":
            return f"{target} = np.arange({self.text_of.size(buffer.shape[0])}, dtype={dtype})"
        return f"{target} = np.{buffer.content or 'empty'}({self.text_of.shape(buffer.shape)}, {dtype})"

    def views(self, owner: str) -> list[str]:
        """The views that are made once, of the arrays of the workspace ("w.") or of the Trainer ("self.")."""
        found = {view: name for view, name in self.text_of.bound.items() if name.startswith(owner)}
        lines = [f"{name} = {self.text_of.made(view)}" for view, name in found.items()]
        return [VIEWS, *lines] if lines else []

    # The Trainer

    def trainer(self) -> list[str]:
        """The body of the Trainer's __init__: sizes, hyperparameters, parameters, gradients, the optimizer's
        memory.
        """
        with self.text_of.place("init"):
            lines = [f"{self.text_of.kept(size)} = {self.text_of.symbol(size)}" for size in self.text_of.free]
            lines += self.numbers()
            lines += VECTORS if self.plan.stacks else []
            for stack in self.plan.stacks:
                lines += self.vectors(stack)
            lines += self.single_arrays()
            pairs = ", ".join(f'"{t.name}": {self.of(t)}' for t in self.program.of_role(Role.PARAMETER))
            return [*lines, f"self.parameters = {{{pairs}}}", *self.views("self."), *self.held()]

    def held(self) -> list[str]:
        """The numbers that are kept as arrays."""
        found = sorted(self.text_of.held.items())
        lines = [f"{name} = np.array({float(value)}, dtype)" for value, name in found]
        return [HELD, *lines] if lines else []

    def numbers(self) -> Iterator[str]:
        """The hyperparameters with their values; those without one are arguments."""
        for tensor in self.program.of_role(Role.HYPERPARAMETER):
            value = self.program.values.get(tensor.name)
            text = self.text_of.local.of(tensor.name) if value is None else repr(float(value))
            yield f"{self.of(tensor)} = {text}"

    def vectors(self, stack: Stack) -> Iterator[str]:
        """The vectors of one stack, and their parts by name."""
        yield f"shapes = [{', '.join(self.text_of.shape(t.shape) for t in stack.parts[0])}]"
        for vector, members in zip(stack.vectors, stack.parts, strict=True):
            yield f"{self.of(vector)} = np.zeros({self.text_of.size(vector.shape[0])}, dtype)"
            if vector.role is not Role.STATE:
                targets = ", ".join(map(self.of, members))
                yield f"{targets}{',' if len(members) == 1 else ''} = parts({self.of(vector)}, shapes)"

    def single_arrays(self) -> Iterator[str]:
        """What lies in no vector, and the scratch memory of the update."""
        stacked = {t.name for stack in self.plan.stacks for members in stack.parts for t in members}
        homes = (Home.PARAMETER, Home.GRADIENT, Home.STATE)
        for name in self.program.tensors:
            buffer = self.plan.of_tensor.get(name)
            if buffer is not None and buffer.name == name not in stacked and buffer.home in homes:
                yield f"{self.text_of.buffer(buffer)} = np.zeros({self.text_of.shape(buffer.shape)}, dtype)"
        for buffer in self.used():
            if buffer.home is Home.UPDATE and buffer.shape and buffer.name not in self.plan.owners:
                shape, dtype = self.text_of.shape(buffer.shape), DTYPES[buffer.kind]
                yield f"{self.text_of.buffer(buffer)} = np.empty({shape}, {dtype})"

    def states(self) -> list[Tensor]:
        """What the optimizer remembers, as it lies in memory."""
        stacked = [v for stack in self.plan.stacks for v in stack.vectors if v.role is Role.STATE]
        inside = {t.name for stack in self.plan.stacks for members in stack.parts for t in members}
        return stacked + [t for t in self.program.of_role(Role.STATE) if t.rank and t.name not in inside]

    def counters(self) -> list[Tensor]:
        """Numbers that an optimizer counts with."""
        return [tensor for tensor in self.program.of_role(Role.STATE) if not tensor.rank]

    def initialize(self) -> Iterator[str]:
        """The first value of every parameter and state."""
        for tensor in self.program.of_role(Role.PARAMETER):
            start, name = start_of(tensor, self.program), self.of(tensor)
            if start.square is None:
                yield f"{name}[...] = {float(start.value)}"
            else:
                bound = f"np.sqrt({self.text_of.size(start.square)})"
                yield f"{name}[...] = random.uniform(-1.0, 1.0, {name}.shape) * {bound}"
        for vector in self.states():
            yield f"{self.of(vector)}[...] = {vector.initial}"
        for tensor in self.counters():
            yield f"{self.of(tensor)} = {float(self.program.values.get(tensor.name, tensor.initial))}"

    def saved(self) -> tuple[list[tuple[str, str]], list[str]]:
        """The arrays that are saved, by their names in the file; and the lines that take them back."""
        state = [(file_key(t.name), self.of(t)) for t in self.program.of_role(Role.PARAMETER)]
        state += [(f"optimizer.{t.name}", self.of(t)) for t in self.states()]
        load = [f'{name}[...] = found["{key}"]' for key, name in state]
        for tensor in self.counters():
            load.append(f'{self.of(tensor)} = float(found["optimizer.{tensor.name}"])')
            state.append((f"optimizer.{tensor.name}", f"np.array({self.of(tensor)})"))
        return state, load


def file_key(name: str) -> str:
    """The name of an array in an npz file; np.savez takes these words for arguments of its own."""
    return f"{name}_" if name in ("file", "allow_pickle", "args", "kwds") else name
