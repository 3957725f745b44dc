"""What the names of a program stand for: the declarations, one a line, and the names that equations define.

X: input[N, D]                  also target, parameter, state
token: input[N, T] integer      whole numbers
M: random[N, D]                 numbers from 0 to 1, drawn anew for each step of training
v: state[C] = 1                 what is remembered: v_next[c] = ... is its value after a step; it starts
                                with 0 unless a number is given
rate: hyperparameter = 0.5
D: size = 2                     a size with a known value; a size that is only used stays symbolic
H: tensor[N, T, K]              the shape of a tensor that an equation defines, where it does not follow
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field, replace

from sympy import Expr, Rational

from symnet.equations.formula import CONSTANTS, FUNCTIONS, FormulaReader, NamedFormula
from symnet.equations.syntax import Statement, expression
from symnet.errors import nearest
from symnet.index.symbols import Role, Size, Tensor

ROLES: dict[str, Role] = {role.value: role for role in Role if role != Role.DIRECTION}
ROLES["tensor"] = ROLES.pop(Role.INTERMEDIATE.value)
REDUCTIONS = ("sum", "mean", "max", "min", "argmax", "argmin", "logsumexp", "softmax")
RESERVED = frozenset({*FUNCTIONS, *CONSTANTS, *REDUCTIONS, "integer", "and"})
"""Names that mean something already."""

MAX_SIZE = 2**31
MAX_INDICES = 32
"""How many axes NumPy has for a tensor in every version."""
DECLARATION = re.compile(r"([A-Za-z]\w*)\s*:\s*([A-Za-z]\w*)?\s*", re.ASCII)
ENDING = re.compile(r"\s*(integer\b)?\s*(?:(=)\s*(.*))?\Z", re.ASCII | re.DOTALL)


@dataclass
class Names:
    """The sizes, the tensors that are declared, and of every tensor how many indices it has and whether it
    holds whole numbers.
    """

    sizes: dict[str, Size] = field(default_factory=dict)
    values: dict[str, float] = field(default_factory=dict)
    tensors: dict[str, Tensor] = field(default_factory=dict)
    ranks: dict[str, int] = field(default_factory=dict)
    integers: set[str] = field(default_factory=set)

    def new(self, statement: Statement, name: str, what: str) -> str:
        """`name`, which is to be `what`; raises EquationError where it stands for something else."""
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

    def index(self, statement: Statement, name: str, node: ast.AST) -> str:
        """`name`, which is to be an index."""
        taken = "a size" if name in self.sizes else "a tensor" if name in self.ranks else ""
        if taken or name in RESERVED:
            meaning = f"is {taken}" if taken else "has a meaning in the language"
            raise statement.error(
                f"{name} {meaning} and cannot be an index", node, "a name of its own, such as n, i, j"
            )
        return name

    def free(self, name: str) -> str:
        """`name`, or `name` with a number that makes it one that is not taken."""
        candidate, number = name, 2
        while candidate in self.ranks or candidate in self.sizes:
            candidate, number = f"{name}{number}", number + 1
        return candidate

    def declare(self, statement: Statement) -> None:
        """Takes one declaration. Raises EquationError."""
        head = DECLARATION.match(statement.text)
        assert head is not None, "the caller has seen that this is a declaration"
        name, kind = head[1], head[2] or ""
        if kind not in ROLES and kind != "size":
            raise statement.error(
                f"{name} is declared as {kind or statement.text[head.end() : head.end() + 1] or 'nothing'}",
                head.start(2) if kind else head.end(),
                f"{', '.join(ROLES)} or size, such as {name}: input[N, D]",
                nearest(kind, [*ROLES, "size"]),
            )
        rest = statement.part(head.end(), len(statement.text))
        closing = rest.text.rfind("]") if rest.text.startswith("[") else -1
        ending = ENDING.match(rest.text, closing + 1)
        if ending is None:
            form = {"hyperparameter": " = 0.5", "size": " = 2"}.get(
                kind, "[N, D], which may be followed by integer"
            )
            raise rest.error(
                f"the declaration of {name} cannot be read", closing + 1, f"{name}: {kind}{form}"
            )
        value = _value(rest.part(ending.start(3), ending.end(3))) if ending[2] else None
        if kind == "size":
            if closing >= 0 or ending[1]:
                raise statement.error(f"{name} is a size and has no shape", expected=f"{name}: size = 2")
            self.declare_size(statement, name, value)
            return
        self.new(statement, name, "a tensor")
        shape = self.shape(rest.part(0, closing + 1)) if closing >= 0 else ()
        self.declare_tensor(statement, Tensor(name, shape, ROLES[kind], bool(ending[1])), value)

    def declare_size(self, statement: Statement, name: str, value: Rational | None) -> None:
        self.new(statement, name, "a size")
        if name in self.values:
            raise statement.error(f"the size {name} is declared twice", expected="one value")
        if value is not None and not (value.is_Integer and 1 <= value < MAX_SIZE):
            raise statement.error(
                f"the size {name} cannot be {value}", expected=f"a whole number from 1 to {MAX_SIZE - 1}"
            )
        self.sizes.setdefault(name, Size(name))
        if value is not None:
            self.values[name] = int(value)

    def declare_tensor(self, statement: Statement, tensor: Tensor, value: Rational | None) -> None:
        name = self.new(statement, tensor.name, "a tensor")
        if tensor.role == Role.HYPERPARAMETER and tensor.shape:
            raise statement.error(
                f"the hyperparameter {name} has a shape", expected=f"{name}: hyperparameter = 0.5"
            )
        if value is not None and tensor.role == Role.STATE:
            tensor, value = replace(tensor, initial=float(value)), None
        if value is not None and tensor.role != Role.HYPERPARAMETER:
            raise statement.error(
                f"{name} is {tensor.role} and has no value here", expected=f"{name}: hyperparameter = {value}"
            )
        if tensor.integer and tensor.role in (Role.PARAMETER, Role.HYPERPARAMETER, Role.RANDOM):
            raise statement.error(f"the {tensor.role} {name} is declared integer", expected="real numbers")
        self.tensors[name] = tensor
        self.ranks[name] = tensor.rank
        if tensor.integer:
            self.integers.add(name)
        if value is not None:
            self.values[name] = float(value)

    def shape(self, statement: Statement) -> tuple[Expr, ...]:
        node = expression(statement)
        if not isinstance(node, ast.List):
            raise statement.error(
                "the shape cannot be read", expected="sizes with commas between them, such as [N, D]"
            )
        if len(node.elts) > MAX_INDICES:
            raise statement.error(f"a tensor of {len(node.elts)} axes", expected=f"at most {MAX_INDICES}")
        return tuple(self.size(part, statement) for part in node.elts)

    def size(self, node: ast.expr, statement: Statement) -> Expr:
        """A size: a name, a whole number or an expression of them. A name that is new becomes one."""
        value = _SizeReader(statement, self).read(node)
        if not value.is_integer:
            raise statement.error(f"the size {value} is not a whole number", node, f"floor({value})")
        if value.is_nonpositive or (value.is_Integer and value >= MAX_SIZE):
            raise statement.error(f"a size of {value}", node, f"a whole number from 1 to {MAX_SIZE - 1}")
        return value


class _SizeReader(FormulaReader):
    """Reads a size; its names are sizes."""

    def __init__(self, statement: Statement, names: Names) -> None:
        super().__init__(statement)
        self.names = names

    def name(self, node: ast.Name) -> Expr:
        if node.id not in self.names.sizes:
            self.names.sizes[self.names.new(self.statement, node.id, "a size")] = Size(node.id)
        return self.names.sizes[node.id]


def _value(statement: Statement) -> Rational:
    value = NamedFormula(statement, {}).read(expression(statement))
    if not value.is_Rational:
        raise statement.error("the value is not a number", expected="a number such as 0.5")
    return value


def indices_text(count: int) -> str:
    """How many indices, in words."""
    return "no index" if count == 0 else "1 index" if count == 1 else f"{count} indices"
