"""The right-hand side of an equation: elements of tensors, and reductions, which bind indices.

    max(body, k)        the position of the maximum, and a gather at it: what is derived through
    max(body, i, j)     the same over several indices: the position along i, at it the one along j, a gather
    mean(body, i)       sum(body, i)/size
    logsumexp(body, k)  log(sum(exp(body), k))
    softmax(body, j)    exp(body) over its sum along j, an index of the equation

The size of an index that is bound here is not known until the whole equation has been read; until then it is
a Dummy.
"""

from __future__ import annotations

import ast
from collections.abc import Collection
from typing import ClassVar

import sympy as sp
from sympy import Dummy, Expr, Indexed, Integer, Mul, Pow, S

from symnet.equations.declarations import MAX_INDICES, REDUCTIONS, Names, indices_text
from symnet.equations.formula import CONSTANTS, FUNCTIONS, FormulaReader, Readers
from symnet.equations.program import Equation
from symnet.equations.syntax import Statement
from symnet.errors import EquationError, nearest
from symnet.index.calculus import free_indices, fresh, substitute
from symnet.index.functions import where
from symnet.index.reductions import ArgMax, Binder, argmax, total
from symnet.index.symbols import Index, Scalar, Tensor, base

LEAST = {
    "max": S.NegativeInfinity,
    "argmax": S.NegativeInfinity,
    "min": S.Infinity,
    "argmin": S.Infinity,
}
"""What is never chosen."""

IN_PLACE = "indices, sizes and whole numbers with + - *"


class BodyReader(FormulaReader):
    """Reads the right-hand side of the equation that defines the tensor `defines`.

    Afterwards `lifted` holds the equations that must stand in front of it, and `unknown` the sizes to be
    solved for.
    """

    def __init__(self, statement: Statement, names: Names, defines: str) -> None:
        super().__init__(statement)
        self.names = names
        self.defines = defines
        self.scope: dict[Index, Expr] = {}  # the indices that are bound here, with their sizes
        self.unknown: dict[Expr, Index] = {}
        self.lifted: list[Equation] = []
        self.in_place = False  # among the indices of an element
        self.in_softmax = False
        self.least: Expr | None = None  # what takes no part in the maximum or minimum around

    def bind(self, index: Index, size: Expr | None = None) -> Expr:
        """Puts an index into scope; returns its size, which is a new unknown unless it is given."""
        if size is None:
            size = Dummy(index.name, integer=True, positive=True)
            self.unknown[size] = index
        self.scope[index] = size
        return size

    def calls(self) -> Collection[str]:
        return [*FUNCTIONS, *REDUCTIONS]

    def name(self, node: ast.Name) -> Expr:
        name, names = node.id, self.names
        if Index(name) in self.scope:
            return Index(name)
        if name in names.sizes:
            return names.sizes[name]
        if name in CONSTANTS and not self.in_place:
            return CONSTANTS[name]
        if name not in names.ranks:
            raise self.unknown_name(name, node)
        if self.in_place and name not in names.integers:
            raise self.not_whole(name, node)
        if names.ranks[name]:
            raise self.error(
                f"{name} has {indices_text(names.ranks[name])}, not none", node, self.shape_text(name)
            )
        return Scalar(name)

    def unknown_name(self, name: str, node: ast.Name) -> EquationError:
        bound = [index.name for index in self.scope]
        if self.in_place:
            message = f"{name} is bound nowhere: neither on the left of the equation nor by a sum around it"
            expected = f"one of {', '.join([*bound, *self.names.sizes])}"
            return self.error(message, node, expected, nearest(name, [*bound, *self.names.sizes]))
        known = [*bound, *self.names.sizes, *self.names.ranks]
        expected = "a tensor, a size or an index of this equation"
        return self.error(f"nothing is called {name}", node, expected, nearest(name, known))

    def not_whole(self, name: str, node: ast.AST) -> EquationError:
        expected = f"a tensor of whole numbers: {name}: input[...] integer, or {name} = argmax(..., k)"
        return self.error(f"{name} holds no whole numbers and cannot stand in an index", node, expected)

    def shape_text(self, name: str) -> str:
        tensor = self.names.tensors.get(name)
        if tensor is None:
            return f"{name} with its indices, as on the left of its equation"
        return f"{name}[{', '.join(map(str, tensor.shape))}]" if tensor.shape else name

    def subscript(self, node: ast.Subscript) -> Expr:
        if not isinstance(node.value, ast.Name):
            raise self.error("only a tensor has indices", node, "X[n,i]")
        name, places = node.value.id, places_of(node)
        ranks = self.names.ranks
        if name not in ranks:
            known = nearest(name, ranks)
            raise self.error(
                f"there is no tensor {name}", node, "a tensor that is declared or defined", known
            )
        if len(places) != ranks[name]:
            raise self.error(
                f"{name} has {indices_text(ranks[name])}, not {len(places)}", node, self.shape_text(name)
            )
        if self.in_place and name not in self.names.integers:
            raise self.not_whole(name, node)
        outside, self.in_place = self.in_place, True
        indices = tuple(self.place(place, name, axis) for axis, place in enumerate(places))
        self.in_place = outside
        return Indexed(base(name), *indices)

    def place(self, node: ast.expr, name: str, axis: int) -> Expr:
        """One index of an element: whole numbers, indices, sizes and tensors of whole numbers, joined by + -
        *.
        """
        value = self.read(node)
        if value.is_number:
            tensor = self.names.tensors.get(name)
            extent = tensor.shape[axis] if tensor else None
            outside = value.is_negative or (isinstance(extent, Integer) and value >= extent)
            if outside or not value.is_Integer:
                expected = f"a whole number from 0 to {extent - 1 if extent else 'the last'}"
                raise self.error(f"{name} has no element at {value}", node, expected)
        if value.atoms(Pow):
            raise self.error(f"{self.statement.source(node)} cannot stand in an index", node, IN_PLACE)
        return value

    def function(self, name: str, node: ast.Call) -> Expr:
        if self.in_place and name not in ("argmax", "argmin", "floor"):
            raise self.error(f"{name} cannot stand in an index", node, IN_PLACE)
        if name == "where" and len(node.args) == 3 and _is_infinite(node.args[2]):
            return self.taking_part(node)
        if name not in REDUCTIONS:
            return super().function(name, node)
        if len(node.args) < 2:
            raise self.error(f"{name} needs an index", node, f"{name}(body, i)")
        if name == "softmax":
            return self.softmax(node)
        return self.reduction(name, node)

    def taking_part(self, node: ast.Call) -> Expr:
        """where(c, x, -inf) in a maximum, where(c, x, inf) in a minimum: what takes part in it."""
        condition, value, other = node.args
        stated = S.NegativeInfinity if isinstance(other, ast.UnaryOp) else S.Infinity
        if stated != self.least:
            expected = "where(c, x, -inf) as what is compared in a max or argmax, with inf in a min or argmin"
            raise self.error("what is infinite takes no part in this", other, expected)
        return where(self.read(condition), self.read(value), stated)

    def reduction(self, name: str, node: ast.Call) -> Expr:
        outer = dict(self.scope)
        binders = tuple(self.binder(argument, name) for argument in node.args[1:])
        inside = self.in_place, self.least
        self.in_place, self.least = False, LEAST.get(name)
        body = self.read(node.args[0])
        self.scope, (self.in_place, self.least) = outer, inside
        if name == "sum":
            return total(body, binders)
        if name == "mean":
            return total(body, binders) / Mul(*(size for _, size in binders))
        if name == "logsumexp":
            return sp.log(total(sp.exp(body), binders))
        if name in ("argmax", "argmin"):
            return argmax(_compared(*_taking_part(body), name), *binders)
        return self.gather(body, binders, name)

    def binder(self, node: ast.expr, name: str) -> Binder:
        """An index that a reduction binds: `i`, or `i < D` where its range is stated."""
        target, size = node, None
        if isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], ast.Lt):
            target = node.left
            size = self.names.size(node.comparators[0], self.statement)
        if not isinstance(target, ast.Name):
            raise self.error(f"{name} is over indices", node, f"{name}(body, i)")
        index = Index(self.names.index(self.statement, target.id, target))
        if index in self.scope:
            raise self.error(f"{index} is bound already", node, f"an index of its own for this {name}")
        if len(self.scope) >= MAX_INDICES:
            raise self.error("too many indices within each other", node, f"at most {MAX_INDICES}")
        return index, self.bind(index, size)

    def softmax(self, node: ast.Call) -> Expr:
        """exp(body) over its sum, along an index that is bound outside."""
        target = node.args[1]
        if len(node.args) != 2 or not isinstance(target, ast.Name) or Index(target.id) not in self.scope:
            raise self.error("softmax is along an index of the equation", node, "P[n,j] = softmax(Z[n,j], j)")
        if self.in_softmax:  # its body stands twice in what it becomes: each level would double the whole
            raise self.error("a softmax within a softmax", node, "an equation of its own for the inner one")
        index = Index(target.id)
        self.in_softmax = True
        body = sp.exp(self.read(node.args[0]))
        self.in_softmax = False
        taken = {i.name for i in body.atoms(Index)} | {i.name for i in self.scope}
        other = fresh(taken | set(self.names.ranks) | set(self.names.sizes))
        return body / total(substitute(body, {index: other}), ((other, self.scope[index]),))

    def gather(self, body: Expr, binders: tuple[Binder, ...], name: str) -> Expr:
        """`body` where it is largest, or least: the position along each index gets an equation, and so does
        the body unless it is an element. What takes no part is not read.
        """
        condition, body = _taking_part(body)
        free = (free_indices(body) | free_indices(condition)) - {index for index, _ in binders}
        around = tuple((i, size) for i, size in self.scope.items() if i in free)
        # a gather would double at each level
        if not isinstance(body, Indexed) or len(body.atoms(Indexed)) > 1:
            body = self.lift("value", (*around, *binders), body)
        compared = _compared(condition, body, name)
        for k, (index, _) in enumerate(binders):
            at = {index: self.lift("argmax", around, argmax(compared, *binders[k:]))}
            compared, body = substitute(compared, at), substitute(body, at)
        return body

    def lift(self, suffix: str, binders: tuple[Binder, ...], rhs: Expr) -> Expr:
        """A new equation in front of this one; returns its element."""
        indices = tuple(index for index, _ in binders)
        name = self.names.free(f"{self.defines}_{suffix}")
        tensor = Tensor(name, tuple(size for _, size in binders), integer=isinstance(rhs, ArgMax))
        self.names.ranks[name] = tensor.rank
        if tensor.integer:
            self.names.integers.add(name)
        self.lifted.append(Equation(tensor, indices, rhs))
        return tensor[indices]

    READERS: ClassVar[Readers] = {**FormulaReader.READERS, ast.Subscript: subscript}


def _taking_part(body: Expr) -> tuple[Expr, Expr]:
    """Where what is compared takes part, and what it is there."""
    if isinstance(body, where) and body.args[2].is_infinite:
        return body.args[0], body.args[1]
    return S.One, body


def _compared(condition: Expr, value: Expr, name: str) -> Expr:
    """What is to be largest."""
    return where(condition, -value if name.endswith("min") else value, S.NegativeInfinity)


def _is_infinite(node: ast.expr) -> bool:
    """Whether inf or -inf is written here."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node = node.operand
    return isinstance(node, ast.Name) and node.id == "inf"


def places_of(node: ast.Subscript) -> list[ast.expr]:
    """What stands between the brackets."""
    return list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]
