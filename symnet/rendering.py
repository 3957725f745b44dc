"""The one Jinja2 environment: strict (an undefined name is an error), and found beside the code that uses it.

Nothing in a template is escaped by Jinja2: whoever fills one in hands over text that is already safe in the
target language.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined


@cache
def environment(package: str) -> Environment:
    """The environment whose templates lie in the folder of `package`, such as "symnet.backends.numpy"."""
    return Environment(  # noqa: S701 - the targets are Python, LaTeX, Markdown; HTML is escaped by its printer
        loader=PackageLoader(package, package_path=""),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def render(package: str, template: str, values: dict[str, Any]) -> str:
    """The template of that name in the folder of `package`, filled in."""
    return environment(package).get_template(template).render(values)
