"""From the journal of a derivation to the outline of its document: everything that is said is taken from the
journal.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from sympy import Integer

from symnet.derivation.journal import Derived
from symnet.documents import typeset as t
from symnet.documents.backward import backward
from symnet.documents.charts import confusion, curve
from symnet.documents.context import Context
from symnet.documents.figures import figure, network_drawing
from symnet.documents.further import further
from symnet.documents.matrices import Convention
from symnet.documents.outline import (
    Block,
    Code,
    Document,
    Evidence,
    Figure,
    Fold,
    Measured,
    Meta,
    Paragraph,
    Results,
    Section,
    Statement,
    Table,
    Text,
)
from symnet.documents.symbols import assumed, symbols
from symnet.equations.program import Equation
from symnet.index.symbols import Role, Tensor
from symnet.messages import say
from symnet.registry import Solver, solver

TRAINED = (
    "A trained network predicts in its own way: nothing is left out, and what was measured on each batch is "
    "taken as it is remembered. No blame goes through these equations."
)
ROLES = {
    Role.INPUT: "input",
    Role.TARGET: "target",
    Role.PARAMETER: "parameter",
    Role.STATE: "remembered from step to step",
    Role.RANDOM: "drawn anew for each step",
    Role.HYPERPARAMETER: "set before training",
    Role.DIRECTION: "a direction, given",
    Role.INTERMEDIATE: "computed",
}
CONVENTIONS = {
    "rows": "In matrix form every sample is a row: Z = XW + 1bᵀ.",
    "columns": "In matrix form every sample is a column: Z = WX + b1ᵀ, and every matrix is the transpose of "
    "the array in the code. The index form is the same in both conventions: its first index is the sample.",
}
INDICES = (
    "An index runs over the whole axis on which it stands, from 0; a sum runs over the indices below its "
    "sign. Superscripts in square brackets count layers."
)
NAMED = "A sum under a nonlinear function has a name of its own, so that it is one symbol from here on."
STABLE: Text = (
    "The equations above are exact, but a computer's numbers overflow at ",
    t.Script(t.Name("e"), None, t.Number("710")),
    ", and a number near 1 has lost what it is short of 1. These mean the same and keep their digits: this "
    "is what the code computes. They come after the chain rule, so nothing here is differentiated.",
)
SHORT = 8
"""So many equations of an optimizer are shown whole."""
CODE = (
    "The module that trains this network, with NumPy alone. The number behind a line is that of the "
    "equation which it computes."
)


def compose(
    derived: Derived,
    meta: Meta,
    convention: Convention = "rows",
    code: str = "",
    evidence: Evidence | None = None,
    results: Results | None = None,
) -> Document:
    """The outline of the document of one derivation."""
    context = Context(derived, convention)
    sections = [_network(context), *_forward(context)]
    if derived.adjoints:
        sections += backward(context)
    sections += further(context)
    if derived.stabilizing:
        sections.append(_stabilizing(context))
    if derived.updates:
        sections.append(_updates(context))
    found = solver(meta.solver)
    if found is not None:
        sections.append(_solver(meta, found))
    if code:
        sections.append(Section(("The code",), "code", (Paragraph((CODE,)), Code(code))))
    if results is not None:
        sections.append(Section(("Training",), "training", (Measured(tuple(_results(results))),)))
    if evidence is not None:
        sections.append(_certificate(evidence))
    lead: Text = (
        "Every equation of this network, and the derivative of its loss ",
        context.loss,
        " with respect to every parameter, one step of the chain rule at a time.",
    )
    return Document(
        meta.title, lead, tuple(sections), meta.command, meta.source, symbols(context), assumed(context)
    )


def _network(context: Context) -> Section:
    """What the network is: its figure, and the shapes of its tensors."""
    stated = context.derived.stated
    count = len({e.origin for e in stated.equations if e.origin.startswith("layer")})
    layers = f"A network of {count} layer{'s' * (count != 1)}. "
    what = layers if count else "A network stated by its equations. "
    blocks: list[Block] = [Paragraph((what + CONVENTIONS[context.convention],))]
    drawing = network_drawing(stated)
    if drawing is not None:
        blocks.append(figure(drawing, say("The network, from its inputs to its outputs"), context.language))
    shown = [tensor for tensor in context.derived.program.tensors.values() if not tensor.adjoint_of]
    shown.sort(key=lambda tensor: context.numbers.get(tensor.name, 0))
    blocks += [Paragraph((INDICES,)), _shapes(context, shown)]
    return Section(("The network",), "network", tuple(blocks))


def _shapes(context: Context, tensors: Sequence[Tensor]) -> Table:
    """The shape of each tensor, in numbers too where some size is known."""
    values = context.derived.stated.values
    known = {size: Integer(values[size.name]) for size in context.derived.stated.sizes if size.name in values}
    rows: list[tuple[Text, ...]] = []
    for tensor in tensors:
        numbers = replace(tensor, shape=tuple(extent.xreplace(known) for extent in tensor.shape))
        shown: tuple[Text, ...] = ((context.shape(tensor),), (context.shape(numbers),))
        cells = shown if known else shown[:1]
        rows.append(((context.matrices.tensor(tensor),), *cells, (_what(context, tensor),)))
    head = ("tensor", "shape", "in numbers", "what it is") if known else ("tensor", "shape", "what it is")
    return Table(head, tuple(rows))


def _what(context: Context, tensor: Tensor) -> str:
    if tensor.role != Role.INTERMEDIATE:
        return ROLES[tensor.role] + (", whole numbers" if tensor.integer else "")
    return f"defined in ({context.numbers[tensor.name]})"


def _forward(context: Context) -> Iterator[Section]:
    """The equations up to the loss; then the loss, with what comes after it."""
    equations = context.derived.primal.equations
    name = context.derived.loss.name
    start = next(k for k, e in enumerate(equations) if e.origin == "loss" or e.tensor.name == name)
    trained = [context.statement(equation) for equation in equations if equation.origin == "trained"]
    forward = [context.statement(equation) for equation in equations[:start]]
    named = any(rewrite.before.tensor != context.derived.loss for rewrite in context.derived.naming)
    words = [Paragraph((NAMED,))] if named and forward else []
    yield Section(("Forward: from the inputs to the prediction",), "forward", (*forward, *words))
    rest = tuple(equation for equation in equations[start:] if equation.origin != "trained")
    yield Section(("The loss",), "loss", tuple(_loss(context, rest)))
    if trained:
        yield Section(("Once it is trained",), "trained", (Paragraph((TRAINED,)), *trained))


def _loss(context: Context, equations: tuple[Equation, ...]) -> Iterator[Block]:
    for rewrite in context.derived.naming:
        if rewrite.before.tensor == context.derived.loss:
            yield Statement("", context.printer.equation(rewrite.before), words=rewrite.before.words)
            yield Paragraph((rewrite.reason,))
    renamed = {rewrite.before.tensor for rewrite in context.derived.naming}
    for equation in equations:
        statement = context.statement(equation)
        again = equation.tensor == context.derived.loss and equation.tensor in renamed
        yield replace(statement, words="The same, with the name in it.") if again else statement


def _stabilizing(context: Context) -> Section:
    blocks: list[Block] = [Paragraph(STABLE)]
    for rewrite in context.derived.stabilizing:
        blocks.append(
            Paragraph((f"In place of ({context.numbers[rewrite.before.tensor.name]}). {rewrite.reason}",))
        )
        blocks += [context.statement(equation, context.derived.computed) for equation in rewrite.after]
    return Section(("Made safe for floating point",), "safe", tuple(blocks))


def _updates(context: Context) -> Section:
    program = context.derived.computed
    blocks: list[Block] = [Paragraph(("One step of training, once the gradients are known:",))]
    blocks += _rules(context)
    given = [tensor for tensor in program.of_role(Role.HYPERPARAMETER) if tensor.name in program.values]
    rows = tuple(((context.matrices.tensor(h),), (h.name,), (f"{program.values[h.name]:g}",)) for h in given)
    if rows:
        blocks.append(Table(("symbol", "name", "value"), rows, "Set before training"))
    return Section(("The update",), "update", tuple(blocks))


def _solver(meta: Meta, found: Solver) -> Section:
    """The solver that takes the steps, in words: what it does is in the code."""
    what = "the product with a direction, above" if found.product else "the loss and its gradient"
    values = {**found.settings, **meta.settings}
    blocks: list[Block] = [
        Paragraph((f"The solver {meta.solver} trains the network, from {what}. {found.words}",)),
        Paragraph((f"Source: {found.source}.",)),
        Table(
            ("name", "value"),
            tuple(((name,), (f"{value:g}",)) for name, value in values.items()),
            "Set before training",
        ),
    ]
    return Section(("The steps",), "solver", tuple(blocks))


def _rules(context: Context) -> Iterator[Block]:
    """The optimizer's equations, parameter by parameter; after the first one, the others repeat it."""
    program, equations = context.derived.computed, context.derived.updates
    groups = {origin: list(group) for origin, group in groupby(equations, key=lambda e: e.origin)}
    told = len(equations) <= SHORT
    for origin, group in groups.items():
        statements = tuple(context.statement(equation, program) for equation in group)
        parameter = program.tensors.get(origin.removeprefix("update of "))
        if told and len(equations) > SHORT and parameter is not None:
            yield Fold(("The same for ", context.matrices.tensor(parameter)), statements)
        else:
            yield from statements
        told = told or parameter is not None


def _results(results: Results) -> Iterator[Block]:
    if results.facts:
        yield _table(("measured", "value"), results.facts)
    if results.table is not None:
        yield results.table
    if results.losses:
        yield Figure(curve(results.losses), "The loss after each epoch")
    if results.gradient_norms:
        yield Figure(
            curve(results.gradient_norms, "length of the gradient"),
            "The length of the gradient in each epoch",
        )
    if results.confusion:
        told = "Held-out samples: the true class by row, the predicted class by column"
        yield Figure(confusion(results.confusion), told)


def _certificate(evidence: Evidence) -> Section:
    blocks: list[Block] = [Paragraph((evidence.summary,)), _table(evidence.head, evidence.rows)]
    blocks += [Paragraph((note,)) for note in evidence.notes]
    if evidence.measured:
        blocks.append(Measured((_table(("check", "worst error"), evidence.measured),)))
    return Section(("The certificate",), "certificate", tuple(blocks))


def _table(head: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> Table:
    return Table(head, tuple(tuple((cell,) for cell in row) for row in rows))
