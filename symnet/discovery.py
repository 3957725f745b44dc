"""What is found by being there: the modules of a package, so that adding a member edits no list; and what
other packages that are installed offer as entry points.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any

from symnet.errors import SpecError


def names(package: str, folders: bool = False) -> tuple[str, ...]:
    """What the modules of the package of that name are called, in alphabetical order.

    With `folders`, only those that are packages themselves.
    """
    found = pkgutil.iter_modules(importlib.import_module(package).__path__)
    return tuple(sorted(module.name for module in found if module.ispkg or not folders))


def modules(package: str, folders: bool = False) -> Mapping[str, Any]:
    """The same modules, imported, by their names."""
    return {name: importlib.import_module(f"{package}.{name}") for name in names(package, folders)}


def offered(group: str) -> Mapping[str, Any]:
    """What installed packages offer under the name of this group, by the names that they give it.

    Raises SpecError for an offer that cannot be loaded: it names the package, and what went wrong.
    """
    found: dict[str, Any] = {}
    for offer in entry_points(group=group):
        try:
            found[offer.name] = offer.load()
        except Exception as error:  # another package's code: it may raise anything
            source = offer.dist.name if offer.dist else "a package"
            reason = f"{type(error).__name__}: {error}"
            raise SpecError(
                f"{offer.name}, which {source} offers, cannot be loaded: {reason}",
                expected=f"{offer.value} to be there, or the package not to be installed",
            ) from error
    return found
