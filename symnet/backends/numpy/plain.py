"""Python that becomes part of a generated module: the text of a function or a class, without annotations."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from typing import Any


def plain(part: Callable[..., Any]) -> list[str]:
    """The lines of a function or a class as a generated module has them: without annotations.

    Its functions, and those inside them, take positional arguments only, which have no defaults.
    """
    lines = inspect.getsource(part).splitlines()
    nodes = list(ast.walk(ast.parse("\n".join(lines))))
    for told in (node for node in nodes if isinstance(node, ast.AnnAssign)):
        line = lines[told.lineno - 1]
        lines[told.lineno - 1] = line[: told.target.end_col_offset] + line[told.annotation.end_col_offset :]
    inner = [node for node in nodes if isinstance(node, ast.FunctionDef)]
    for node in sorted(inner, key=lambda node: -node.lineno):
        names = ", ".join(argument.arg for argument in node.args.args)
        head = f"{' ' * node.col_offset}def {node.name}({names}):"
        lines[node.lineno - 1 : node.body[0].lineno - 1] = [head]
    return lines
