"""The language of equations: text to a Program, and formulas to expressions.

    X: input[N, D]
    W: parameter[D, H]
    b: parameter[H]
    Z[n,j] = sum(X[n,i]*W[i,j], i) + b[j]
    L = sum((sigmoid(Z[n,j]) - 1)**2, n, j)/2

Ranges follow from the shapes (`ranges.py`). Where nothing says how far an index of a sum runs, its range is
written with it, `sum(k**2, k < 3)`; a tensor whose shape does not follow has it declared, `Z: tensor[N, H]`.

User text is never evaluated: `syntax.py` bounds it; `declarations.py`, `formula.py` and `body.py` walk its
tree.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass

from sympy import Dummy, Expr

from symnet.equations.body import BodyReader, places_of
from symnet.equations.check import at_equation, check
from symnet.equations.declarations import DECLARATION, MAX_INDICES, Names, indices_text
from symnet.equations.formula import NamedFormula, require_real
from symnet.equations.program import Equation, Program
from symnet.equations.ranges import Shapes, Solver
from symnet.equations.syntax import Statement, expression, statements, tree
from symnet.errors import EquationError, SymnetError
from symnet.index.reductions import ArgMax
from symnet.index.symbols import Index, Role, Tensor


@dataclass(frozen=True, slots=True)
class Draft:
    """An equation whose sizes may be unknown, after the equations that were lifted out of it."""

    statement: Statement
    equations: tuple[Equation, ...]
    unknown: Mapping[Expr, Index]


def parse_program(text: str, place: str = "") -> Program:
    """The program that `text` says, checked; `place` (a file) stands in front of each error's line and
    column.

    Raises EquationError, and ShapeError where sizes do not agree.
    """
    names = Names()
    sides: list[tuple[Statement, ast.expr, ast.expr]] = []
    for statement in statements(text, place):
        if DECLARATION.match(statement.text):
            names.declare(statement)
        else:
            sides.append((statement, *_sides(statement)))
    for statement, left, _ in sides:
        _announce(names, statement, left)
    equations = _solve_all([_draft(names, *equation) for equation in sides], names)
    tensors = names.tensors | {equation.tensor.name: equation.tensor for equation in equations}
    program = Program(tensors, equations, names.values)
    try:
        check(program)
    except SymnetError as error:
        places = {
            at_equation(_left(statement, left)[0]): statement.error("").place for statement, left, _ in sides
        }
        where = places.get(error.place, place)
        raise error.at(where) if where else error from None
    return program


def parse_formula(text: str, names: Mapping[str, Expr], place: str = "") -> Expr:
    """The expression that a formula such as "z*sigmoid(alpha*z)" is, where each name stands for its
    expression in `names`.

    Raises EquationError.
    """
    statement = Statement(text, place)
    value = NamedFormula(statement, names).read(expression(statement))
    require_real(value, statement)
    return value


def _sides(statement: Statement) -> tuple[ast.expr, ast.expr]:
    found = tree(statement)
    if not isinstance(found, ast.Assign) or len(found.targets) != 1:
        raise statement.error(
            "this is no equation", found, "Z[n,j] = ..., or a declaration such as X: input[N, D]"
        )
    return found.targets[0], found.value


def _left(statement: Statement, node: ast.expr) -> tuple[str, list[str]]:
    """The name and the names of the indices on the left of an equation."""
    if isinstance(node, ast.Name):
        return node.id, []
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        indices = [place.id for place in places_of(node) if isinstance(place, ast.Name)]
        if len(indices) == len(places_of(node)) <= MAX_INDICES:
            return node.value.id, indices
    raise statement.error("the left side must be one tensor at plain indices", node, "Z[n,j] = ...")


def _announce(names: Names, statement: Statement, left: ast.expr) -> None:
    """Takes the name of the tensor that an equation defines: every equation may then read it."""
    name, indices = _left(statement, left)
    tensor = names.tensors.get(name)
    if tensor is None:
        if name in names.ranks:
            raise statement.error(f"{name} is defined twice", left, "one equation for each tensor")
        names.ranks[names.new(statement, name, "a tensor")] = len(indices)
    elif tensor.role != Role.INTERMEDIATE:
        raise statement.error(
            f"{name} is given as {tensor.role} and defined by an equation too", left, "another name"
        )
    elif tensor.rank != len(indices):
        raise statement.error(
            f"{name} is declared with {indices_text(tensor.rank)}, not {len(indices)}", left
        )


def _draft(names: Names, statement: Statement, left: ast.expr, right: ast.expr) -> Draft:
    name, letters = _left(statement, left)
    indices = tuple(Index(names.index(statement, letter, left)) for letter in letters)
    if len(set(indices)) < len(indices):
        raise statement.error("an index stands twice on the left", left, "one name for each axis")
    declared = names.tensors.get(name)
    reader = BodyReader(statement, names, name)
    stated = declared.shape if declared else (None,) * len(indices)
    shape = tuple(reader.bind(index, size) for index, size in zip(indices, stated, strict=True))
    rhs = reader.read(right)
    require_real(rhs, statement)
    if isinstance(rhs, ArgMax):
        names.integers.add(name)
    main = Equation(
        Tensor(name, shape, integer=name in names.integers, next_of=_remembered(names, name)), indices, rhs
    )
    equations = (*reader.lifted, main)
    present = set(shape).union(*(equation.rhs.atoms(Dummy) for equation in equations))
    # a term may have cancelled
    unknown = {size: index for size, index in reader.unknown.items() if size in present}
    return Draft(statement, equations, unknown)


def _remembered(names: Names, name: str) -> str:
    """The state whose value after a step `name` is: v for v_next."""
    state = names.tensors.get(name.removesuffix("_next"))
    return state.name if state is not None and state.role == Role.STATE and state.name != name else ""


def _solve_all(drafts: list[Draft], names: Names) -> tuple[Equation, ...]:
    """The equations with every size solved for: in a second round those that waited for the shape of a later
    tensor.
    """
    shapes = {name: tensor.shape for name, tensor in names.tensors.items()}
    solved: dict[int, tuple[Equation, ...]] = {}
    for last_round in (False, True):
        for position, draft in enumerate(drafts):
            if position not in solved:
                equations, left_open = _solve(draft, shapes, last_round)
                known = [
                    equation.tensor for equation in equations if not left_open & set(equation.tensor.shape)
                ]
                shapes |= {tensor.name: tensor.shape for tensor in known}
                if not left_open:
                    solved[position] = equations
    return tuple(equation for position in sorted(solved) for equation in solved[position])


def _solve(draft: Draft, shapes: Shapes, last_round: bool) -> tuple[tuple[Equation, ...], set[Expr]]:
    """The equations of a draft with their sizes, and those that stay open while a later tensor's shape is
    missing.
    """
    try:
        solver = Solver(draft.equations, shapes)
        open_sizes = solver.solve(draft.unknown)
        if open_sizes and (last_round or not solver.waiting):
            raise solver.unbound(draft.unknown[open_sizes[0]])
    except EquationError as error:
        raise error.at(draft.statement.error("").place) from None
    return tuple(solver.sized(equation) for equation in draft.equations), set(open_sizes)
