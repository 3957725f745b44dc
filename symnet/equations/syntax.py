"""From text to Python's syntax tree, and no further: nothing in here is ever evaluated.

The text is bounded first (length, tokens, nesting, names, digits) and held to the alphabet of the language,
so that the parser only ever meets short lines of known tokens; what it then refuses becomes an EquationError
with line and column. The tree is walked against a whitelist by `formula.py`.
"""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass

from symnet.errors import EquationError

MAX_TEXT = 200_000
"""Characters in a program: a network of a thousand layers has fewer."""
MAX_TOKENS = 4_000
"""Tokens in a statement."""
MAX_BRACKETS = 50
"""Brackets within each other; Python's own parser stops at 200."""
MAX_NAME = 64
MAX_NUMBER = 40
"""Characters of a number."""
MAX_MAGNITUDE = 300
"""The decimal exponent of a number: what a float holds."""

TOKEN = re.compile(
    r"(?P<space>[ \t\n]+)|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?(?P<power>\d+))?)"
    r"|(?P<operator>\*\*|<=|>=|==|[-+*/<>=,:])|(?P<open>[(\[])|(?P<close>[)\]])",
    re.ASCII,
)
CLOSING = {"(": ")", "[": "]"}
WORDS = {
    "if": "where(condition, a, b)",
    "else": "where(condition, a, b)",
    "or": "maximum(a, b) of two conditions",
    "not": "1 - condition",
    "in": "sum(body, i) with every index named",
    "lambda": "another name, such as strength or lam",
}
"""Words of Python that one might reach for, and what the language has instead."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A piece of text that is one declaration, equation or formula, and where it stands."""

    text: str
    place: str = ""
    line: int = 0  # 0 for a formula that stands by itself, which has columns only
    column: int = 0  # of the first character, from 0

    def error(
        self,
        message: str,
        at: ast.AST | int = 0,
        expected: str = "",
        suggestion: str = "",
        kind: type[EquationError] = EquationError,
    ) -> EquationError:
        """An error at a node of the statement's tree, or at a position in its text."""
        if isinstance(at, int):
            row = self.text.count("\n", 0, at)
            column = at - (self.text.rfind("\n", 0, at) + 1)
        else:
            row, column = getattr(at, "lineno", 1) - 1, getattr(at, "col_offset", 0)
        column += 1 + (self.column if row == 0 else 0)
        line = f"line {self.line + row}, " if self.line else ""
        where = f"{line}column {column}"
        return kind(
            message,
            place=f"{self.place}, {where}" if self.place else where,
            expected=expected,
            suggestion=suggestion,
        )

    def part(self, start: int, end: int) -> Statement:
        """The text from `start` to `end`, as a statement of its own."""
        row = self.text.count("\n", 0, start)
        column = start - (self.text.rfind("\n", 0, start) + 1) + (self.column if row == 0 else 0)
        return Statement(self.text[start:end], self.place, self.line + row if self.line else 0, column)

    def source(self, node: ast.expr) -> str:
        """The text of a node."""
        if "\n" not in self.text:  # the general way splits the text anew for every node
            return self.text[node.col_offset : node.end_col_offset]
        return ast.get_source_segment(self.text, node) or ""


def statements(text: str, place: str) -> Iterator[Statement]:
    """The statements of a program: one a line, or more lines where a bracket is open. A `#` begins a
    comment.
    """
    if len(text) > MAX_TEXT:
        raise EquationError(
            f"{len(text)} characters of equations", place=place, expected=f"at most {MAX_TEXT}"
        )
    pending: list[str] = []
    first, depth = 1, 0
    for number, line in enumerate(text.split("\n"), start=1):
        bare = line.partition("#")[0].rstrip()
        if not pending:
            first = number
        if bare or pending:
            pending.append(bare)
        depth += sum(bare.count(bracket) for bracket in "([") - sum(bare.count(bracket) for bracket in ")]")
        if pending and depth <= 0:
            yield _statement(pending, place, first)
            pending, depth = [], 0
    if pending:
        yield _statement(pending, place, first)


def _statement(lines: list[str], place: str, first: int) -> Statement:
    text = "\n".join(lines)
    bare = text.lstrip(" \t")
    statement = Statement(bare, place, first, len(text) - len(bare))
    check_tokens(statement)
    return statement


def check_tokens(statement: Statement) -> None:
    """Raises EquationError where the text is too long or too deep, or holds a character, number or word that
    is not of the language.
    """
    text, position, count = statement.text, 0, 0
    brackets: list[tuple[str, int]] = []
    while position < len(text):
        token = TOKEN.match(text, position)
        count += 1
        if token is None:
            raise _alien(statement, position)
        if count > MAX_TOKENS:
            raise statement.error(
                "the equation is too long", position, expected=f"at most {MAX_TOKENS} symbols in one equation"
            )
        if token.lastgroup == "name":
            _check_name(statement, token[0], position)
        elif token["number"]:
            _check_number(statement, token, position)
        elif token["open"]:
            brackets.append((token[0], position))
            if len(brackets) > MAX_BRACKETS:
                raise statement.error(
                    "too many brackets within each other", position, expected=f"at most {MAX_BRACKETS}"
                )
        elif token["close"]:
            if not brackets or CLOSING[brackets[-1][0]] != token[0]:
                expected = CLOSING[brackets[-1][0]] if brackets else "no closing bracket here"
                raise statement.error(f"{token[0]} closes nothing", position, expected=expected)
            brackets.pop()
        position = token.end()
    if brackets:
        bracket, position = brackets[-1]
        raise statement.error(f"{bracket} is never closed", position, expected=CLOSING[bracket])


def _alien(statement: Statement, position: int) -> EquationError:
    character = statement.text[position]
    shown = character if character.isprintable() and character.isascii() else f"U+{ord(character):04X}"
    if character.isalpha():
        return statement.error(
            f"{shown} is not a letter of the language",
            position,
            expected="names of ASCII letters, digits, underscores",
        )
    hint = {
        "^": "**",
        "!": "1 - (a == b)",
        "&": "and",
        "|": "maximum(a, b) of two conditions",
        "@": "sum(A[i,k]*B[k,j], k)",
    }.get(character, "")
    expected = "names, numbers, + - * / ** ( ) [ ] , < <= > >= == and ="
    return statement.error(
        f"{shown} is not part of the language", position, expected=expected, suggestion=hint
    )


def _check_name(statement: Statement, name: str, position: int) -> None:
    if len(name) > MAX_NAME:
        raise statement.error(f"a name of {len(name)} characters", position, expected=f"at most {MAX_NAME}")
    if name.startswith("_"):
        raise statement.error(
            f"{name} begins with an underscore", position, expected="a name that begins with a letter"
        )
    if keyword.iskeyword(name) and name != "and":
        raise statement.error(f"{name} is not part of the language", position, suggestion=WORDS.get(name, ""))


def _check_number(statement: Statement, token: re.Match[str], position: int) -> None:
    end = token.end()
    if (
        len(token[0]) > MAX_NUMBER
        or len(token["power"] or "") > 3
        or int(token["power"] or 0) > MAX_MAGNITUDE
    ):
        shown = token[0] if len(token[0]) <= MAX_NUMBER else token[0][:10] + "..."
        raise statement.error(
            f"the number {shown} is too long",
            position,
            expected=f"at most {MAX_NUMBER} characters and e{MAX_MAGNITUDE}",
        )
    if re.match(r"[\w.]", statement.text[end : end + 1], re.ASCII):
        word = re.match(r"[\w.]*", statement.text[position:], re.ASCII)
        shown = word[0][:MAX_NUMBER] if word else token[0]
        raise statement.error(
            f"{shown} is not a number", position, expected="a number such as 2, 0.5 or 1e-3"
        )


def tree(statement: Statement) -> ast.stmt:
    """The one Python statement that the text is: an assignment or an expression. Raises EquationError with
    line and column.
    """
    try:
        body = ast.parse(statement.text).body
    except SyntaxError as error:
        row = max((error.lineno or 1) - 1, 0)
        starts = [0, *(m.end() for m in re.finditer("\n", statement.text))]
        position = starts[min(row, len(starts) - 1)] + max((error.offset or 1) - 1, 0)
        raise _unreadable(statement, min(position, len(statement.text))) from None
    except (ValueError, RecursionError, MemoryError):
        raise statement.error(
            "the equation is too deep to be read", expected=f"at most {MAX_BRACKETS} levels"
        ) from None
    if len(body) != 1:
        raise statement.error(
            "there is nothing here", expected="an equation such as Z[n,j] = sum(X[n,i]*W[i,j], i)"
        )
    return body[0]


def _unreadable(statement: Statement, position: int) -> EquationError:
    near = TOKEN.match(statement.text, position)
    while near is not None and near["space"]:
        position = near.end()
        near = TOKEN.match(statement.text, position)
    found = f"{near[0]} was not expected here" if near else "something is missing at the end"
    return statement.error(
        found, position, expected="values joined by + - * / ** and commas, such as X[n,i]*W[i,j]"
    )


def expression(statement: Statement) -> ast.expr:
    """The expression that the text is."""
    check_tokens(statement)
    text = statement.text.lstrip()
    statement = (
        statement.part(len(statement.text) - len(text), len(statement.text))
        if text != statement.text
        else statement
    )
    found = tree(statement)
    if not isinstance(found, ast.Expr):
        raise statement.error(
            "an expression was expected here", found, expected="a value, such as z*sigmoid(z)"
        )
    return found.value
