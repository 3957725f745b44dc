"""How C puts what loops are made of."""

from __future__ import annotations

from collections.abc import Sequence

from symnet.backends.c.functions import element
from symnet.lowering.instructions import Kind

TYPES = {Kind.REAL: "real", Kind.MASK: "mask", Kind.PLACE: "place"}


class C:
    """C99, with the types that the file declares."""

    COUNTER = "place"
    INDEPENDENT = "INDEPENDENT"
    INFINITY = "INFINITY"
    CALLS = True

    def constant(self, kind: str, name: str, value: str) -> str:
        return f"const {kind} {name} = {value};"

    def variable(self, kind: str, name: str, value: str) -> str:
        return f"{kind} {name} = {value};"

    def cast(self, kind: str, text: str) -> str:
        return f"({kind}){text}"

    def literal(self, text: str) -> str:
        return f"R({text})"

    def quotient(self, above: str, below: str) -> str:
        return f"{above} / {below}"

    def power(self, base: str, exponent: str) -> str:
        return f"pow({base}, {exponent})"

    def element(self, function: str, args: Sequence[str], kind: str) -> str:
        return element(function, args, kind)

    def clip(self, place: str, extent: str) -> str:
        return f"symnet_clip({place}, {extent})"

    def field(self, owner: str, name: str) -> str:
        return f"{owner}->{name}"

    def told(self, name: str) -> str:
        return name

    def array(self, kind: str, name: str, owner: str, field: str, offset: str) -> str:
        return f"{kind} *const {name} = {owner}->{field}{f' + {offset}' if offset else ''};"

    def unused(self, name: str) -> str:
        return f"(void){name};"
