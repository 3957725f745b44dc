"""Equal up to names: the form of an expression, and renaming.

Z2[n,j] = Sum(A1[n,i]*W2[i,j], i) and Z3[n,j] = Sum(A2[n,i]*W3[i,j], i) have one form: what holds of one of
them holds of the other, with the names replaced. Names are those of tensors and of sizes; indices count as
they are. SymPy orders terms and factors by name, so that two names are alike only where they differ in digits
alone (W1 and W2, not W1 and V1), and a form says in which order its names are: renaming keeps every order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from itertools import count, pairwise
from typing import Any

from sympy import Add, Basic, Function, Indexed, IndexedBase, Mul, Pow
from sympy.concrete.expr_with_limits import ExprWithLimits

from symnet.index.symbols import Index, Scalar, Size, Tensor, indexed
from symnet.messages import Message

Numbering = dict[str, int]
"""Names by the order in which they have appeared."""


def key(thing: Any, names: Numbering) -> object:
    """The form of a thing made of expressions, tensors, tuples and plain values; a key of a dictionary.

    Its names are entered in `names`. A string is a plain value; tensors' and sizes' names stand in
    expressions and tensors.
    """
    kind = type(thing)
    if kind is tuple:
        return tuple([key(part, names) for part in thing])
    if kind in PLAIN or not isinstance(thing, (Basic, Tensor)):
        return thing
    number, own = _form(thing)
    return number, tuple([names.setdefault(name, len(names)) for name in own])


PLAIN = frozenset((str, int, bool, float, type(None)))
"""What has no names in it; asked first, since most of a question is made of it."""


def names_in(expr: Basic) -> tuple[str, ...]:
    """The names of the tensors and sizes in an expression."""
    return _form(expr)[1]


def in_order(names: Iterable[str]) -> tuple[int, ...]:
    """How names, in the order of their appearance, are sorted: alone, and where that differs before an index
    too.
    """
    listed = list(names)
    places = sorted(range(len(listed)), key=listed.__getitem__)
    if any(listed[b].startswith(listed[a]) for a, b in pairwise(places)):
        places += sorted(places, key=lambda place: f"{listed[place]}[")
    return tuple(places)


MOST = 1 << 15
"""How many forms are kept in mind."""
_numbers: dict[tuple[object, ...], int] = {}
_next = count()


_forms: dict[Basic | Tensor, tuple[int, tuple[str, ...]]] = {}


def _form(thing: Basic | Tensor) -> tuple[int, tuple[str, ...]]:
    """A number for everything about `thing` but its names, and these in the order of their appearance."""
    found = _forms.get(thing)
    if found is None:
        if len(_forms) > MOST:
            _forms.clear()
        found = _forms[thing] = _read(thing)
    return found


def _read(thing: Basic | Tensor) -> tuple[int, tuple[str, ...]]:
    reader = _Reader()
    if isinstance(thing, Tensor):
        reader.tensor(thing)
    else:
        reader.expression(thing)
    said = reader.all()
    if len(_numbers) > MOST:
        _numbers.clear()  # numbers are never given twice: what was remembered by them is only forgotten
    number = _numbers.get(said)
    if number is None:
        number = _numbers[said] = next(_next)
    return number, tuple(reader.names)


class _Reader:
    """One walk over a thing: what it consists of, in order, with numbers for names."""

    def __init__(self) -> None:
        self.said: list[object] = []
        self.names: Numbering = {}
        self.indices: set[str] = set()

    def name(self, text: str) -> None:
        if text and text not in self.names:
            self.names[text] = len(self.names)
            self.said.append(_pattern(text))
        self.said.append(self.names.get(text))

    def tensor(self, tensor: Tensor) -> None:
        self.said.append((tensor.role, tensor.integer, tensor.frozen, tensor.initial, tensor.rank))
        for extent in tensor.shape:
            self.expression(extent)
        for name in (tensor.name, tensor.adjoint_of, tensor.tangent_of, tensor.next_of, *tensor.quotient):
            self.name(name)

    def expression(self, node: Basic) -> None:
        if isinstance(node, (Size, Scalar)):
            self.said.append(type(node))
            self.name(node.name)
        elif isinstance(node, Indexed):
            self.said.append((Indexed, len(node.args)))
            self.name(node.base.label.name)
            for place in node.indices:
                self.expression(place)
        elif isinstance(node, IndexedBase):
            self.said.append(IndexedBase)
            self.name(node.label.name)
        elif node.args:
            self.said.append((node.func, len(node.args)))
            for argument in node.args:
                self.expression(argument)
        else:
            self.said.append(node)
            if isinstance(node, Index):
                self.indices.add(node.name)

    def all(self) -> tuple[object, ...]:
        """All of it, with the order of the names; one that is an index's too is not replaced."""
        return (*self.said, in_order(self.names), *(name for name in self.names if name in self.indices))


@lru_cache(maxsize=1 << 15)
def _pattern(name: str) -> str:
    """What two names have in common that differ in digits alone; a number that begins with 0 stays as it
    is.
    """
    return name if re.search(r"(?<!\d)0\d", name) else re.sub(r"\d", "#", name)


def renamed(thing: Any, names: Mapping[str, str]) -> Any:
    """`thing` (an expression, a tensor, a record, a tuple or a text of such) with other names.

    The new names must be alike the old ones and in their order: those of a thing of the same form.
    """
    if not names:
        return thing
    found = _anything(thing, names, {})
    if isinstance(thing, Basic):  # the form stays
        number, own = _form(thing)
        _forms[found] = number, tuple([names.get(name, name) for name in own])
    return found


def _anything(thing: Any, names: Mapping[str, str], done: dict[int, Any]) -> Any:
    """`done` has what is made already, by the identity of what it was made from, which whoever asks keeps."""
    if isinstance(thing, Basic):
        return _renamed(thing, names, done)
    kind: Any = type(thing)
    if kind is tuple:
        return tuple([_anything(part, names, done) for part in thing])
    if kind is Message:
        return thing.with_parts({name: _anything(part, names, done) for name, part in thing.parts.items()})
    if kind is str:
        return in_text(thing, names)
    fields = _fields(kind)
    if not fields:
        return thing
    found = done.get(id(thing))
    if found is None:
        values = [_anything(getattr(thing, name), names, done) for name in fields]
        found = done[id(thing)] = kind(*values)
    return found


@cache
def _fields(kind: type) -> tuple[str, ...]:
    """The names of a record's parts; none for what is no record."""
    return tuple(getattr(kind, "__dataclass_fields__", ()))


def in_text(text: str, names: Mapping[str, str]) -> str:
    """A text with other names for those in it: only such as have digits, which no word of a sentence has."""
    return _WORD.sub(lambda found: names.get(found[0], found[0]), text)


_WORD = re.compile(r"[A-Za-z_]\w*\d\w*")


def _renamed(expr: Any, names: Mapping[str, str], done: dict[int, Any]) -> Any:
    """No order changes, so that what is made needs no sorting: SymPy's costly way there is left out."""
    if isinstance(expr, (Size, Scalar)):
        new = names.get(expr.name)
        return expr if new is None or new == expr.name else type(expr)(new)
    if not expr.args:
        return expr
    found = done.get(id(expr))
    if found is not None:
        return found
    if isinstance(expr, Indexed):
        name = expr.base.label.name
        places = [_renamed(place, names, done) for place in expr.indices]
        found = indexed(names.get(name, name), *places)
    else:
        arguments = [_renamed(argument, names, done) for argument in expr.args]
        if all(new is old for new, old in zip(arguments, expr.args, strict=True)):
            found = expr
        elif isinstance(expr, (Add, Mul)):
            found = expr._from_args(arguments, is_commutative=expr.is_commutative)
        elif isinstance(expr, (Pow, Function)):
            found = expr.func(*arguments, evaluate=False)
        elif isinstance(expr, ExprWithLimits):
            found = Basic.__new__(type(expr), *arguments)
            found.is_commutative = expr.is_commutative
        else:
            found = expr.func(*arguments)
    done[id(expr)] = found
    return found
