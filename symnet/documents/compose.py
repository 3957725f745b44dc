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
from symnet.documents.charts import boundary, confusion, curve
from symnet.documents.context import Context
from symnet.documents.figures import figure, network_drawing
from symnet.documents.figures.heat import heat_drawing
from symnet.documents.figures.mermaid import mermaid
from symnet.documents.further import further
from symnet.documents.matrices import Convention
from symnet.documents.numbers import given
from symnet.documents.outline import (
    Block,
    Code,
    Document,
    Evidence,
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
from symnet.documents.repeats import folded
from symnet.documents.symbols import assumed, symbols
from symnet.equations.program import Equation
from symnet.index.symbols import Role, Tensor
from symnet.messages import Language, in_turn, say, say_count
from symnet.registry import Solver, solver

TRAINED = say(
    "A trained network predicts in its own way: nothing is left out, and what was measured on each batch is "
    "taken as it is remembered. No blame goes through these equations."
)
ROLES = {
    Role.INPUT: say("input"),
    Role.TARGET: say("target"),
    Role.PARAMETER: say("parameter"),
    Role.STATE: say("remembered from step to step"),
    Role.RANDOM: say("drawn anew for each step"),
    Role.HYPERPARAMETER: say("set before training"),
    Role.DIRECTION: say("a direction, given"),
    Role.INTERMEDIATE: say("computed"),
}
CONVENTIONS = {
    "rows": say("In matrix form every sample is a row: Z = XW + 1bᵀ."),
    "columns": say(
        "In matrix form every sample is a column: Z = WX + b1ᵀ, and every matrix is the transpose of the "
        "array in the code. The index form is the same in both conventions: its first index is the sample."
    ),
}
INDICES = say(
    "An index runs over the whole axis on which it stands, from 0; a sum runs over the indices below its "
    "sign. Superscripts in square brackets count layers."
)
IN_PARENTHESES = say(
    "An index runs over the whole axis on which it stands, from 0; a sum runs over the indices below its "
    "sign. Superscripts in parentheses count layers."
)
NAMED = say("A sum under a nonlinear function has a name of its own, so that it is one symbol from here on.")
OVERFLOW = t.Script(t.Name("e"), None, t.Number("710"))
"""The power of e that double precision has no number for."""
EXAMPLE = say(
    "From here on the numbers of an example stand beside the equations: forward to the loss, and back from "
    "it to every gradient. They are rounded to four significant digits, but computed from what was not "
    "rounded."
)
GIVEN = (
    (say("The samples"), (Role.INPUT, Role.TARGET)),
    (say("The parameters, as they are before training"), (Role.PARAMETER,)),
    (say("What is remembered, and what is drawn"), (Role.STATE, Role.RANDOM)),
)
DECIDED = say(
    "What the trained network says of every point of the plane: the line is where its answer changes, and "
    "the circles are the samples, each in the colour of its class"
)
LEFT_OVER = say(
    "The gradients where training ended, of at most 256 samples. Of a large one each square stands for "
    "several entries, and shows the one furthest from zero; the last axis is along a row"
)
SHORT = 8
"""So many equations of an optimizer are shown whole."""
CODE = say(
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
    language = Language(meta.language)
    context = Context(derived, convention, values=meta.values, language=language, notation=meta.notation)
    sections = [_network(context), *_example(context), *_forward(context)]
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
        sections.append(Section((say("The code"),), "code", (Paragraph((CODE,)), Code(code))))
    if results is not None:
        measured = Measured(tuple(_results(context, results)))
        sections.append(Section((say("Training"),), "training", (measured,)))
    if evidence is not None:
        sections.append(_certificate(evidence))
    lead = context.text(
        "Every equation of this network, and the derivative of its loss {loss} with respect to every "
        "parameter, one step of the chain rule at a time.",
        loss=context.loss,
    )
    whole = Document(
        meta.title,
        lead,
        tuple(sections),
        meta.command,
        meta.source,
        meta.language,
        symbols=symbols(context),
        assumed=assumed(context),
    )
    told = context.language.all_of(whole)
    return told if meta.unfold else folded(told, context)


def _network(context: Context) -> Section:
    """What the network is: its figure, and the shapes of its tensors."""
    stated = context.derived.stated
    count = len({e.origin for e in stated.equations if e.origin.startswith("layer")})
    what = say_count("A network of {number} layer.", "A network of {number} layers.", count)
    if not count:
        what = say("A network stated by its equations.")
    blocks: list[Block] = [Paragraph((in_turn(what, CONVENTIONS[context.convention]),))]
    drawing = network_drawing(stated)
    if drawing is not None:
        drawn = figure(drawing, say("The network, from its inputs to its outputs"), context.language)
        blocks.append(replace(drawn, mermaid=mermaid(stated, context.language)))
    shown = [tensor for tensor in context.derived.program.tensors.values() if not tensor.adjoint_of]
    shown.sort(key=lambda tensor: context.numbers.get(tensor.name, 0))
    counted = INDICES if context.names.notation.superscripts == "bracket" else IN_PARENTHESES
    blocks += [Paragraph((counted,)), _shapes(context, shown)]
    return Section((say("The network"),), "network", tuple(blocks))


def _example(context: Context) -> Iterator[Section]:
    """The numbers from which the values beside the equations follow."""
    program, values = context.derived.program, context.values
    if not values:
        return
    blocks: list[Block] = [Paragraph((EXAMPLE,))]
    for words, roles in GIVEN:
        tensors = [tensor for tensor in program.of_role(*roles) if tensor.name in values]
        named = [(context.matrices.tensor(tensor), values[tensor.name]) for tensor in tensors]
        for k, line in enumerate(given(named, context.convention)):
            blocks.append(Statement("", line, words=words if k == 0 else ""))
    yield Section((say("A worked example"),), "example", tuple(blocks))


def _shapes(context: Context, tensors: Sequence[Tensor]) -> Table:
    """The shape of each tensor, in numbers too where some size is known."""
    values = context.derived.stated.values
    known = {size: Integer(values[size.name]) for size in context.derived.stated.sizes if size.name in values}
    rows: list[tuple[Text, ...]] = []
    for tensor in tensors:
        numbers = replace(tensor, shape=tuple(extent.xreplace(known) for extent in tensor.shape))
        shown = (context.shape_text(tensor), context.shape_text(numbers))
        cells = shown if known else shown[:1]
        rows.append(((context.matrices.tensor(tensor),), *cells, (_what(context, tensor),)))
    sizes = (say("in numbers"),) if known else ()
    return Table((say("tensor"), say("shape"), *sizes, say("what it is")), tuple(rows))


def _what(context: Context, tensor: Tensor) -> str:
    if tensor.role != Role.INTERMEDIATE:
        role = ROLES[tensor.role]
        return say("{role}, whole numbers", role=role) if tensor.integer else role
    return say("defined in ({number})", number=context.numbers[tensor.name])


def _forward(context: Context) -> Iterator[Section]:
    """The equations up to the loss; then the loss, with what comes after it."""
    equations = context.derived.primal.equations
    name = context.derived.loss.name
    start = next(k for k, e in enumerate(equations) if e.origin == "loss" or e.tensor.name == name)
    trained = [context.statement(equation) for equation in equations if equation.origin == "trained"]
    forward = [context.statement(equation) for equation in equations[:start]]
    named = any(rewrite.before.tensor != context.derived.loss for rewrite in context.derived.naming)
    words = [Paragraph((NAMED,))] if named and forward else []
    yield Section((say("Forward: from the inputs to the prediction"),), "forward", (*forward, *words))
    rest = tuple(equation for equation in equations[start:] if equation.origin != "trained")
    yield Section((say("The loss"),), "loss", tuple(_loss(context, rest)))
    if trained:
        yield Section((say("Once it is trained"),), "trained", (Paragraph((TRAINED,)), *trained))


def _loss(context: Context, equations: tuple[Equation, ...]) -> Iterator[Block]:
    for rewrite in context.derived.naming:
        if rewrite.before.tensor == context.derived.loss:
            yield Statement("", context.printer.equation(rewrite.before), words=say(rewrite.before.words))
            yield Paragraph((rewrite.reason,))
    renamed = {rewrite.before.tensor for rewrite in context.derived.naming}
    for equation in equations:
        statement = context.statement(equation)
        again = equation.tensor == context.derived.loss and equation.tensor in renamed
        yield replace(statement, words=say("The same, with the name in it.")) if again else statement


def _stabilizing(context: Context) -> Section:
    lead = context.text(
        "The equations above are exact, but a computer's numbers overflow at {overflow}, and a number near "
        "1 has lost what it is short of 1. These mean the same and keep their digits: this is what the code "
        "computes. They come after the chain rule, so nothing here is differentiated.",
        overflow=OVERFLOW,
    )
    blocks: list[Block] = [Paragraph(lead)]
    for rewrite in context.derived.stabilizing:
        place = say("In place of ({number}).", number=context.numbers[rewrite.before.tensor.name])
        blocks.append(Paragraph((in_turn(place, say(rewrite.reason)),)))
        blocks += [context.statement(equation, context.derived.computed) for equation in rewrite.after]
    return Section((say("Made safe for floating point"),), "safe", tuple(blocks))


def _updates(context: Context) -> Section:
    program = context.derived.computed
    blocks: list[Block] = [Paragraph((say("One step of training, once the gradients are known:"),))]
    blocks += _rules(context)
    given = [tensor for tensor in program.of_role(Role.HYPERPARAMETER) if tensor.name in program.values]
    rows = tuple(((context.matrices.tensor(h),), (h.name,), (f"{program.values[h.name]:g}",)) for h in given)
    if rows:
        blocks.append(Table((say("symbol"), say("name"), say("value")), rows, say("Set before training")))
    return Section((say("The update"),), "update", tuple(blocks))


def _solver(meta: Meta, found: Solver) -> Section:
    """The solver that takes the steps, in words: what it does is in the code."""
    what = (
        say(
            "The solver {name} trains the network, from the product with a direction, above.",
            name=meta.solver,
        )
        if found.product
        else say("The solver {name} trains the network, from the loss and its gradient.", name=meta.solver)
    )
    values = {**found.settings, **meta.settings}
    blocks: list[Block] = [
        Paragraph((in_turn(what, say(found.words)),)),
        Paragraph((say("Source: {source}.", source=found.source),)),
        Table(
            (say("name"), say("value")),
            tuple(((name,), (f"{value:g}",)) for name, value in values.items()),
            say("Set before training"),
        ),
    ]
    return Section((say("The steps"),), "solver", tuple(blocks))


def _rules(context: Context) -> Iterator[Block]:
    """The optimizer's equations, parameter by parameter; after the first one, the others repeat it."""
    program, equations = context.derived.computed, context.derived.updates
    groups = {origin: list(group) for origin, group in groupby(equations, key=lambda e: e.origin)}
    told = len(equations) <= SHORT
    for origin, group in groups.items():
        statements = tuple(context.statement(equation, program) for equation in group)
        parameter = program.tensors.get(origin.removeprefix("update of "))
        if told and len(equations) > SHORT and parameter is not None:
            title = context.text("The same for {parameter}", parameter=context.matrices.tensor(parameter))
            yield Fold(title, statements)
        else:
            yield from statements
        told = told or parameter is not None


def _results(context: Context, results: Results) -> Iterator[Block]:
    language = context.language
    if results.facts:
        yield _table((say("measured"), say("value")), results.facts)
    if results.table is not None:
        yield results.table
    if results.losses:
        yield figure(curve(results.losses), say("The loss after each epoch"), language)
    if results.gradient_norms:
        told = say("The length of the gradient in each epoch")
        yield figure(curve(results.gradient_norms, say("length of the gradient")), told, language)
    if results.plane is not None:
        yield figure(boundary(results.plane), DECIDED, language)
    if results.confusion:
        told = say("Held-out samples: the true class by row, the predicted class by column")
        yield figure(confusion(results.confusion), told, language)
    maps = [
        (context.slope(context.matrices.tensor(context.tensors[name])), sampled)
        for name in context.tensors
        if (sampled := results.gradients.get(name)) is not None
    ]
    if maps:
        yield figure(heat_drawing(maps), LEFT_OVER, language)


def _certificate(evidence: Evidence) -> Section:
    blocks: list[Block] = [Paragraph((evidence.summary,)), _table(evidence.head, evidence.rows)]
    blocks += [Paragraph((note,)) for note in evidence.notes]
    if evidence.measured:
        blocks.append(Measured((_table((say("check"), say("worst error")), evidence.measured),)))
    return Section((say("The certificate"),), "certificate", tuple(blocks))


def _table(head: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> Table:
    return Table(head, tuple(tuple((cell,) for cell in row) for row in rows))
