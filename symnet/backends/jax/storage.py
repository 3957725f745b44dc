"""What a Trainer keeps: its numbers, how the parameters start, and what is saved under which name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from symnet.backends.jax.expressions import Expressions
from symnet.backends.numpy.expressions import Expressions as Signatures
from symnet.backends.numpy.storage import file_key
from symnet.equations.program import Program
from symnet.index.symbols import Role, Tensor
from symnet.lowering.stack import Stack
from symnet.lowering.start import start_of


class Storage:
    """Parameters and states lie on the devices, one array each. A file has them as the NumPy module's has
    them: what its optimizer keeps in one vector is one vector there.
    """

    def __init__(
        self, program: Program, signatures: Signatures, text_of: Expressions, stacks: Sequence[Stack]
    ) -> None:
        self.program = program
        self.signatures = signatures
        self.text_of = text_of
        self.stacks = stacks

    def name(self, tensor: Tensor) -> str:
        return self.text_of.values.of(tensor.name)

    def attribute(self, tensor: Tensor) -> str:
        return f"self.{self.signatures.trainer.of(tensor.name)}"

    def trainer(self) -> list[str]:
        """The lines that make sizes and hyperparameters attributes of the Trainer."""
        signatures, lines = self.signatures, []
        with signatures.place("init"):
            lines += [f"{signatures.kept(size)} = {signatures.symbol(size)}" for size in signatures.free]
        for tensor in self.program.of_role(Role.HYPERPARAMETER):
            value = self.program.values.get(tensor.name)
            text = signatures.local.of(tensor.name) if value is None else repr(float(value))
            lines.append(f"{self.attribute(tensor)} = {text}")
        return lines

    def numbers(self) -> list[tuple[str, str]]:
        """The hyperparameters, by the attributes of `w`."""
        return [(self.name(t), self.attribute(t)) for t in self.program.of_role(Role.HYPERPARAMETER)]

    def sizes(self) -> list[tuple[str, str]]:
        """The sizes that are arguments of the Trainer, by the attributes of `w`."""
        free = self.signatures.free
        return [(self.text_of.values.of(s, s.name), self.signatures.kept(s)) for s in free]

    def initialize(self) -> Iterator[str]:
        """The first value of every parameter and state: that of the NumPy module for the same seed."""
        for tensor in self.program.of_role(Role.PARAMETER):
            start, name = start_of(tensor, self.program), self.name(tensor)
            shape = self.signatures.shape(tensor.shape)
            if start.square is None:
                yield f'self._put("{name}", np.full({shape}, {float(start.value)}))'
            else:
                bound = f"np.sqrt({self.signatures.size(start.square)})"
                yield f'self._put("{name}", random.uniform(-1.0, 1.0, {shape}) * {bound})'
        for tensor in self.program.of_role(Role.STATE):
            value = float(self.program.values.get(tensor.name, tensor.initial))
            yield f'self._put("{self.name(tensor)}", np.full({self.signatures.shape(tensor.shape)}, {value}))'

    def vectors(self) -> list[str]:
        """The keys in a file under which several values lie in one vector."""
        return [key for key, _ in self._stacked()]

    def _stacked(self) -> Iterator[tuple[str, tuple[Tensor, ...]]]:
        for stack in self.stacks:
            for vector, members in zip(stack.vectors, stack.parts, strict=True):
                if vector.role is Role.STATE:
                    yield f"optimizer.{vector.name}", members

    def state(self) -> list[tuple[str, tuple[str, ...]]]:
        """The keys in a file, each with the values that lie there."""
        found: list[tuple[str, tuple[Tensor, ...]]] = []
        found += [(file_key(t.name), (t,)) for t in self.program.of_role(Role.PARAMETER)]
        found += self._stacked()
        inside = {t.name for _, members in self._stacked() for t in members}
        states = [t for t in self.program.of_role(Role.STATE) if t.name not in inside]
        states.sort(key=lambda tensor: not tensor.rank)
        found += [(f"optimizer.{t.name}", (t,)) for t in states]
        return [(key, tuple(map(self.name, members))) for key, members in found]
