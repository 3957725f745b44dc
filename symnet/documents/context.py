"""What every part of a document needs: the derivation, its printers, and how one equation is stated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby

from symnet.derivation.journal import Derived
from symnet.documents import typeset as t
from symnet.documents.breaking import width
from symnet.documents.differentials import as_trace, in_elements
from symnet.documents.mathematics import Printer
from symnet.documents.matrices import (
    Convention,
    MatrixPrinter,
    matrix_equation,
    matrix_expression,
    shape_form,
)
from symnet.documents.names import tensor_name
from symnet.documents.notation import COMMON, Notation, names_for
from symnet.documents.numbers import Values, in_numbers
from symnet.documents.outline import Statement, Text
from symnet.documents.reasons import shown
from symnet.documents.scalars import Scalars
from symnet.documents.shapes import fitting
from symnet.documents.typeset import Node, row
from symnet.equations.program import Equation, Program
from symnet.index.symbols import Tensor
from symnet.lowering.matrix import MatMul
from symnet.messages import NEXT, Language, say

LONGEST = 90.0
"""So many em may an equation take that is written out number by number."""


class Context:
    """One derivation, seen in one convention. `labels` and the tensors of `whole` are those of a derivation
    that this one is a part of; `values` are those of its tensors in a worked example.
    """

    def __init__(
        self,
        derived: Derived,
        convention: Convention,
        labels: Mapping[str, str] | None = None,
        whole: Program | None = None,
        language: Language | None = None,
        values: Values | None = None,
        notation: Notation = COMMON,
    ) -> None:
        self.values = values or {}
        self.language = language or Language()
        self.derived = derived
        self.convention = convention
        self.labels = labels or {}
        self.tensors = {**derived.stated.tensors, **derived.program.tensors, **derived.computed.tensors}
        self.tensors |= whole.tensors if whole is not None else {}
        self.names = names_for(notation, derived.loss, derived.primal)
        self.printer = Printer(self.tensors, names=self.names)
        self.matrices = MatrixPrinter(self.tensors, self.names)
        self.numbers = derived.program.numbers
        self.loss = tensor_name(derived.loss, names=self.names)
        self.scalars = Scalars(derived, whole)

    def along(self, part: Derived, whole: Program) -> Context:
        """The context of what is derived further, whose equations have their numbers in this derivation."""
        labels = {name: str(number) for name, number in self.numbers.items()} | dict(self.derived.labels)
        notation = self.names.notation
        return Context(part, self.convention, labels, whole, self.language, notation=notation)

    def text(self, words: str, /, **parts: object) -> Text:
        """A sentence in the document's language, with words and formulas put in where it names them in
        braces; or a message with its own parts, typeset.
        """
        return _fused(shown(piece, self.printer) for piece in self.language.said(words, **parts))

    def sentences(self, *texts: Text) -> Text:
        """Sentences one after another."""
        gap = self.language(NEXT, before="", after="")
        return _fused(piece for k, text in enumerate(texts) for piece in (gap * (k > 0), *text))

    def label(self, equation: Equation) -> str:
        """The number of an equation of the derivation, or of the one that is computed in its place (7a)."""
        name = equation.tensor.name
        if name in self.labels:
            return self.labels[name]
        if self.derived.program.defining.get(name) == equation:
            return str(self.numbers[name])
        return self.derived.labels[name]

    def statement(self, equation: Equation, program: Program | None = None) -> Statement:
        """An equation in both forms; a gradient begins with what it is, unless its name says that."""
        program = program or self.derived.program
        index = self.printer.equation(equation)
        matrix = matrix_equation(equation, program, self.convention, self.names)
        of = None if equation.tensor.tangent_of else self.tensors.get(equation.tensor.adjoint_of)
        if of is not None and of in self.derived.wrt:
            index, matrix = self.introduced(equation, of, index, matrix)
        return Statement(
            self.label(equation),
            index,
            matrix,
            self.shapes(equation, program),
            say(equation.words),
            equation.tensor.name,
            equation.origin,
            equation.tensor.adjoint_of,
            self.in_numbers(equation),
            self.written_out(equation),
        )

    def introduced(
        self, equation: Equation, of: Tensor, index: Node, matrix: Node | None
    ) -> tuple[Node, Node | None]:
        """Both forms of a gradient behind the derivative or the differential that it is."""
        kind = self.names.notation.adjoints
        if kind == "bars":
            index = row(self.slope(self.printer.show(of[equation.indices])), t.EQUALS, index)
            matrix = matrix and row(self.slope(self.matrices.tensor(of)), t.EQUALS, matrix)
        elif kind == "differential":
            index = row(in_elements(equation, of, self.printer), self.where(), index)
            matrix = matrix and row(as_trace(equation.tensor, of, self.matrices), self.where(), matrix)
        return index, matrix

    def where(self) -> t.Words:
        """The word between a differential and what stands in it."""
        return t.Words(say("where"))

    def in_numbers(self, equation: Equation) -> Node | None:
        """The equation in the numbers of the worked example; None where there is none, and of what is only
        computed in another way.
        """
        program = self.derived.program
        if not self.values or program.defining.get(equation.tensor.name) != equation:
            return None
        name = self.matrices.tensor(equation.tensor)
        return in_numbers(name, equation, program, self.values, self.convention)

    def written_out(self, equation: Equation) -> tuple[Node, ...]:
        """The equation for every value of its indices, where the network is tiny and every line short."""
        written = (
            row(self.printer.show(left), t.EQUALS, self.printer.show(right))
            for left, right in self.scalars.equations(equation)
        )
        lines = tuple(written)
        return lines if all(width(line) <= LONGEST for line in lines) else ()

    def slope(self, below: Node) -> Node:
        """The partial derivative of the loss with respect to what stands below."""
        return t.Fraction(row(t.PARTIAL, self.loss), row(t.PARTIAL, below))

    def kronecker(self, first: Node, second: Node) -> Node:
        """1 where two indices are equal, 0 elsewhere: a δ, unless that has another meaning."""
        if self.names.notation.adjoints == "delta":
            return t.Fence(row(first, t.EQUALS, second), "[]")
        return t.Script(t.Name("δ", "italic", r"\delta"), row(first, second))

    def shape(self, tensor: Tensor) -> Node:
        """The shape of a tensor."""
        return shape_form(tensor, self.printer, self.convention)

    def shape_text(self, tensor: Tensor) -> Text:
        """The same in a table, where a single number is called so."""
        return (self.shape(tensor),) if tensor.shape else (say("number"),)

    def shapes(self, equation: Equation, program: Program) -> Text:
        """The shape of what is defined, and those of the factors that give it."""
        form = matrix_expression(equation, program, self.convention)
        factors = fitting(form, self.printer, self.convention == "columns") if form is not None else None
        if not equation.tensor.shape:
            return (factors,) if factors is not None and isinstance(form, MatMul) else ()
        whole = self.shape(equation.tensor)
        return (whole,) if factors is None else (row(whole, t.EQUALS, factors),)


def _fused(pieces: Iterable[str | Node]) -> Text:
    """Words and formulas with words that follow each other in one piece."""
    groups = groupby(pieces, lambda piece: isinstance(piece, str))
    fused = (("".join(map(str, group)),) if words else tuple(group) for words, group in groups)
    return tuple(piece for group in fused for piece in group if piece != "")
