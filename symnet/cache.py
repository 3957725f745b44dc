"""What a command has made before, kept on disk by everything that it depends on: what has not changed is
answered at once, without SymPy.

An entry is one file of JSON, texts only, called by the hash of the facts that it depends on; the facts stand
in it and are compared. Entries are written whole or not at all, so that two processes may write the same one,
and the oldest go when all together are more than LIMIT bytes. What cannot be read or written is not cached:
then the command does its work.

The folder is $SYMNET_CACHE, otherwise symnet in $XDG_CACHE_HOME or ~/.cache; where SYMNET_CACHE is empty
nothing is kept.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, entry_points, version
from pathlib import Path
from typing import Any

from symnet.errors import SymnetError
from symnet.files import write_atomically

LIMIT = 64 << 20
"""How many bytes the entries may have together."""

Texts = Mapping[str, str]
"""What is kept: texts by what they are."""
REFUSED = "refused"
"""The name of a text that says that verification failed."""
LIBRARIES = ("sympy", "mpmath", "numpy", "jinja2", "markupsafe")
"""Whose versions may change a result."""


def remembered(options: Mapping[str, Any], spec: Path, reads_data: bool, make: Callable[[], Texts]) -> Texts:
    """What `make` makes of the specification in the file `spec`, or what it has made of the same before.

    `options` are all else that the result depends on, by name, plain values; with `reads_data` the file that
    the specification names is one more. Neither what `make` raises is kept, nor texts with one REFUSED.
    """
    folder = place()
    facts = _facts(options, spec, reads_data) if folder else None
    if folder is None or facts is None:
        return make()
    entry = folder / f"{_digest(json.dumps(facts, sort_keys=True).encode())}.json"
    found = _read(entry, facts)
    if found is not None:
        return found
    made = make()
    # A refusal may be that of a machine at its limits. And no file may have been changed meanwhile.
    if REFUSED not in made and _facts(options, spec, reads_data) == facts:
        _write(entry, {"facts": facts, "texts": dict(made)})
    return made


def place() -> Path | None:
    """Where entries lie; None where none are kept."""
    stated = os.environ.get("SYMNET_CACHE")
    if stated is not None:
        return Path(stated) if stated else None
    home = os.environ.get("XDG_CACHE_HOME", "")
    try:
        return (Path(home) if Path(home).is_absolute() else Path.home() / ".cache") / "symnet"
    except RuntimeError:  # nobody's home
        return None


def _facts(options: Mapping[str, Any], spec: Path, reads_data: bool) -> dict[str, Any] | None:
    """All that a result depends on; None where that cannot be told."""
    if entry_points(group="symnet.layers"):
        return None  # layers of another package, whose text may change without its version
    try:
        text = spec.read_bytes()
        data = _data_file(spec, text) if reads_data else None
        return {
            "options": dict(options),
            "specification": [spec.name, spec.stem, _digest(text)],
            "data": _digest(data.read_bytes()) if data else "",
            "symnet": _own_digest(),
            "libraries": {name: _version(name) for name in LIBRARIES},
            "python": sys.version,
            "machine": list(os.uname()) if hasattr(os, "uname") else sys.platform,
        }
    except (OSError, ValueError):  # the command itself says what is wrong with the file
        return None


def _data_file(spec: Path, text: bytes) -> Path | None:
    """The file of data that a specification names."""
    section = tomllib.loads(text.decode()).get("data", {})
    named = section.get("file") if isinstance(section, dict) else None
    return spec.parent / named if isinstance(named, str) and named else None


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _own_digest() -> str:
    """Of every file of symnet itself: a version alone says nothing while symnet is being changed."""
    found = hashlib.sha256()
    root = Path(__file__).parent
    for path in _files(root):
        content = path.read_bytes()
        found.update(f"{path.relative_to(root)} {len(content)} ".encode())
        found.update(content)
    return found.hexdigest()


def _files(root: Path) -> Iterator[Path]:
    for folder, inner, names in os.walk(root):
        inner[:] = sorted(name for name in inner if name != "__pycache__")
        yield from (Path(folder, name) for name in sorted(names))


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return ""


def _read(entry: Path, facts: Mapping[str, Any]) -> Texts | None:
    try:
        content = json.loads(entry.read_bytes())
        texts = content["texts"]
        if content["facts"] != facts or not all(isinstance(text, str) for text in texts.values()):
            return None
        os.utime(entry)  # the oldest are those that were not asked for the longest
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return dict(texts)


def _write(entry: Path, content: Mapping[str, Any]) -> None:
    try:
        entry.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(entry, json.dumps(content))
        _bound(entry.parent)
    except (OSError, SymnetError):
        return


def _bound(folder: Path) -> None:
    """Removes the oldest entries, until those left are no more than LIMIT."""
    aged = []
    for path in folder.glob("*.json*"):  # those left half written, too
        try:
            stat = path.stat()
        except FileNotFoundError:  # another process was quicker
            continue
        aged.append((stat.st_mtime, stat.st_size, path))
    whole = sum(size for _, size, _ in aged)
    for _, size, path in sorted(aged):
        if whole <= LIMIT:
            return
        path.unlink(missing_ok=True)
        whole -= size
