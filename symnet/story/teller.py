"""The means to tell the story in one language: sentences, numbers and matrices as formulas, tables, and
equations as the documents of their derivations have them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

import numpy as np

from symnet.data import Array
from symnet.documents import typeset as t
from symnet.documents.compose import compose
from symnet.documents.figures import figure
from symnet.documents.figures.drawing import Drawing
from symnet.documents.mathematics import Printer
from symnet.documents.matrices import MatrixPrinter, matrix_equation
from symnet.documents.outline import Block, Document, Figure, Fold, Meta, Paragraph, Statement, Table, Text
from symnet.documents.typeset import Node, row
from symnet.equations.program import Program
from symnet.messages import Language, say
from symnet.pipeline import Derivation, evidence_of
from symnet.story.runs import Runs

B = TypeVar("B", bound=Block)


@dataclass(frozen=True, slots=True)
class Quoted:
    """The document of a derivation, to take equations and sections from. Only one derivation of the story has
    numbers for its equations, so that they are not mixed up.
    """

    document: Document
    numbered: bool = False

    def blocks(self, anchor: str) -> tuple[Block, ...]:
        """What a section says."""
        found = next(section.blocks for section in self.document.sections if section.anchor == anchor)
        return tuple(map(plain, found))

    def equation(self, name: str, form: str = "both") -> Statement:
        """The equation that defines a tensor: its "index" form, its "matrix" form, or "both"."""
        found = next(block for block in self._statements() if block.of == name)
        found = plain(replace(found, label=found.label if self.numbered else ""))
        if form == "matrix":
            assert found.matrix is not None, f"{name} has a matrix form"
            return replace(found, index=found.matrix, matrix=None)
        return found if form == "both" else replace(found, matrix=None, shapes=())

    def _statements(self) -> Iterator[Statement]:
        for section in self.document.sections:
            yield from _statements(section.blocks)


def plain(block: B) -> B:
    """A block without the equations written out number by number: the story has its own numbers."""
    if isinstance(block, Statement):
        return replace(block, numbers=None, scalars=())
    if isinstance(block, Fold):
        return replace(block, blocks=tuple(map(plain, block.blocks)))
    return block


def _statements(blocks: Sequence[Block]) -> Iterator[Statement]:
    for block in blocks:
        if isinstance(block, Statement):
            yield block
        elif isinstance(block, Fold):
            yield from _statements(block.blocks)


class Teller:
    """Tells of the runs in one language."""

    def __init__(self, runs: Runs, language: Language) -> None:
        self.runs = runs
        self.language = language

    def text(self, template: str, /, **parts: str | Node) -> Text:
        """A sentence, or a few, with words and formulas where it names them in braces."""
        return tuple(
            piece if isinstance(piece, Node) else str(piece)
            for piece in self.language.said(template, **parts)
            if piece != ""
        )

    def say(self, template: str, /, **parts: object) -> str:
        """The same without formulas."""
        return self.language(template, **parts)

    def paragraph(self, template: str, /, **parts: str | Node) -> Paragraph:
        """A paragraph of one idea."""
        return Paragraph(self.text(template, **parts))

    def figure(self, drawing: Drawing, caption: str) -> Figure:
        """A drawing."""
        return figure(drawing, caption, self.language)

    def answer(self, value: float) -> str:
        """Yes or no."""
        return self.say("yes") if value > 0 else self.say("no")

    def symbol(self, name: str) -> Node:
        """A tensor of the network that learns exclusive or."""
        return symbol(self.runs.xor.derived.program, name)

    def slope(self, name: str) -> Node:
        """The partial derivative of its loss with respect to one of its tensors."""
        above, below = (row(t.PARTIAL, self.symbol(tensor)) for tensor in ("L", name))
        return t.Fraction(above, below)

    def element(self, name: str, number: int) -> Node:
        """One of its elements, counted row by row."""
        tensor, array = self.runs.xor.derived.program.tensors[name], self.runs.values[name]
        places = map(int, np.unravel_index(number, array.shape))
        return Printer({}).show(tensor[tuple(places)])

    def values(self, name: str, digits: int = 3) -> Node:
        """The numbers of one of its tensors at the weights of the beginning."""
        return matrix(self.runs.values[name], digits)

    @cached_property
    def perceptron(self) -> Quoted:
        """One unit."""
        return self._quoted(self.runs.perceptron)

    @cached_property
    def xor(self) -> Quoted:
        """The network that learns exclusive or: the one whose equations are numbered."""
        derivation = self.runs.xor
        document = compose(
            derivation.derived,
            Meta(derivation.network.name, language=self.language.name),
            code=self.runs.module,
            evidence=evidence_of(self.runs.certificate),
        )
        return Quoted(document, numbered=True)

    @cached_property
    def augmented(self) -> Quoted:
        """A layer with one coefficient."""
        return self._quoted(self.runs.augmented)

    @cached_property
    def deep(self) -> Quoted:
        """A network of more layers."""
        return self._quoted(self.runs.deep)

    def _quoted(self, derivation: Derivation) -> Quoted:
        meta = Meta(derivation.network.name, language=self.language.name)
        return Quoted(compose(derivation.derived, meta))


def stated(program: Program, name: str) -> Statement:
    """An equation of a network that has no derivation, in both forms."""
    equation = program.defining[name]
    index = Printer(program.tensors).equation(equation)
    return Statement("", index, matrix_equation(equation, program), words=say(equation.words))


def symbol(program: Program, name: str) -> Node:
    """The name of a tensor as documents print it."""
    return MatrixPrinter(program.tensors).tensor(program.tensors[name])


def number(value: float, digits: int = 2) -> str:
    """A number as it is read: with the minus of typesetters, and none where it is zero."""
    shown = f"{value:.{digits}f}"
    return shown.lstrip("-") if float(shown) == 0 else shown.replace("-", "−")


def short(value: float) -> str:
    """A number with no more digits than it has."""
    return f"{value:g}".replace("-", "−")


def matrix(array: Array, digits: int | None = 2) -> Node:
    """An array of one or two axes as a matrix of numbers; one of one axis stands upright."""
    rows = array.reshape(len(array), -1).tolist()
    told = [[short(entry) if digits is None else number(entry, digits) for entry in cells] for cells in rows]
    return t.Matrix(tuple(tuple(map(_entry, cells)) for cells in told))


def _entry(told: str) -> Node:
    return row(t.MINUS_SIGN, t.Number(told[1:])) if told.startswith("−") else t.Number(told)


def transposed(name: Node) -> Node:
    """The name of a tensor, which has its layer above it, with the sign of transposition."""
    assert isinstance(name, t.Script), "a layer's tensor has the layer above its letter"
    above = t.TOP if name.above is None else row(name.above, t.TOP)
    return replace(name, above=above)


def equals(*parts: Node) -> Statement:
    """A displayed line: the parts with signs of equality between them."""
    return Statement("", t.joined(list(parts), t.EQUALS))


def beside(*pairs: tuple[Node, Node]) -> Statement:
    """Displayed equations next to each other."""
    apart = t.Sign("\u2003", r"\qquad", "comma")
    return Statement("", t.joined([row(left, t.EQUALS, right) for left, right in pairs], apart))


def pair(point: Sequence[float]) -> str:
    """A point as it is written."""
    return "(" + ",\N{NO-BREAK SPACE}".join(map(short, point)) + ")"


def table(head: Sequence[str], rows: Sequence[Sequence[str | Node]], caption: str = "") -> Table:
    """A table whose cells are one word or one formula each."""
    return Table(tuple(head), tuple(tuple((cell,) for cell in cells) for cells in rows), caption)
