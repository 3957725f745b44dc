"""What the page's script has to know: of every step, whose blame comes in and who is blamed; of every
symbol, what it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from symnet.documents.html.cards import walk
from symnet.documents.outline import Document, Statement


def facts(document: Document) -> str:
    """The facts as JSON that may stand inside a script element."""
    steps = walk(document)
    adjoints = {statement.of: statement for statement in steps if statement.blames}
    named = {name for statement in steps for name in _named(statement)}
    known: dict[str, Any] = {
        "steps": {statement.anchor: _step(statement, adjoints) for statement in steps},
        "symbols": {
            symbol.name: [symbol.what, symbol.shape, symbol.label, symbol.origin]
            for symbol in document.symbols
            if symbol.name in named
        },
        "adjoints": sorted(adjoints),
    }
    return in_script(known)


def in_script(value: Any) -> str:
    """JSON in which nothing ends the element that it stands in."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _step(statement: Statement, adjoints: Mapping[str, Statement]) -> dict[str, Any]:
    """What the equation defines, the parts of the network that its blame comes from, and that it goes to."""
    step: dict[str, Any] = {"of": statement.of, "to": statement.origin}
    if statement.blames:
        read = [adjoints[name] for name in _named(statement) if name in adjoints and name != statement.of]
        step["blames"] = statement.blames
        step["from"] = list(dict.fromkeys(other.origin for other in read)) or ["loss"]
    return step


def _named(statement: Statement) -> tuple[str, ...]:
    """The tensors that an equation names, in order."""
    return tuple(dict.fromkeys(_names((statement.index, statement.matrix))))


def _names(node: Any) -> Iterator[str]:
    """The tensors that a formula names, in order."""
    if isinstance(node, tuple):
        for part in node:
            yield from _names(part)
    elif is_dataclass(node):
        for field in fields(node):
            value = getattr(node, field.name)
            if field.name == "of" and isinstance(value, str):
                if value:
                    yield value
            else:
                yield from _names(value)
