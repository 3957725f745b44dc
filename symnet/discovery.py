"""What is found by being there: the modules of a package, so that adding a member edits no list."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from typing import Any


def modules(package: str, folders: bool = False) -> Mapping[str, Any]:
    """The modules of the package of that name, imported, by their own names in alphabetical order.

    With `folders`, only those that are packages themselves.
    """
    found = pkgutil.iter_modules(importlib.import_module(package).__path__)
    names = sorted(module.name for module in found if module.ispkg or not folders)
    return {name: importlib.import_module(f"{package}.{name}") for name in names}
