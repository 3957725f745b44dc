"""The language of equations: text to a Program, and formulas to expressions.

    X: input[N, D]                 # also target, parameter, state; `token: input[N, T] integer` holds whole numbers
    W: parameter[D, H]
    b: parameter[H]
    rate: hyperparameter = 0.5
    D: size = 2                    # a size with a known value; N and H stay symbolic
    Z[n,j] = sum(X[n,i]*W[i,j], i) + b[j]
    L = sum((sigmoid(Z[n,j]) - 1)**2, n, j)/2

Ranges follow from the shapes (`ranges.py`). Where nothing says how far an index of a sum runs, its range is written with it,
`sum(k**2, k < 3)`; a tensor whose shape does not follow has it declared, `Z: tensor[N, H]`. A maximum over an index,
`max(body, k)`, becomes the position of the maximum and a gather at it: equations of their own, since that is what is derived through.

User text is never evaluated: `syntax.py` bounds it, `formula.py` and this file walk its tree.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import sympy as sp
from sympy import Dummy, Expr, Integer, Mul, Number, Pow, Rational

from symnet.equations.check import check
from symnet.equations.formula import ARITY, CONSTANTS, FUNCTIONS, FormulaReader, NamedFormula, require_real
from symnet.equations.program import Equation, Program
from symnet.equations.ranges import Evidence, Solver
from symnet.equations.syntax import Statement, expression, statements, tree
from symnet.errors import EquationError, SymnetError, nearest
from symnet.index.calculus import free_indices, fresh, substitute
from symnet.index.reductions import ArgMax, argmax, total
from symnet.index.symbols import Index, Role, Scalar, Size, Tensor, base

ROLES = {role.value: role for role in Role if role != Role.INTERMEDIATE} | {"tensor": Role.INTERMEDIATE}
REDUCTIONS = ("sum", "mean", "max", "min", "argmax", "argmin", "logsumexp", "softmax")
RESERVED = frozenset({*FUNCTIONS, *CONSTANTS, *REDUCTIONS, "integer"})
"""Names that mean something already."""

MAX_SIZE = 2**31
DECLARATION = re.compile(r"([A-Za-z]\w*)\s*:\s*([A-Za-z]\w*)?\s*", re.ASCII)
ENDING = re.compile(r"\s*(integer\b)?\s*(?:(=)\s*(.*))?\Z", re.ASCII | re.DOTALL)


def parse_program(text: str, place: str = "") -> Program:
    """The program that `text` says, checked; `place` (a file) stands in front of every error's line and column.

    Raises EquationError, and ShapeError where sizes do not agree.
    """
    reader = _ProgramReader()
    equations: list[tuple[Statement, ast.expr, ast.expr]] = []
    for statement in statements(text, place):
        if DECLARATION.match(statement.text):
            reader.declare(statement)
        else:
            equations.append((statement, *_sides(statement)))
    for statement, left, _ in equations:
        reader.announce(statement, left)
    return reader.program([reader.equation(*sides) for sides in equations], place)


def parse_formula(text: str, names: Mapping[str, Expr], place: str = "") -> Expr:
    """The expression that `text`, such as "z*sigmoid(alpha*z)", stands for, when each name stands for its expression in `names`.

    Raises EquationError.
    """
    statement = Statement(text, place)
    node = expression(statement)
    value = NamedFormula(statement, names).read(node)
    require_real(value, statement)
    return value


def _sides(statement: Statement) -> tuple[ast.expr, ast.expr]:
    found = tree(statement)
    if not isinstance(found, ast.Assign) or len(found.targets) != 1:
        raise statement.error(
            "this is no equation", found, expected="Z[n,j] = ..., or a declaration such as X: input[N, D]"
        )
    return found.targets[0], found.value


@dataclass
class _Draft:
    """An equation whose sizes may be unknown, with the equations lifted out of it before it."""

    statement: Statement
    equations: tuple[Equation, ...]
    unknown: dict[Expr, Index]
    stated: tuple[Evidence, ...] = ()


@dataclass
class _ProgramReader:
    """What is known so far of the names in a text: sizes, tensors with their shapes, and how many indices the others have."""

    sizes: dict[str, Size] = field(default_factory=dict)
    values: dict[str, float] = field(default_factory=dict)
    tensors: dict[str, Tensor] = field(default_factory=dict)
    ranks: dict[str, int] = field(default_factory=dict)
    integers: set[str] = field(default_factory=set)

    def name(self, statement: Statement, name: str, what: str) -> str:
        """A new name; raises EquationError where it is taken."""
        if name in RESERVED:
            raise statement.error(
                f"{name} has a meaning in the language and cannot be {what}", expected="another name"
            )
        if name in self.sizes and what != "a size":
            raise statement.error(f"{name} is a size and cannot be {what} too", expected="another name")
        if name in self.ranks:
            taken = "is declared twice" if what == "a tensor" else f"is a tensor and cannot be {what} too"
            raise statement.error(f"{name} {taken}", expected="another name")
        return name

    def declare(self, statement: Statement) -> None:
        head = DECLARATION.match(statement.text)
        assert head is not None
        name, kind = head[1], head[2] or ""
        if kind not in ROLES and kind != "size":
            shown = kind or statement.text[head.end() : head.end() + 1] or "nothing"
            raise statement.error(
                f"{name} is declared as {shown}",
                head.start(2) if kind else head.end(),
                f"{', '.join(ROLES)} or size, such as {name}: input[N, D]",
                nearest(kind, [*ROLES, "size"]),
            )
        rest = statement.part(head.end(), len(statement.text))
        closing = rest.text.rfind("]") if rest.text.startswith("[") else -1
        ending = ENDING.match(rest.text, closing + 1)
        if ending is None:
            expected = (
                f"{name}: {kind}[N, D], or with integer, or with a value as in {name}: hyperparameter = 0.5"
            )
            raise rest.error(f"{name}'s declaration cannot be read from here", max(closing + 1, 0), expected)
        value = self.value(rest.part(ending.start(3), ending.end(3))) if ending[2] else None
        if kind == "size":
            self.declare_size(statement, name, value, plain=closing < 0 and not ending[1])
            return
        shape = self.shape(rest.part(0, closing + 1)) if closing >= 0 else ()
        self.declare_tensor(
            statement,
            Tensor(self.name(statement, name, "a tensor"), shape, ROLES[kind], bool(ending[1])),
            value,
        )

    def declare_size(self, statement: Statement, name: str, value: Rational | None, plain: bool) -> None:
        self.name(statement, name, "a size")
        if not plain:
            raise statement.error(f"{name} is a size and has no shape", expected=f"{name}: size = 2")
        if value is not None and not (value.is_Integer and 1 <= value < MAX_SIZE):
            raise statement.error(
                f"the size {name} cannot be {value}", expected=f"a whole number from 1 to {MAX_SIZE - 1}"
            )
        self.sizes.setdefault(name, Size(name))
        if value is not None:
            self.values[name] = int(value)

    def declare_tensor(self, statement: Statement, tensor: Tensor, value: Rational | None) -> None:
        name = tensor.name
        if tensor.role == Role.HYPERPARAMETER and tensor.shape:
            raise statement.error(
                f"the hyperparameter {name} has a shape", expected=f"one number: {name}: hyperparameter = 0.5"
            )
        if value is not None and tensor.role != Role.HYPERPARAMETER:
            raise statement.error(
                f"{name} is {tensor.role} and has no value here", expected=f"{name}: hyperparameter = {value}"
            )
        if tensor.integer and tensor.role == Role.PARAMETER:
            raise statement.error(
                f"the parameter {name} holds whole numbers",
                expected="real numbers: nothing learns in whole steps",
            )
        self.tensors[name] = tensor
        self.ranks[name] = tensor.rank
        if tensor.integer:
            self.integers.add(name)
        if value is not None:
            self.values[name] = float(value)

    def value(self, statement: Statement) -> Rational:
        value = NamedFormula(statement, {}).read(expression(statement))
        if not value.is_Rational:
            raise statement.error("the value is not a number", expected="a number such as 0.5")
        return value

    def shape(self, statement: Statement) -> tuple[Expr, ...]:
        node = expression(statement)
        if not isinstance(node, ast.List):
            raise statement.error(
                "the shape cannot be read", expected="sizes with commas between them, such as [N, D]"
            )
        return tuple(self.size(part, statement) for part in node.elts)

    def size(self, node: ast.expr, statement: Statement) -> Expr:
        """A size: a name, a whole number or an expression of them. A name that is new becomes one."""
        value = _SizeReader(statement, self).read(node)
        if not value.is_integer:
            raise statement.error(f"the size {value} is not a whole number", node, expected=f"floor({value})")
        if value.is_nonpositive or (value.is_Integer and value >= MAX_SIZE):
            raise statement.error(
                f"a size of {value}", node, expected=f"a whole number from 1 to {MAX_SIZE - 1}"
            )
        return value

    def announce(self, statement: Statement, left: ast.expr) -> None:
        """The tensor that a left-hand side defines: every equation may name it."""
        name, indices = _left(statement, left)
        if name not in self.tensors:
            self.ranks[self.name(statement, name, "a tensor")] = len(indices)
            return
        if self.tensors[name].role != Role.INTERMEDIATE:
            raise statement.error(
                f"{name} is given as {self.tensors[name].role} and defined by an equation too", left
            )
        if self.ranks[name] != len(indices):
            raise statement.error(
                f"{name} is declared with {_indices(self.ranks[name])}, not {len(indices)}", left
            )

    def equation(self, statement: Statement, left: ast.expr, right: ast.expr) -> _Draft:
        name, names = _left(statement, left)
        indices = tuple(Index(self.index_name(statement, i, left)) for i in names)
        if len(set(indices)) < len(indices):
            raise statement.error(
                "an index stands twice on the left", left, expected="one name for each axis"
            )
        reader = _BodyReader(statement, self, name)
        declared = self.tensors.get(name)
        sizes = declared.shape if declared else tuple(reader.unknown_size(index) for index in indices)
        reader.scope.update(zip(indices, sizes, strict=True))
        rhs = reader.read(right)
        require_real(rhs, statement)
        integer = name in self.integers or isinstance(rhs, ArgMax)
        if integer:
            self.integers.add(name)
        main = Equation(Tensor(name, sizes, integer=integer), indices, rhs)
        return _Draft(statement, (*reader.lifted, main), reader.unknown, tuple(reader.stated))

    def index_name(self, statement: Statement, name: str, node: ast.AST) -> str:
        taken = "a size" if name in self.sizes else "a tensor" if name in self.ranks else ""
        if taken or name in RESERVED:
            meaning = f"is {taken}" if taken else "has a meaning in the language"
            raise statement.error(
                f"{name} {meaning} and cannot be an index",
                node,
                expected="a name of its own, such as n, i, j",
            )
        return name

    def program(self, drafts: list[_Draft], place: str) -> Program:
        """The program, once the sizes of every equation are solved for: those that wait for a later tensor's shape come last."""
        shapes = {name: tensor.shape for name, tensor in self.tensors.items()}
        solved: dict[int, tuple[Equation, ...]] = {}
        for final in (False, True):
            for position, draft in enumerate(drafts):
                if position in solved:
                    continue
                equations = _solve(draft, shapes, final)
                if equations is not None:
                    solved[position] = equations
                    shapes |= {equation.tensor.name: equation.tensor.shape for equation in equations}
        equations = tuple(equation for position in sorted(solved) for equation in solved[position])
        tensors = self.tensors | {equation.tensor.name: equation.tensor for equation in equations}
        program = Program(tensors, equations, self.values)
        try:
            check(program)
        except SymnetError as error:
            raise error.at(place) if place else error from None
        return program


def _solve(draft: _Draft, shapes: Mapping[str, tuple[Expr, ...]], final: bool) -> tuple[Equation, ...] | None:
    """The equations of a draft with their sizes, or None where the shape of a later tensor may be what is missing."""
    solver: Solver | None = None
    try:
        solver = Solver(draft.equations, shapes, draft.stated)
        sizes = solver.solve(draft.unknown)
    except EquationError as error:
        if solver is not None and solver.waiting and not final:
            return None
        position = draft.statement.error("").place
        raise error.at(position) from None
    result: list[Equation] = []
    for equation in draft.equations:
        tensor = equation.tensor
        shape = tuple(extent.xreplace(sizes) for extent in tensor.shape)
        sized = Tensor(tensor.name, shape, integer=tensor.integer)
        result.append(Equation(sized, equation.indices, equation.rhs.xreplace(sizes)))
    return tuple(result)


def _left(statement: Statement, node: ast.expr) -> tuple[str, list[str]]:
    """The name and the names of the indices on the left of an equation."""
    if isinstance(node, ast.Name):
        return node.id, []
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        places = _places(node)
        if places and all(isinstance(place, ast.Name) for place in places):
            return node.value.id, [place.id for place in places if isinstance(place, ast.Name)]
    raise statement.error("the left side must be one tensor at plain indices", node, expected="Z[n,j] = ...")


def _places(node: ast.Subscript) -> list[ast.expr]:
    return list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]


def _indices(count: int) -> str:
    return "no index" if count == 0 else "1 index" if count == 1 else f"{count} indices"


class _SizeReader(FormulaReader):
    """Reads a size; its names are sizes."""

    def __init__(self, statement: Statement, program: _ProgramReader) -> None:
        super().__init__(statement)
        self.program = program

    def name(self, node: ast.Name) -> Expr:
        if node.id not in self.program.sizes:
            self.program.sizes[self.program.name(self.statement, node.id, "a size")] = Size(node.id)
        return self.program.sizes[node.id]


class _BodyReader(FormulaReader):
    """Reads a right-hand side: elements of tensors, and reductions, which bind indices."""

    def __init__(self, statement: Statement, program: _ProgramReader, defines: str) -> None:
        super().__init__(statement)
        self.program = program
        self.defines = defines
        self.scope: dict[Index, Expr] = {}  # the indices that are bound here, with their sizes
        self.unknown: dict[Expr, Index] = {}
        self.stated: list[Evidence] = []
        self.lifted: list[Equation] = []
        self.in_place = False  # among the indices of an element

    def unknown_size(self, index: Index) -> Expr:
        size = Dummy(index.name, integer=True, positive=True)
        self.unknown[size] = index
        return size

    def calls(self) -> Collection[str]:
        return [*FUNCTIONS, *REDUCTIONS]

    def name(self, node: ast.Name) -> Expr:
        name, program = node.id, self.program
        if Index(name) in self.scope:
            return Index(name)
        if name in program.sizes:
            return program.sizes[name]
        if name in CONSTANTS and not self.in_place:
            return CONSTANTS[name]
        if name in program.ranks and (not self.in_place or name in program.integers):
            if program.ranks[name]:
                raise self.error(f"{name} has {_indices(program.ranks[name])}", node, expected=f"{name}[...]")
            return Scalar(name)
        if self.in_place and name in program.ranks:
            raise self.not_whole(name, node)
        bound = [index.name for index in self.scope]
        known = nearest(
            name, [*bound, *program.sizes] if self.in_place else [*bound, *program.sizes, *program.ranks]
        )
        if self.in_place or len(name) == 1:
            message = f"{name} is bound nowhere: it stands neither on the left of the equation nor in a sum around it"
            raise self.error(message, node, f"one of {', '.join([*bound, *program.sizes])}", known)
        raise self.error(
            f"nothing is called {name}", node, "a tensor, a size or an index of this equation", known
        )

    def not_whole(self, name: str, node: ast.AST) -> EquationError:
        expected = f"a tensor of whole numbers: {name}: input[...] integer, or {name} = argmax(..., k)"
        return self.error(f"{name} holds no whole numbers and cannot stand in an index", node, expected)

    def subscript(self, node: ast.Subscript) -> Expr:
        if not isinstance(node.value, ast.Name):
            raise self.error("only a tensor has indices", node, expected="X[n,i]")
        name, places = node.value.id, _places(node)
        ranks = self.program.ranks
        if name not in ranks:
            raise self.error(
                f"there is no tensor {name}",
                node,
                "a tensor that is declared or defined",
                nearest(name, ranks),
            )
        if len(places) != ranks[name]:
            raise self.error(
                f"{name} has {_indices(ranks[name])}, not {len(places)}", node, expected=self.shape_text(name)
            )
        if self.in_place and name not in self.program.integers:
            raise self.not_whole(name, node)
        outside, self.in_place = self.in_place, True
        indices = tuple(self.place(place) for place in places)
        self.in_place = outside
        return sp.Indexed(base(name), *indices)

    def shape_text(self, name: str) -> str:
        tensor = self.program.tensors.get(name)
        return (
            f"{name}[{', '.join(map(str, tensor.shape))}]"
            if tensor
            else f"{name} as it stands on the left of its equation"
        )

    def place(self, node: ast.expr) -> Expr:
        """One index of an element: whole numbers, indices, sizes and tensors of whole numbers under + - *."""
        value = self.read(node)
        if value.is_negative and value.is_number:
            raise self.error(
                f"{value} lies before the first element, which is 0", node, expected="T - 1 for the last of T"
            )
        if value.is_number and not value.is_Integer or value.atoms(Pow):
            raise self.error(
                "an index is made of whole numbers",
                node,
                expected="indices, sizes and whole numbers with + - *",
            )
        return value

    def function(self, name: str, node: ast.Call) -> Expr:
        if name not in REDUCTIONS:
            if self.in_place and name != "floor":
                raise self.error(
                    f"{name} cannot stand in an index",
                    node,
                    expected="indices, sizes and whole numbers with + - *",
                )
            return super().function(name, node)
        if self.in_place and name not in ("argmax", "argmin"):
            raise self.error(f"{name} cannot stand in an index", node, expected="argmax(body, k)")
        if len(node.args) < 2:
            raise self.error(f"{name} needs an index", node, expected=f"{name}(body, i)")
        if name == "softmax":
            return self.softmax(node)
        single = name not in ("sum", "mean", "logsumexp")
        if single and len(node.args) > 2:
            raise self.error(f"{name} is over one index", node, expected=f"{name}(body, k)")
        outer = dict(self.scope)
        binders = tuple(self.binder(argument, name) for argument in node.args[1:])
        inside, self.in_place = self.in_place, False
        body = self.read(node.args[0])
        self.scope, self.in_place = outer, inside
        if name in ("sum", "mean"):
            value = total(body, binders)
            return value if name == "sum" else value / Mul(*(size for _, size in binders))
        if name == "logsumexp":
            return sp.log(total(sp.exp(body), binders))
        index, size = binders[0]
        best = argmax(body if name in ("argmax", "max") else -body, (index, size))
        return best if name.startswith("arg") else self.gather(body, best, (index, size))

    def binder(self, node: ast.expr, name: str) -> tuple[Index, Expr]:
        """An index that a reduction binds: `i`, or `i < D` where its range is stated."""
        target, size = node, None
        if isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], ast.Lt):
            target = node.left
            size = self.program.size(node.comparators[0], self.statement)
        if not isinstance(target, ast.Name):
            raise self.error(f"{name} is over indices", node, expected=f"{name}(body, i)")
        index = Index(self.program.index_name(self.statement, target.id, target))
        if index in self.scope:
            raise self.error(f"{index} is bound already", node, expected="an index of the sum's own")
        self.scope[index] = self.unknown_size(index) if size is None else size
        return index, self.scope[index]

    def softmax(self, node: ast.Call) -> Expr:
        """exp(body) over its sum, along an index that is bound outside."""
        target = node.args[1]
        if len(node.args) != 2 or not isinstance(target, ast.Name) or Index(target.id) not in self.scope:
            raise self.error(
                "softmax is along an index of the equation", node, expected="P[n,j] = softmax(Z[n,j], j)"
            )
        index = Index(target.id)
        body = sp.exp(self.read(node.args[0]))
        taken = (
            {i.name for i in body.atoms(Index)}
            | {i.name for i in self.scope}
            | {*self.program.ranks, *self.program.sizes}
        )
        other = fresh(taken)
        return body / total(substitute(body, {index: other}), ((other, self.scope[index]),))

    def gather(self, body: Expr, best: Expr, binder: tuple[Index, Expr]) -> Expr:
        """`body` at the position `best`: the position becomes an equation, and so does the body unless it is an element."""
        index = binder[0]
        free = free_indices(body) - {index}
        around = tuple((i, size) for i, size in self.scope.items() if i in free)
        if not (isinstance(body, sp.Indexed) and body.indices.count(index) == 1):
            named = self.lift("value", (*around, binder), body)
            best = best.func(named if body == best.function else -named, *best.limits)
            body = named
        position = self.lift("argmax", around, best)
        return substitute(body, {index: position})

    def lift(self, suffix: str, binders: tuple[tuple[Index, Expr], ...], rhs: Expr) -> Expr:
        """A new equation in front of this one; returns its element."""
        name, number = f"{self.defines}_{suffix}", 2
        while name in self.program.ranks or name in self.program.sizes:
            name, number = f"{self.defines}_{suffix}{number}", number + 1
        self.program.ranks[name] = len(binders)
        indices = tuple(index for index, _ in binders)
        tensor = Tensor(name, tuple(size for _, size in binders), integer=isinstance(rhs, ArgMax))
        if tensor.integer:
            self.program.integers.add(name)
        self.lifted.append(Equation(tensor, indices, rhs))
        return tensor[indices]

    READERS = {**FormulaReader.READERS, ast.Subscript: subscript}
