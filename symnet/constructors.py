"""A record as the Python that makes it: `Dense(units=2, activation="sigmoid")`, with the lines that import
what it needs. Fields that are what they are by default are left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import PurePath
from typing import Any

import symnet

WIDTH = 100
"""What is longer is written on several lines."""


def constructor(value: Any, without: Sequence[str] = (), indent: str = "") -> str:
    """The expression that makes `value`; of a record without the fields named in `without`."""
    parts, brackets = _parts(value, without)
    if parts is None:
        return _literal(value)
    opening, closing = brackets
    flat = f"{opening}{', '.join(head + constructor(part) for head, part in parts)}{closing}"
    if closing == ")" and opening == "(" and len(parts) == 1:
        flat = f"{flat[:-1]},)"
    if len(indent) + len(flat) <= WIDTH and "\n" not in flat:
        return flat
    inner = indent + "    "
    lines = [f"{inner}{head}{constructor(part, (), inner)},\n" for head, part in parts]
    return f"{opening}\n{''.join(lines)}{indent}{closing}"


def imports(*values: Any) -> str:
    """The lines that import every class in `values`, and every class of the records in them."""
    named = dict.fromkeys(item for value in values for item in _classes(value))
    homes: dict[str, list[str]] = {}
    for cls in named:
        public = cls.__name__ in symnet.__all__
        home = "pathlib" if issubclass(cls, PurePath) else "symnet" if public else cls.__module__
        homes.setdefault(home, []).append("Path" if home == "pathlib" else cls.__name__)
    lines = [f"from {home} import {', '.join(sorted(names))}" for home, names in sorted(homes.items())]
    return "\n".join(lines)


def _parts(value: Any, without: Sequence[str]) -> tuple[list[tuple[str, Any]] | None, tuple[str, str]]:
    """What a value is made of, each with what stands before it, and what stands around them."""
    if is_dataclass(value) and not isinstance(value, type):
        stated = [field.name for field in fields(value) if _is_stated(value, field)]
        parts = [(f"{name}=", getattr(value, name)) for name in stated if name not in without]
        return parts, (f"{type(value).__name__}(", ")")
    if isinstance(value, Mapping):
        return [(f"{_literal(key)}: ", part) for key, part in value.items()], ("{", "}")
    if isinstance(value, list | tuple):
        return [("", part) for part in value], ("[", "]") if isinstance(value, list) else ("(", ")")
    return None, ("", "")


def _is_stated(record: Any, field: Field[Any]) -> bool:
    usual = field.default_factory() if field.default_factory is not MISSING else field.default
    value = getattr(record, field.name)
    return field.init and (usual is MISSING or value != usual)


def _literal(value: Any) -> str:
    if isinstance(value, PurePath):
        return f"Path({_literal(value.as_posix())})"
    if not isinstance(value, str):
        return repr(value)
    if "\n" in value and '"""' not in value and "\\" not in value and not value.endswith('"'):
        return f'"""{value}"""'
    return json.dumps(value, ensure_ascii=False)


def _classes(value: Any) -> Iterator[type]:
    """The class of each record in a value, from outside to inside."""
    if isinstance(value, type):
        yield value
    elif isinstance(value, PurePath) or is_dataclass(value):
        yield type(value)
    for _, part in _parts(value, ())[0] or ():
        yield from _classes(part)
