"""Equal work is done once: what a pure function has found for one equation is found for every equation that
is the same up to names.

What a function depends on is hardly its argument alone: it asks on the way, for the definition of a tensor
that it comes upon. So what it asks is remembered with what it found, and it is recalled only where every
question has an answer of the same form. (An equation of layer 2 recalls that of layer 1 where all that counts
of their surroundings is the same; how much that is, the function decides by asking.)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Generic, TypeVar, cast

from sympy import Basic, Expr

from symnet.index.forms import Numbering, in_order, key, renamed

Found = TypeVar("Found")
Answer = Callable[..., Any]
"""Gives what a question (a word, then names of tensors) is answered by: expressions, tensors, tuples."""


def nothing_asked(word: str, *names: str) -> Any:
    """The answer for functions of their arguments alone, which ask nothing."""
    raise LookupError(word)


@dataclass(slots=True)
class _Point(Generic[Found]):
    """A point in what a function asks: the question that it asks there, or what it finds."""

    question: tuple[str, tuple[int, ...]] | None = None
    further: dict[object, _Point[Found]] = field(default_factory=dict)  # by the form of the answer
    found: tuple[tuple[str, ...], Found] | None = None  # with the names in it, by their number

    def then(self, thing: Any, names: Numbering) -> _Point[Found]:
        before = len(names)
        form = (key(thing, names), in_order(names) if len(names) > before else None)
        point = self.further.get(form)
        if point is None:
            point = self.further[form] = _Point()
        return point


LIMIT = 1 << 13
"""How much a function keeps in mind; then it forgets everything and begins anew."""


class Recall(Generic[Found]):
    """What one function has found so far."""

    def __init__(self) -> None:
        self.start: _Point[Found] = _Point()
        self.kept = 0

    def __call__(
        self, given: Any, answer: Answer, function: Callable[[Answer], Found]
    ) -> tuple[Found, dict[str, str]]:
        """What `function` finds for `given`, and the names to replace in it: none where it was called.

        The function gets what it asks by; it must depend on nothing else but `given`. What it finds must not
        depend on names other than by their order.
        """
        names: Numbering = {}
        point = self.start.then(given, names)
        while point.question is not None:
            word, numbers = point.question
            known = list(names)
            point = point.then(answer(word, *(known[number] for number in numbers)), names)
        if point.found is not None:
            old, found = point.found
            return found, {a: b for a, b in zip(old, names, strict=True) if a != b}
        return self.record(given, answer, function), {}

    def record(self, given: Any, answer: Answer, function: Callable[[Answer], Found]) -> Found:
        self.kept += 1
        if self.kept > LIMIT:
            self.start, self.kept = _Point(), 0
        names: Numbering = {}
        point = self.start.then(given, names)
        asked: dict[tuple[str, ...], Any] = {}

        def ask(word: str, *about: str) -> Any:
            nonlocal point
            if (word, *about) not in asked:
                point.question = (word, tuple(names[name] for name in about))
                asked[word, *about] = answer(word, *about)
                point = point.then(asked[word, *about], names)
            return asked[word, *about]

        found = function(ask)
        point.found = (tuple(names), found)
        return found


def up_to_names(function: Callable[..., Found]) -> Callable[..., Found]:
    """A pure function of expressions, tensors, tuples and plain values, called once for all arguments that
    are equal up to names.
    """
    recall: Recall[Found] = Recall()

    @wraps(function)
    def recalling(*given: Any) -> Found:
        found, names = recall(given, nothing_asked, lambda _: function(*given))
        return cast(Found, renamed(found, names))

    return recalling


@up_to_names
def replaced(expr: Expr, changes: tuple[tuple[Basic, Basic], ...]) -> Expr:
    """`expr` with the second of each pair in place of the first."""
    return cast(Expr, expr.xreplace(dict(changes)))
