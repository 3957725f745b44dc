"""A Jupyter notebook: each section a cell of Markdown. What is run in it is put in by `symnet.notebooks`,
which knows the network.

A cell has the anchor of its section for its id, so that the same document is the same file.
"""

from __future__ import annotations

import json
import re
from typing import Any

from symnet.documents.markdown.blocks import Dialect, Writer, escape, formula
from symnet.documents.outline import Document, Figure
from symnet.documents.typeset import Node

NAME, SUFFIX, WORDS = "notebook", ".ipynb", "a Jupyter notebook, which has been run"
EXTRA = "notebook"
"""What it is run with."""

Cell = dict[str, Any]
LONGEST = 64
"""So many characters has an id, at most."""


def write(document: Document) -> str:
    """The document as a notebook without code."""
    writer = Writer(JUPYTER, document.language)
    cells = [markdown("title", writer.title(document))]
    cells += [markdown(section.anchor, writer.section(section)) for section in document.sections]
    return text_of([*cells, markdown("written-by", writer.told(document))])


def markdown(name: str, text: str) -> Cell:
    """A cell of words."""
    lines = text.splitlines(keepends=True)
    return {"cell_type": "markdown", "id": _id(name), "metadata": {}, "source": lines}


def code(name: str, text: str) -> Cell:
    """A cell of Python that has not been run."""
    cell = markdown(name, text)
    return cell | {"cell_type": "code", "execution_count": None, "outputs": []}


def text_of(cells: list[Cell]) -> str:
    """A notebook of these cells, in version 4.5 of its format."""
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    content = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _id(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "-", name)[:LONGEST]


def _inline(node: Node) -> str:
    return f"${formula(node)}$"


def _display(body: str) -> str:
    return f"$$\n{body}\n$$"


def _figure(figure: Figure) -> str:
    """The network is drawn by the code that comes next."""
    return f"*{escape(figure.caption)}.*" if figure.mermaid else ""


JUPYTER = Dialect(_inline, _display, _figure)
