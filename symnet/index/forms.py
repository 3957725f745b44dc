"""Equal up to names: the form of an expression, and renaming.

Z1[n,j] = Sum(X[n,i]*W1[i,j], i) and Z2[n,j] = Sum(A1[n,i]*W2[i,j], i) have one form: what holds of one of them
holds of the other, with the names replaced. Names are those of tensors and of sizes; indices count as they
are. SymPy orders terms and factors by name, so that two names are alike only where they differ in digits
alone (W1 and W2, not W1 and V1), and a form says in which order its names are: renaming keeps every order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from functools import lru_cache
from itertools import count
from typing import Any

from sympy import Add, Basic, Function, Indexed, Mul, Pow
from sympy.concrete.expr_with_limits import ExprWithLimits

from symnet.index.symbols import Index, Scalar, Size, Tensor, base

Numbering = dict[str, int]
"""Names by the order in which they have appeared."""


def key(thing: Any, names: Numbering) -> object:
    """The form of a thing made of expressions, tensors, tuples and plain values; a key of a dictionary.

    Its names are entered in `names`. A string is a plain value; tensors' and sizes' names stand in
    expressions and tensors.
    """
    if isinstance(thing, tuple):
        return tuple([key(part, names) for part in thing])
    if isinstance(thing, Basic | Tensor):
        number, own = _form(thing)
        return number, tuple([names.setdefault(name, len(names)) for name in own])
    return thing


def names_in(expr: Basic) -> tuple[str, ...]:
    """The names of the tensors and sizes in an expression."""
    return _form(expr)[1]


def in_order(names: Iterable[str]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """How names, in the order of their appearance, are sorted: alone, and before an index."""
    listed = list(names)
    places = range(len(listed))
    elements = [f"{name}[" for name in listed]
    return tuple(sorted(places, key=listed.__getitem__)), tuple(sorted(places, key=elements.__getitem__))


_numbers: dict[tuple[object, ...], int] = {}
_next = count()


@lru_cache(maxsize=1 << 15)
def _form(thing: Basic | Tensor) -> tuple[int, tuple[str, ...]]:
    """A number for everything about `thing` but its names, and these in the order of their appearance."""
    said: list[object] = []
    names: Numbering = {}
    indices: set[str] = set()

    def name(text: str) -> None:
        if not text:
            said.append(None)
            return
        if text not in names:
            names[text] = len(names)
            said.append(_pattern(text))
        said.append(names[text])

    def visit(node: Basic) -> None:
        if isinstance(node, Size | Scalar):
            said.append(type(node))
            name(node.name)
        elif isinstance(node, Indexed):
            said.append((Indexed, len(node.args)))
            name(node.base.label.name)
            for place in node.indices:
                visit(place)
        elif node.args:
            said.append((node.func, len(node.args)))
            for argument in node.args:
                visit(argument)
        else:
            said.append(node)
            if isinstance(node, Index):
                indices.add(node.name)

    if isinstance(thing, Tensor):
        said.append((thing.role, thing.integer, thing.frozen, thing.initial, thing.rank))
        for extent in thing.shape:
            visit(extent)
        for related in (thing.name, thing.adjoint_of, thing.tangent_of, thing.next_of, *thing.quotient):
            name(related)
    else:
        visit(thing)
    said += [in_order(names), *(name for name in names if name in indices)]  # no name that is an index's too
    if len(_numbers) > 1 << 15:
        _numbers.clear()  # numbers are never given twice: what was remembered by them is only forgotten
    number = _numbers.setdefault(tuple(said), -1)
    if number < 0:
        number = _numbers[tuple(said)] = next(_next)
    return number, tuple(names)


@lru_cache(maxsize=1 << 15)
def _pattern(name: str) -> str:
    """What two names have in common that differ in digits alone; a number that begins with 0 stays as it
    is.
    """
    return name if re.search(r"(?<!\d)0\d", name) else re.sub(r"\d", "#", name)


def renamed(thing: Any, names: Mapping[str, str]) -> Any:
    """`thing` (an expression, a tensor, a record, a tuple or a text of such) with other names.

    The new names must be in the order in which the old ones are.
    """
    return _anything(thing, names, {}) if names else thing


def _anything(thing: Any, names: Mapping[str, str], done: dict[Any, Any]) -> Any:
    if isinstance(thing, Basic):
        return _renamed(thing, names, done)
    if isinstance(thing, tuple):
        return tuple([_anything(part, names, done) for part in thing])
    if type(thing) is str:
        return in_text(thing, names)
    own = _fields(type(thing))
    if not own:
        return thing
    found = done.get(thing)
    if found is None:
        values = [_anything(getattr(thing, name), names, done) for name in own]
        found = done[thing] = type(thing)(**dict(zip(own, values, strict=True)))
    return found


@lru_cache
def _fields(kind: type) -> tuple[str, ...]:
    """The fields of a record; none of what is no record."""
    return tuple(field.name for field in fields(kind)) if is_dataclass(kind) else ()


def in_text(text: str, names: Mapping[str, str]) -> str:
    """A text with other names for those in it: only such as have digits, which no word of a sentence has."""
    return _WORD.sub(lambda found: names.get(found[0], found[0]), text)


_WORD = re.compile(r"[A-Za-z_]\w*\d\w*")


def _renamed(expr: Any, names: Mapping[str, str], done: dict[Basic, Any]) -> Any:
    """No order changes, so that what is made needs no sorting: SymPy's costly way there is left out."""
    if isinstance(expr, Size | Scalar):
        new = names.get(expr.name)
        return expr if new is None or new == expr.name else type(expr)(new)
    if not expr.args:
        return expr
    found = done.get(expr)
    if found is not None:
        return found
    if isinstance(expr, Indexed):
        name = expr.base.label.name
        places = [_renamed(place, names, done) for place in expr.indices]
        found = Indexed(base(names.get(name, name)), *places)
    else:
        arguments = [_renamed(argument, names, done) for argument in expr.args]
        if all(new is old for new, old in zip(arguments, expr.args, strict=True)):
            found = expr
        elif isinstance(expr, Add | Mul):
            found = expr._from_args(arguments, is_commutative=expr.is_commutative)
        elif isinstance(expr, Pow | Function):
            found = expr.func(*arguments, evaluate=False)
        elif isinstance(expr, ExprWithLimits):
            found = Basic.__new__(type(expr), *arguments)
            found.is_commutative = expr.is_commutative
        else:
            found = expr.func(*arguments)
    done[expr] = found
    return found
