"""The methods for what is derived beyond the gradients: what they take and say is as in the NumPy module."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from symnet.backends.jax.arguments import DataArguments
from symnet.backends.jax.text import sequence
from symnet.backends.numpy.beyond import WIDTH, Methods, key_text, sentence
from symnet.backends.numpy.expressions import Expressions as Signatures
from symnet.derivation.journal import Derived, Further
from symnet.equations.program import reads
from symnet.index.symbols import Role, Tensor
from symnet.lowering.beyond import Beyond
from symnet.lowering.recurrence import Part, equations_of
from symnet.lowering.stretches import gradients_of


@dataclass(frozen=True, slots=True)
class Method:
    """One of these methods."""

    name: str
    signature: str
    arguments: str
    words: str
    help: list[str]
    checks: list[str]
    floats: list[tuple[str, str]]
    stretches: str
    data: str
    vector: bool  # whether the directions may be given as one vector
    directions: list[tuple[str, str, str]]  # the name that a user gives, the value's, its shape
    wanted: list[str]  # the values that are computed
    results: list[tuple[str, str]]  # the keys of what is returned, and how it is had from those
    order: list[str]  # of the blocks in one matrix; empty where they do not make one


class JaxMethods(Methods):
    """The methods of one module; `first` are the stretches that may have to run before."""

    def __init__(
        self,
        derived: Derived,
        signatures: Signatures,
        first: Mapping[str, Sequence[Part]],
        name: Callable[[Tensor], str],
        data: Callable[[DataArguments, Sequence[str]], str],
    ) -> None:
        self.derived = derived
        self.program = derived.computed
        self.text_of = signatures
        self.stretches = first
        self.name = name
        self.data = data
        self.known = gradients_of(derived).keys()
        self.trained = [tensor.name for tensor in derived.wrt if tensor.role is Role.PARAMETER]

    def made(
        self, further: Further, parts: Sequence[Part], whole: Sequence[Tensor], sized: Collection[Tensor]
    ) -> Method:
        """The method of one part of the derivation. `parts` are its own equations; `whole` are all data,
        `sized` those that sizes are read off.
        """
        stretch = Beyond(further, (), (), ())
        needed, read = self.needs(parts)
        drawn = [t.name for t in self.program.of_role(Role.RANDOM) if t.name in read]
        data = [tensor for tensor in whole if tensor.name in read or tensor in sized]
        arguments = DataArguments(self.program, self.text_of, data)
        given = [name for name in self.trained if name in further.directions]
        given += [name for name in further.directions if name not in given]
        signature = [
            "self",
            *(["directions"] if given else []),
            *arguments.names,
            *(f"{d}=None" for d in drawn),
        ]
        sizes = ["sizes"] if self.text_of.of_data else []
        names = [*sizes, *(["draw"] if drawn else []), *needed, further.name]
        return Method(
            name=further.name,
            signature=", ".join(signature),
            arguments=", ".join([*arguments.names, *drawn]),
            words=f"{sentence(further)}, at these data: {arguments.words}.",
            help=[line for text in self.help(stretch, given) for line in textwrap.wrap(text, WIDTH)],
            checks=arguments.checks() if arguments.data else [],
            floats=arguments.floats,
            stretches=sequence(names),
            data=self.data(arguments, drawn),
            vector=bool(given) and self.vector(stretch) != "None",
            directions=[(n, self.name(further.directions[n]), self.shape_of(n, arguments)) for n in given],
            wanted=[self.name(tensor) for tensor in further.results.values()],
            results=list(self.results(stretch)),
            order=self.trained if self.is_matrix(stretch) else [],
        )

    def needs(self, parts: Iterable[Part]) -> tuple[list[str], set[str]]:
        """The stretches that must have run before these equations, and all that is read by then."""
        read = _read(parts)
        needed: list[str] = []
        for name, stretch in reversed(list(self.stretches.items())):
            if read & {equation.tensor.name for part in stretch for equation in equations_of(part)}:
                needed.insert(0, name)
                read |= _read(stretch)
        return needed, read

    def vector(self, stretch: Beyond) -> str:
        """Whether all directions are those of parameters, which may lie in one vector; "None" otherwise."""
        return "all" if set(stretch.further.directions) <= set(self.trained) else "None"

    def shape_of(self, name: str, arguments: DataArguments) -> str:
        """The shape of a parameter or of data, where a method runs."""
        tensor = self.program.tensors[name]
        return (
            f"{arguments.name(tensor)}.shape" if tensor in arguments.data else f'self._values["{name}"].shape'
        )

    def results(self, stretch: Beyond) -> Iterator[tuple[str, str]]:
        """What is returned, each with its key: blocks of a symmetric matrix in both orders."""
        for key, tensor in stretch.further.results.items():
            value = f'self._read(found["{self.name(tensor)}"])'
            yield key_text(key), value
            if self.mirrored(key, stretch):
                row, column = key.split(", ")
                rank = self.program.tensors[row].rank
                axes = ", ".join(map(str, [*range(rank, tensor.rank), *range(rank)]))
                yield key_text(f"{column}, {row}"), f"{value}.transpose({axes}).copy()" if axes else value

    def mirrored(self, key: str, stretch: Beyond) -> bool:
        row, _, column = key.partition(", ")
        other = f"{column}, {row}"
        return {row, column} <= self.known and row != column and other not in stretch.further.results


def _read(parts: Iterable[Part]) -> set[str]:
    return {name for part in parts for equation in equations_of(part) for name in reads(equation.rhs)}
