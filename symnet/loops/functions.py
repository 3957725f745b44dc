"""The functions that run the stretches of an array program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from symnet.equations.text import equation_text
from symnet.index.symbols import Tensor
from symnet.loops.memory import OF_WORKSPACE, Memory, length
from symnet.loops.names import harmless
from symnet.loops.scope import Scope
from symnet.loops.statements import Statements, wrapped
from symnet.lowering.beyond import Beyond
from symnet.lowering.given import data_of
from symnet.lowering.instructions import Buffer, Home, Line
from symnet.lowering.schedule import Schedule

WORDS = {
    "forward": "From the inputs to the prediction.",
    "infer": "What only a prediction needs, and no step of training.",
    "to_loss": "From there to the loss.",
    "backward": "The chain rule, from the loss back to every gradient.",
    "update": "One step of the optimizer, in place.",
    "descend": (
        "The backward pass and the step of the optimizer at once: gradients go straight into the parameters."
    ),
}


@dataclass(frozen=True, slots=True)
class Stretch:
    """A function that runs one stretch of the array program."""

    name: str
    words: str
    arguments: tuple[Tensor, ...]  # the data that it reads
    lines: list[str]
    uses_workspace: bool


class Functions:
    """Their text in one language."""

    def __init__(self, plan: Schedule, memory: Memory) -> None:
        self.plan = plan
        self.memory = memory
        self.dialect = memory.dialect

    def stretches(self) -> Iterator[Stretch]:
        """The stretches that there are, in the order in which they run."""
        plan = self.plan
        parts = (plan.predict, plan.infer, plan.loss, plan.backward, plan.update, plan.descent)
        for (name, words), lines in zip(WORDS.items(), parts, strict=True):
            if lines:
                yield self.stretch(name, lines, words)

    def beyond(self, stretch: Beyond, words: str) -> Iterator[Stretch]:
        """What is derived beyond the gradients, and before it what it needs of the other stretches."""
        if stretch.before:
            needed = f"What {stretch.name} needs of the forward and the backward pass."
            yield self.stretch(f"before_{stretch.name}", stretch.before, needed)
        if stretch.lines:
            yield self.stretch(stretch.name, stretch.lines, words)

    def stretch(self, name: str, lines: Sequence[Line], words: str) -> Stretch:
        """The function for these lines."""
        scope = Scope(self.memory)
        Statements(self.plan, scope).block(lines)
        body, unused = self._body(scope)
        return Stretch(name, harmless(words), data_of(self.plan, lines), body, "w" not in unused)

    def constants(self) -> list[str]:
        """The body of the function that fills what is computed once."""
        scope = Scope(self.memory)
        for buffer in self.memory.in_workspace():
            if buffer.content:
                (index,) = scope.indices(["k"], [length(buffer)])
                where = scope.whole(index)
                value = {"ones": "1", "zeros": "0", "arange": where}[buffer.content]
                if buffer.content == "arange":
                    value = self.dialect.cast(buffer.kind.value, value)
                with scope.loops([(index, length(buffer))], braces=False):
                    scope.add(f"{scope.array(buffer)}[{where}] = {value};")
        Statements(self.plan, scope).block(self.plan.setup)
        lines, _ = self._body(scope)
        return [line for line in lines if line.strip() != self.dialect.unused("t")] if lines else []

    def _body(self, scope: Scope) -> tuple[list[str], list[str]]:
        """The lines of a function, after the names of what it uses; and which of t and w it does not use."""
        head = [
            self.dialect.constant("place", name, self.dialect.field("w", name))
            for name in scope.sizes.values()
        ]
        places = {name: self.dialect.told(name) for name in scope.told.values()}
        head += [
            self.dialect.constant("place", name, where) for name, where in places.items() if where != name
        ]
        head = [f"    {line}" for line in head]
        arrays = (buffer for buffer in scope.used.values() if buffer.home is not Home.INPUT)
        head += [f"    {self._array(buffer)}  // {self.memory.shape(buffer)}" for buffer in arrays]
        lines = [*head, *([""] if head else []), *scope.lines]
        text = "\n".join(lines)
        unused = [name for name in "tw" if self.dialect.field(name, "") not in text]
        said = [f"    {self.dialect.unused(name)}" for name in unused if self.dialect.unused(name)]
        return [*said, *lines], unused

    def _array(self, buffer: Buffer) -> str:
        kind, name = buffer.kind.value, self.memory.name(buffer)
        if buffer.home in OF_WORKSPACE:
            return self.dialect.array(kind, name, "w", name, "")
        field, offset = self.memory.pointer(buffer)
        start = "" if offset == 0 else Scope(self.memory).whole(offset)
        return self.dialect.array(kind, name, "t", field, start)


def numbered_equations(plan: Schedule) -> Iterator[str]:
    """The equations as they are numbered in the derivation."""
    updates = {equation.tensor.name for stack in plan.stacks for equation in stack.equations}
    for name, equation in plan.equations.items():
        if name not in updates:
            label = plan.labels.get(name, "")
            number = f"({label})" if label else ""
            first, *more = wrapped(harmless(equation_text(equation)), 108)
            yield f"{number:>7}  {first}"
            yield from (f"         {line}" for line in more)
