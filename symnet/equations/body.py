"""The right-hand side of an equation: elements of tensors, and reductions, which bind indices.

    max(body, k)        the position of the maximum, and a gather at it: what is derived through
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
from sympy import Dummy, Expr, Indexed, Integer, Mul, Pow

from symnet.equations.declarations import MAX_INDICES, REDUCTIONS, Names, indices_text
from symnet.equations.formula import CONSTANTS, FUNCTIONS, FormulaReader, Readers
from symnet.equations.program import Equation
from symnet.equations.syntax import Statement
from symnet.errors import EquationError, nearest
from symnet.index.calculus import free_indices, fresh, substitute
from symnet.index.reductions import ArgMax, Binder, argmax, total
from symnet.index.symbols import Index, Scalar, Tensor, base

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
        if name not in REDUCTIONS:
            return super().function(name, node)
        if len(node.args) < 2:
            raise self.error(f"{name} needs an index", node, f"{name}(body, i)")
        if name == "softmax":
            return self.softmax(node)
        return self.reduction(name, node)

    def reduction(self, name: str, node: ast.Call) -> Expr:
        many = name in ("sum", "mean", "logsumexp")
        if not many and len(node.args) > 2:
            raise self.error(f"{name} is over one index", node, f"{name}(body, k)")
        outer = dict(self.scope)
        binders = tuple(self.binder(argument, name) for argument in node.args[1:])
        inside, self.in_place = self.in_place, False
        body = self.read(node.args[0])
        self.scope, self.in_place = outer, inside
        if name == "sum":
            return total(body, binders)
        if name == "mean":
            return total(body, binders) / Mul(*(size for _, size in binders))
        if name == "logsumexp":
            return sp.log(total(sp.exp(body), binders))
        best = argmax(-body if name.endswith("min") else body, binders[0])
        return best if name.startswith("arg") else self.gather(body, best, binders[0])

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

    def gather(self, body: Expr, best: Expr, binder: Binder) -> Expr:
        """`body` at the position `best`: the position gets an equation, and so does the body unless it is an
        element.
        """
        index = binder[0]
        free = free_indices(body) - {index}
        around = tuple((i, size) for i, size in self.scope.items() if i in free)
        # a gather would double at each level
        if not isinstance(body, Indexed) or len(body.atoms(Indexed)) > 1:
            named = self.lift("value", (*around, binder), body)
            best = argmax(named if best.function == body else -named, binder)
            body = named
        return substitute(body, {index: self.lift("argmax", around, best)})

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


def places_of(node: ast.Subscript) -> list[ast.expr]:
    """What stands between the brackets."""
    return list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]
