"""Scalar functions where languages with C's operators say them alike, and which call which."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

INFIX = {
    "add": "+",
    "subtract": "-",
    "multiply": "*",
    "divide": "/",
    "less": "<",
    "less_equal": "<=",
    "equal": "==",
    "unequal": "!=",
    "and": "&&",
    "or": "||",
}
"""Operators between numbers. In JavaScript, too, it is == and not ===, since what a comparison gives is a
number to all of these.
"""


def plain(function: str, args: Sequence[str]) -> str | None:
    """The function of arguments that are names, elements or numbers, where operators say it."""
    if function in INFIX:
        return f" {INFIX[function]} ".join(args)
    if function == "copy":
        return args[0]
    if function == "negative":
        return f"-({args[0]})" if args[0].startswith("-") else f"-{args[0]}"
    if function == "not":
        return f"!{args[0]}"
    if function == "where":
        return f"({args[0]} ? {args[1]} : {args[2]})"
    return None


def with_needs(names: Iterable[str], needs: Callable[[str], Iterable[str]]) -> list[str]:
    """Functions, each behind those that it calls."""
    ordered: list[str] = []
    for name in names:
        for needed in (*with_needs(needs(name), needs), name):
            if needed not in ordered:
                ordered.append(needed)
    return ordered
