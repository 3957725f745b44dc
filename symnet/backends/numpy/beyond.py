"""The methods for what is derived beyond the gradients: what they take, what they say, what they return."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from symnet.backends.numpy.arguments import Arguments
from symnet.backends.numpy.expressions import Expressions
from symnet.derivation.journal import Further
from symnet.index.symbols import Tensor
from symnet.lowering.beyond import Beyond
from symnet.lowering.given import data_of, drawn_of, enough
from symnet.lowering.instructions import Home
from symnet.lowering.schedule import Schedule

LOCAL = frozenset({"directions", "set_directions", "blocks", "names", "sizes", "row", "column"})
"""What these methods call by a bare name."""
WIDTH = 108


def of_the_trainer(plan: Schedule) -> frozenset[str]:
    """What a Trainer has more for them."""
    forms = ("{}", "_{}", "_before_{}", "{}_matrix")
    return frozenset(form.format(s.name) for s in plan.beyond for form in forms)


def sentence(further: Further) -> str:
    """What it is, as the beginning of a sentence."""
    return further.words[:1].upper() + further.words[1:]


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
    calls: list[str]
    vector: str  # that the directions lie in; empty where none are given
    directions: list[tuple[str, str]]
    results: list[tuple[str, str]]
    order: list[str]  # of the blocks in one matrix; empty where they do not make one


class Methods:
    """The methods of one plan. `whole` are the arguments of the loss; `calls` call the stretches."""

    def __init__(
        self,
        plan: Schedule,
        text_of: Expressions,
        whole: Arguments,
        calls: Mapping[str, str],
    ) -> None:
        self.plan = plan
        self.text_of = text_of
        self.whole = whole
        self.calls = calls
        self.first = {
            "_predict": plan.predict,
            "_infer": plan.infer,
            "_loss": plan.loss,
            "_backward": plan.backward,
        }
        self.trained = [tensor.name for tensor in plan.trained]
        self.known = plan.gradients.keys()

    def method(self, stretch: Beyond) -> Method:
        """The method of one stretch, with the calls of those that it needs."""
        further = stretch.further
        needed = [list(self.first)[number] for number in stretch.needs]
        before = stretch.before or tuple(line for name in needed for line in self.first[name])
        if stretch.before:
            needed = [f"_before_{stretch.name}"]
        lines = [*before, *stretch.lines]
        drawn = [tensor.name for tensor in drawn_of(self.plan, lines)]
        read = {tensor.name for tensor in data_of(self.plan, lines)}
        data = enough(self.whole.data, read, self.text_of.of_data)
        arguments = Arguments(self.plan, self.text_of, data)
        given = [name for name in self.trained if name in further.directions]
        given += [name for name in further.directions if name not in given]
        signature = [
            "self",
            *(["directions"] if given else []),
            *arguments.names,
            *(f"{d}=None" for d in drawn),
        ]
        return Method(
            name=stretch.name,
            signature=", ".join(signature),
            arguments=", ".join([*arguments.names, *drawn]),
            words=f"{sentence(further)}, at these data: {arguments.words}.",
            help=[line for text in self.help(stretch, given) for line in textwrap.wrap(text, WIDTH)],
            checks=arguments.checks() if data else [],
            floats=[pair for tensor, pair in arguments.floats_of.items() if tensor.name in read],
            calls=[self.calls[name] for name in [*(["_draw"] if drawn else []), *needed, f"_{stretch.name}"]],
            vector=self.vector(stretch) if given else "",
            directions=[(name, self.of(further.directions[name])) for name in given],
            results=list(self.results(stretch)),
            order=self.trained if self.is_matrix(stretch) else [],
        )

    def of(self, tensor: Tensor) -> str:
        return self.text_of.buffer(self.plan.of_tensor[tensor.name])

    def vector(self, stretch: Beyond) -> str:
        """The vector that all directions lie in; None where one of them is as large as the data."""
        given = set(stretch.further.directions.values())
        return next((self.of(s.vectors[0]) for s in self.plan.stacks if set(s.parts[0]) == given), "None")

    def help(self, stretch: Beyond, given: list[str]) -> Iterator[str]:
        further, words = stretch.further, self.text_of.shape_words
        shapes = ", ".join(f"{name} {words(further.directions[name].shape)}" for name in given)
        if given:
            either = "" if self.vector(stretch) == "None" else "; or one vector of all of them in this order"
            yield f"directions: a dict with an array for each of {shapes}{either}."
            yield "Returns a dict of new arrays of the same shapes."
            return
        shapes = ", ".join(f"{key_text(key)} {words(t.shape)}" for key, t in further.results.items())
        yield f"Returns a dict of new arrays, by pairs of names: {shapes}."
        if any(self.mirrored(key, stretch) for key in further.results):
            yield "Each pair is there in both orders."

    def results(self, stretch: Beyond) -> Iterator[tuple[str, str]]:
        """What is returned, each with its key: blocks of a symmetric matrix in both orders."""
        for key, tensor in stretch.further.results.items():
            place = self.of(tensor)
            own = self.plan.of_tensor[tensor.name].home is Home.RESULT
            yield key_text(key), place if own else self.copy(tensor)
            if self.mirrored(key, stretch):
                row, column = key.split(", ")
                rank = self.plan.program.tensors[row].rank
                axes = ", ".join(map(str, [*range(rank, tensor.rank), *range(rank)]))
                turned = f"{place}.transpose({axes}).copy()" if tensor.shape else self.copy(tensor)
                yield key_text(f"{column}, {row}"), turned

    def copy(self, tensor: Tensor) -> str:
        """A new array of what lies in memory that the next run writes to."""
        place = self.of(tensor)
        return f"{place}.copy()" if tensor.shape else f"np.array({place}, self.dtype)"

    def mirrored(self, key: str, stretch: Beyond) -> bool:
        """Whether the block of the other order is to be had from this one."""
        row, _, column = key.partition(", ")
        other = f"{column}, {row}"
        return {row, column} <= self.known and row != column and other not in stretch.further.results

    def is_matrix(self, stretch: Beyond) -> bool:
        """Whether there is a block for every two parameters."""
        found = {frozenset(key.split(", ")) for key in stretch.further.results if ", " in key}
        wanted = {frozenset((row, column)) for row in self.trained for column in self.trained}
        return bool(wanted) and wanted <= found


def key_text(key: str) -> str:
    """A key as Python: one name, or a tuple of two."""
    names = [f'"{name}"' for name in key.split(", ")]
    return names[0] if len(names) == 1 else f"({', '.join(names)})"
