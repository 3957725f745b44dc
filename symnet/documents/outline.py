"""A document as sections free of any format: what is said, in which order. Formats print these records and
decide nothing.

Text is a tuple of plain strings and formulas. Strings are data: each format escapes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from symnet.documents.notation import COMMON, Notation
from symnet.documents.patterns import Pattern
from symnet.documents.typeset import Node

Text = tuple[str | Node, ...]
"""Words with formulas between them."""


def anchored(label: str) -> str:
    """The number of an equation, or a list of such, as a part of an address: 3-5-97."""
    return re.sub(r"[ ,…]+", "-", label)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Words."""

    text: Text


@dataclass(frozen=True, slots=True)
class Statement:
    """A numbered equation: in index form, in matrix form where it has one, with its shapes and what it says
    in words; which tensor it defines, and what that is a part of.
    """

    label: str
    index: Node
    matrix: Node | None = None
    shapes: Text = ()
    words: str = ""
    of: str = ""  # the tensor's name: W1, dW1
    origin: str = ""  # "layer 1", "loss": what states it; of an adjoint, what states the tensor it belongs to
    blames: str = ""  # of an adjoint, the tensor whose adjoint it is
    numbers: Node | None = None  # the same in the numbers of a worked example
    scalars: tuple[Node, ...] = ()  # the same for every value of its indices, where these are few

    @property
    def anchor(self) -> str:
        """The label as a part of an address."""
        return anchored(self.label)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a derivation: why, and the formula that it leads to."""

    reason: Text
    formula: Node | None = None


@dataclass(frozen=True, slots=True)
class Steps:
    """How a result comes about, line by line; `label` is the number of the equation that it ends in."""

    label: str
    lines: tuple[Line, ...]

    @property
    def anchor(self) -> str:
        """The label as a part of an address."""
        return anchored(self.label)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under a head."""

    head: tuple[str, ...]
    rows: tuple[tuple[Text, ...], ...]
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Code:
    """A listing; marks such as `# (7)` in it are numbers of equations."""

    text: str
    language: str = "python"


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing as SVG and as TikZ, as Mermaid where it is a graph, and in words for what shows none."""

    svg: str
    caption: str
    tikz: str = ""
    mermaid: str = ""
    file: str = ""  # where the same drawing lies, for formats that show a file


@dataclass(frozen=True, slots=True)
class Measured:
    """Blocks that depend on the machine which measured them; formats mark them off from the rest."""

    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Fold:
    """Blocks that repeat what was said for something else; a format may show them on demand."""

    title: Text
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Unfolding:
    """What general statements say of every layer by itself, for formats that show it on demand and say so by
    UNFOLDS; others do not get it. `pattern` is a fold with marks in place of what differs: its `instance(k)`
    is that of one layer, `count` says of how many there is one.
    """

    title: Text
    pattern: Pattern


@dataclass(frozen=True, slots=True)
class Section:
    """A section; one of level 2 belongs to the one of level 1 before it."""

    title: Text
    anchor: str
    blocks: tuple[Block, ...]
    level: int = 1


def statements(blocks: Iterable[Block]) -> Iterator[Statement]:
    """The statements among blocks, those in folds too."""
    for block in blocks:
        if isinstance(block, Statement):
            yield block
        elif isinstance(block, Fold | Measured):
            yield from statements(block.blocks)


Block = Paragraph | Statement | Steps | Table | Code | Figure | Measured | Fold | Unfolding


@dataclass(frozen=True, slots=True)
class Live:
    """What a page trains with, where it does: the network as an ES module with a Trainer, and its data."""

    module: str
    data: Mapping[str, Any]  # as lists, by the names of the inputs and targets, in the Trainer's order
    inputs: tuple[str, ...]  # those of them that a prediction takes
    weights: Mapping[str, str]  # the matrix of weights of each layer: {"layer 1": "W1"}
    seed: int = 0  # that draws the first parameters


@dataclass(frozen=True, slots=True)
class Symbol:
    """What is to be known of a tensor wherever its name stands."""

    name: str
    what: str
    shape: str = ""
    label: str = ""  # the number of the equation that defines it
    origin: str = ""  # "layer 1"


@dataclass(frozen=True, slots=True)
class Document:
    """A whole document."""

    title: str
    lead: Text
    sections: tuple[Section, ...]
    command: str = ""  # how it was made
    source: str = ""  # the specification's file name
    language: str = "en"  # that all of this is written in
    heading: str = ""  # of what is told from top to bottom, and is no derivation to walk through
    elsewhere: tuple[tuple[str, str], ...] = ()  # the same in other languages: their names and files
    symbols: tuple[Symbol, ...] = ()
    assumed: Text = ()  # the sizes of what is written out number by number, where nobody has given them
    live: Live | None = None  # for formats that run


@dataclass(frozen=True, slots=True)
class Meta:
    """What a document says of where it comes from, and how it is to be written."""

    title: str = "network"
    command: str = ""
    source: str = ""
    solver: str = ""  # that takes the steps of training, where no update does
    settings: Mapping[str, float] = field(default_factory=dict)  # the solver's, in place of its own
    language: str = "en"  # to write in
    values: Mapping[str, NDArray[Any]] = field(default_factory=dict)  # of the tensors, in a worked example
    notation: Notation = COMMON
    unfold: bool = False  # every layer is printed by itself, also where layers repeat


@dataclass(frozen=True, slots=True)
class Sampled:
    """A tensor as a table of not too many entries: of a larger one, each stands for those around it, and is
    the one that is furthest from zero.
    """

    shape: tuple[int, ...]
    entries: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Field:
    """What a predictor says over the plane of its two inputs."""

    names: tuple[str, str]
    across: tuple[float, float]  # the range of the first input
    up: tuple[float, float]  # the range of the second
    # rows of a grid from below, from -1 to 1: above zero where a sample belongs to the second of two classes;
    # or one grid for each class, above zero where that is the one
    values: tuple[tuple[tuple[float, ...], ...], ...]
    points: tuple[tuple[float, float, int], ...]  # the samples with their classes


@dataclass(frozen=True, slots=True)
class Results:
    """What a training run measured."""

    losses: tuple[float, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()  # such as ("accuracy on held-out samples", "0.978")
    confusion: tuple[tuple[int, ...], ...] = ()
    table: Table | None = None  # a truth table, say
    gradient_norms: tuple[float, ...] = ()  # of each epoch, where a solver trains
    gradients: Mapping[str, Sampled] = field(default_factory=dict)  # where training ends, by parameter
    plane: Field | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a document says of a certificate: the claims, and apart from them the worst errors that were
    measured.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    summary: str
    notes: tuple[str, ...] = ()
    measured: tuple[tuple[str, str], ...] = ()  # each check with its worst error
