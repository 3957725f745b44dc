"""How JavaScript puts what loops are made of: every number is of double precision, and needs no type."""

from __future__ import annotations

from collections.abc import Sequence

from symnet.backends.javascript.functions import element


class JavaScript:
    """ECMAScript, as current browsers and Node.js have it."""

    COUNTER = "let"
    INDEPENDENT = ""
    INFINITY = "Infinity"
    CALLS = False

    def constant(self, kind: str, name: str, value: str) -> str:
        return f"const {name} = {value};"

    def variable(self, kind: str, name: str, value: str) -> str:
        return f"let {name} = {value};"

    def cast(self, kind: str, text: str) -> str:
        return text

    def literal(self, text: str) -> str:
        return text

    def quotient(self, above: str, below: str) -> str:
        return f"Math.trunc({above} / {below})"

    def power(self, base: str, exponent: str) -> str:
        return f"Math.pow({base}, {exponent})"

    def element(self, function: str, args: Sequence[str], kind: str) -> str:
        return element(function, args)

    def clip(self, place: str, extent: str) -> str:
        return f"clip({place}, {extent})"

    def field(self, owner: str, name: str) -> str:
        return f"{owner}.{name}"

    def told(self, name: str) -> str:
        return f"t.{name}"

    def array(self, kind: str, name: str, owner: str, field: str, offset: str) -> str:
        return f"const {name} = {owner}.{name};"  # a part of a vector has a view of its own

    def unused(self, name: str) -> str:
        return ""
