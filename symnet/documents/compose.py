"""From the journal of a derivation to the outline of its document: everything that is said is taken from the
journal.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sympy import Integer

from symnet.derivation.journal import Adjoint, Contribution, Derived, Step
from symnet.documents import typeset as t
from symnet.documents.charts import confusion, curve
from symnet.documents.figures import network_figure
from symnet.documents.mathematics import MULTIPLY, Printer, natural, tensor_name
from symnet.documents.matrices import (
    Convention,
    MatrixPrinter,
    matrix_equation,
    matrix_expression,
    shape_form,
)
from symnet.documents.outline import (
    Block,
    Code,
    Document,
    Evidence,
    Figure,
    Line,
    Measured,
    Meta,
    Paragraph,
    Results,
    Section,
    Statement,
    Steps,
    Table,
    Text,
)
from symnet.documents.reasons import typeset_reason
from symnet.documents.shapes import fitting
from symnet.documents.typeset import Node, row
from symnet.equations.program import Equation, Program
from symnet.index.symbols import Index, Role, Size, Tensor, indices_of
from symnet.lowering.matrix import MatMul

ROLES = {
    Role.INPUT: "input",
    Role.TARGET: "target",
    Role.PARAMETER: "parameter",
    Role.STATE: "memory of the optimizer",
    Role.HYPERPARAMETER: "set before training",
    Role.INTERMEDIATE: "computed",
}
CONVENTIONS = {
    "rows": "In matrix form every sample is a row: Z = XW + 1bᵀ. ",
    "columns": "In matrix form every sample is a column: Z = WX + b1ᵀ, and every matrix is the transpose of the array in the code. "
    "The index form is the same in both conventions: its first index is the sample. ",
}


def compose(
    derived: Derived,
    meta: Meta,
    convention: Convention = "rows",
    code: str = "",
    evidence: Evidence | None = None,
    results: Results | None = None,
) -> Document:
    """The outline of the document of one derivation."""
    return _Composer(derived, meta, convention).document(code, evidence, results)


class _Composer:
    def __init__(self, derived: Derived, meta: Meta, convention: Convention) -> None:
        self.derived = derived
        self.meta = meta
        self.convention = convention
        self.tensors = {**derived.stated.tensors, **derived.program.tensors, **derived.computed.tensors}
        self.printer = Printer(self.tensors)
        self.matrices = MatrixPrinter(self.tensors)
        self.numbers = derived.program.numbers

    def document(self, code: str, evidence: Evidence | None, results: Results | None) -> Document:
        sections = [self.network(), self.forward(), self.loss()]
        if self.derived.adjoints:
            sections += [self.idea(), *map(self.adjoint, self.derived.adjoints), self.gradients()]
        if self.derived.stabilizing:
            sections.append(self.stabilizing())
        if self.derived.updates:
            sections.append(self.updates())
        if code:
            sections.append(Section(("The code",), "code", (Paragraph((CODE,)), Code(code))))
        if results is not None:
            sections.append(Section(("Training",), "training", (Measured(tuple(_results(results))),)))
        if evidence is not None:
            sections.append(_certificate(evidence))
        return Document(self.meta.title, self.lead(), tuple(sections), self.meta.command, self.meta.source)

    def lead(self) -> Text:
        loss = tensor_name(self.derived.loss)
        return (
            "Every equation of this network, and the derivative of its loss ",
            loss,
            " with respect to every parameter, one step of the chain rule at a time.",
        )

    # what the network is

    def network(self) -> Section:
        program = self.derived.program
        layers = [e.origin for e in self.derived.stated.equations if e.origin.startswith("layer")]
        count = len(dict.fromkeys(layers))
        what = (
            f"A network of {count} layer{'s' * (count != 1)}. "
            if count
            else "A network stated by its equations. "
        )
        rows = tuple(self.shape_row(tensor) for tensor in self.tensors_shown(program))
        table = Table(("tensor", "shape", "in numbers", "what it is"), rows, "Tensors and their shapes")
        blocks: list[Block] = [Paragraph((what + CONVENTIONS[self.convention],))]
        figure = network_figure(self.derived.stated)
        if figure:
            blocks.append(
                Figure(figure, "The network, from its inputs on the left to its outputs on the right")
            )
        return Section(("The network",), "network", (*blocks, Paragraph(self.indices_text()), table))

    def tensors_shown(self, program: Program) -> Iterator[Tensor]:
        for tensor in program.tensors.values():
            if not tensor.adjoint_of:
                yield tensor

    def shape_row(self, tensor: Tensor) -> tuple[Text, ...]:
        values = self.derived.stated.values
        known = {Size(name): Integer(value) for name, value in values.items() if float(value).is_integer()}
        numbers = replace(tensor, shape=tuple(extent.xreplace(known) for extent in tensor.shape))
        return (
            (self.matrices.tensor(tensor),),
            (self.shape(tensor),),
            (self.shape(numbers),),
            (self.what(tensor),),
        )

    def shape(self, tensor: Tensor) -> Node:
        return shape_form(tensor, self.printer, self.convention)

    def what(self, tensor: Tensor) -> str:
        if tensor.role != Role.INTERMEDIATE:
            return ROLES[tensor.role] + (", whole numbers" if tensor.integer else "")
        return f"defined in ({self.numbers[tensor.name]})" if tensor.name in self.numbers else "computed"

    def indices_text(self) -> Text:
        return (
            "An index runs over the whole axis on which it stands, from 0; a sum runs over the indices below its sign. Superscripts in "
            "square brackets count layers.",
        )

    # forward

    def statement(self, equation: Equation, label: str, program: Program | None = None) -> Statement:
        matrix = matrix_equation(equation, program or self.derived.program, self.convention)
        shapes = self.shapes(equation, program or self.derived.program)
        index = self.printer.equation(equation)
        of = self.tensors.get(equation.tensor.adjoint_of)
        if of in self.derived.wrt:
            index = row(self.quotient(self.printer.show(of[equation.indices])), t.EQUALS, index)
            matrix = matrix and row(self.quotient(self.matrices.tensor(of)), t.EQUALS, matrix)
        return Statement(label, index, matrix, shapes, equation.words)

    def quotient(self, below: Node) -> Node:
        """The partial derivative of the loss with respect to what stands below."""
        return t.Fraction(row(t.PARTIAL, tensor_name(self.derived.loss)), row(t.PARTIAL, below))

    def shapes(self, equation: Equation, program: Program) -> Text:
        """The shape of what is defined, and those of the factors that give it."""
        form = matrix_expression(equation, program, self.convention)
        factors = fitting(form, self.printer, self.convention == "columns") if form is not None else None
        if not equation.tensor.shape:
            return (factors,) if factors is not None and isinstance(form, MatMul) else ()
        whole = self.shape(equation.tensor)
        return (whole,) if factors is None else (row(whole, t.EQUALS, factors),)

    def forward(self) -> Section:
        loss = self.loss_names()
        blocks: list[Block] = []
        named = [rewrite for rewrite in self.derived.naming if rewrite.before.tensor.name not in loss]
        for equation in self.derived.primal.equations:
            if equation.tensor.name not in loss:
                blocks.append(self.statement(equation, str(self.numbers[equation.tensor.name])))
        if named:
            blocks.append(
                Paragraph(
                    (
                        "A sum under a nonlinear function has a name of its own, so that it is one symbol from here on.",
                    )
                )
            )
        return Section(("Forward: from the inputs to the prediction",), "forward", tuple(blocks))

    def loss_names(self) -> set[str]:
        return {e.tensor.name for e in self.derived.primal.equations if e.origin == "loss"} | {
            self.derived.loss.name
        }

    def loss(self) -> Section:
        names = self.loss_names()
        blocks: list[Block] = []
        for rewrite in self.derived.naming:
            if rewrite.before.tensor.name in names:
                blocks.append(
                    Statement("", self.printer.equation(rewrite.before), words=rewrite.before.words)
                )
                blocks.append(Paragraph((rewrite.reason,)))
        blocks += [
            self.statement(e, str(self.numbers[e.tensor.name]))
            for e in self.derived.primal.equations
            if e.tensor.name in names
        ]
        return Section(("The loss",), "loss", tuple(blocks))

    # backward

    def idea(self) -> Section:
        loss = tensor_name(self.derived.loss)
        t_name, t_bar = t.Name("T", "bold"), t.Accent(t.Name("T", "bold"))
        definition = row(t_bar, t.EQUALS, t.Fraction(row(t.PARTIAL, loss), row(t.PARTIAL, t_name)))
        return Section(
            ("Backward: who is to blame, and how much",),
            "backward",
            (
                Paragraph(
                    (
                        "The adjoint of a tensor ",
                        t_name,
                        " has its shape and says how much the loss grows when one of its entries does: ",
                        definition,
                        ". It is the sum over every place where the tensor is used of the adjoint of what is computed there, times "
                        "the derivative there. So the blame goes from the loss back to the last layer, from the last layer to the "
                        "one before it, and so on to the first: the chain rule.",
                    )
                ),
                Paragraph(self.deltas_text()),
            ),
        )

    def deltas_text(self) -> Text:
        m, n = t.Name("m"), t.Name("n")
        delta = t.Script(t.Name("δ", "italic", r"\delta"), row(m, n))
        return (
            "A derivative with respect to an element of its own tensor is a delta: ",
            delta,
            " is 1 where ",
            row(m, t.EQUALS, n),
            " and 0 elsewhere, and a sum over ",
            m,
            " keeps the one term where it is 1. A statement in square brackets is likewise 1 where it holds and 0 elsewhere.",
        )

    def adjoint(self, adjoint: Adjoint) -> Section:
        name = self.matrices.tensor(adjoint.of)
        label = str(self.numbers[adjoint.equation.tensor.name])
        used = sorted({str(self.numbers[c.use.tensor.name]) for c in adjoint.contributions}, key=natural)
        where = " and ".join(f"({number})" for number in used)
        blocks: list[Block] = [Paragraph((*self.introduction(adjoint), f" It is used in {where}."))]
        lines: list[Line] = []
        for contribution in adjoint.contributions:
            lines += self.contribution_lines(adjoint, contribution)
        lines += [self.step_line(adjoint, step) for step in adjoint.steps]
        blocks.append(Steps(label, tuple(lines)))
        blocks.append(self.statement(adjoint.equation, label))
        title: Text = ("With respect to ", name)
        return Section(title, f"adjoint-{adjoint.of.name}", tuple(blocks), level=2)

    def introduction(self, adjoint: Adjoint) -> Text:
        name = self.matrices.tensor(adjoint.of)
        if adjoint.of.role == Role.PARAMETER:
            return ("How the loss changes with the parameter ", name, ": its gradient.")
        if adjoint.of.role == Role.INPUT:
            return ("How the loss changes with the input ", name, ".")
        before = adjoint.contributions[0].use.origin
        if adjoint.equation.origin != before and before.startswith("layer"):
            passing = f"{before.capitalize()} passes its blame on to {adjoint.equation.origin}: how the loss changes with "
            return (passing, name, f", which {before} reads.")
        return ("How the loss changes with ", name, ".")

    def words(self, step: Step) -> Text:
        """The reason of a step, with the formulas in it typeset."""
        symbols = (step.before.atoms(Index, Size) | step.after.atoms(Index, Size)) if step.reason else set()
        return typeset_reason(step.reason, self.tensors, frozenset(symbol.name for symbol in symbols))

    def contribution_lines(self, adjoint: Adjoint, contribution: Contribution) -> Iterator[Line]:
        use, element = contribution.use, contribution.occurrence
        number = self.numbers[use.tensor.name]
        yield Line(
            (f"Equation ({number}) reads ", self.printer.show(element), ":"), self.printer.equation(use)
        )
        for position, step in enumerate(contribution.local):
            if step.rule == "differentiate" and not _is_plain_sum(step, contribution.local, position):
                yield Line(("The derivative there:",), self.partial(step, use, position))
            elif step.rule == "reuse":
                after = self.inside(use).show(step.after)
                yield Line(self.words(step), row(self.inside(use).show(step.before), t.EQUALS, after))
        lhs = self.left(adjoint)
        share = len(adjoint.contributions) > 1
        sign = t.Words("gets") if share else t.EQUALS
        inside = Printer(self.tensors, adjoint.equation.indices)
        yield Line(
            ("By the chain rule, over every entry that it reaches:",),
            row(lhs, sign, inside.show(contribution.definition)),
        )
        for step in contribution.steps:
            yield Line(self.words(step), row(lhs, sign, inside.show(step.after)))

    def inside(self, equation: Equation) -> Printer:
        return Printer(self.tensors, equation.indices)

    def partial(self, step: Step, use: Equation, position: int) -> Node:
        """∂(what is differentiated)/∂(by what) = the derivative."""
        printer = self.inside(use)
        assert step.wrt is not None, "a differentiation says by what"
        by = printer.show(step.wrt)
        below = row(t.PARTIAL, by if indices_of(step.wrt) or step.wrt.is_Symbol else t.Fence(by))
        if position == 0:
            return row(
                t.Fraction(row(t.PARTIAL, printer.show(use.lhs)), below), t.EQUALS, printer.show(step.after)
            )
        before = printer.show(step.before, MULTIPLY)
        return row(t.Fraction(t.PARTIAL, below), before, t.EQUALS, printer.show(step.after))

    def left(self, adjoint: Adjoint) -> Node:
        return self.printer.show(adjoint.equation.lhs)

    def step_line(self, adjoint: Adjoint, step: Step) -> Line:
        inside = Printer(self.tensors, adjoint.equation.indices)
        return Line(self.words(step), row(self.left(adjoint), t.EQUALS, inside.show(step.after)))

    def gradients(self) -> Section:
        rows: list[tuple[Text, ...]] = []
        for name, adjoint in self.derived.gradients.items():
            equation = adjoint.equation
            matrix = matrix_equation(equation, self.derived.program, self.convention)
            quotient = self.quotient(self.matrices.tensor(adjoint.of))
            number = self.numbers[equation.tensor.name]
            form: Text = (_right_side(matrix),) if matrix is not None else ("",)
            index: Text = (_right_side(self.printer.equation(equation)),)
            rows.append(((quotient,), index, form, (self.shape(self.tensors[name]),), (f"({number})",)))
        head = ("gradient", "index form", "matrix form", "shape", "equation")
        return Section(
            ("All gradients",), "gradients", (Table(head, tuple(rows), "Every gradient of the loss"),)
        )

    # what is computed

    def stabilizing(self) -> Section:
        blocks: list[Block] = [Paragraph((STABLE,))]
        for rewrite in self.derived.stabilizing:
            number = self.numbers[rewrite.before.tensor.name]
            blocks.append(Paragraph((f"In place of ({number}). {rewrite.reason}",)))
            for equation in rewrite.after:
                blocks.append(
                    self.statement(equation, self.derived.labels[equation.tensor.name], self.derived.computed)
                )
        return Section(("Made safe for floating point",), "safe", tuple(blocks))

    def updates(self) -> Section:
        blocks: list[Block] = [Paragraph(("One step of training, once the gradients are known:",))]
        program = self.derived.computed
        blocks += [
            self.statement(e, self.derived.labels[e.tensor.name], program) for e in self.derived.updates
        ]
        given = [tensor for tensor in program.of_role(Role.HYPERPARAMETER) if tensor.name in program.values]
        rows = tuple(((self.matrices.tensor(h),), (h.name,), (f"{program.values[h.name]:g}",)) for h in given)
        if rows:
            blocks.append(Table(("symbol", "name", "value"), rows, "Set before training"))
        return Section(("The update",), "update", tuple(blocks))


STABLE = (
    "The equations above are exact, but a computer's numbers overflow at e^710. These mean the same and cannot: this is what the code "
    "computes. They come after the chain rule, so nothing here is differentiated."
)
CODE = "The module that trains this network, with NumPy alone. The number behind a line is that of the equation which it computes."


def _is_plain_sum(step: Step, steps: tuple[Step, ...], position: int) -> bool:
    """Whether the step only says that a sum grows as its summand does, which goes without saying."""
    return step.after == 1 and position + 1 < len(steps) and steps[position + 1].rule == "differentiate"


def _right_side(equation: Node) -> Node:
    assert isinstance(equation, t.Row), "an equation is a row"
    return row(*equation.parts[equation.parts.index(t.EQUALS) + 1 :])


def _results(results: Results) -> Iterator[Block]:
    if results.facts:
        yield Table(("measured", "value"), tuple(((name,), (value,)) for name, value in results.facts))
    if results.table is not None:
        yield results.table
    if results.losses:
        yield Figure(curve(results.losses), "The loss after each epoch")
    if results.confusion:
        yield Figure(
            confusion(results.confusion),
            "Held-out samples: the true class by row, the predicted class by column",
        )


def _certificate(evidence: Evidence) -> Section:
    blocks: list[Block] = [Paragraph((evidence.summary,)), _table(evidence.head, evidence.rows)]
    blocks += [Paragraph((note,)) for note in evidence.notes]
    if evidence.measured:
        blocks.append(Measured((_table(("check", "worst error"), evidence.measured),)))
    return Section(("The certificate",), "certificate", tuple(blocks))


def _table(head: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> Table:
    return Table(head, tuple(tuple((cell,) for cell in row) for row in rows))
