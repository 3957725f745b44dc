"""The layers of a network as a Mermaid flowchart, for Markdown that shows no SVG: what each layer reads, its
parameters, and the shape of what it gives.
"""

from __future__ import annotations

from symnet.documents.figures.network import Layer, layers_of, shape_words
from symnet.equations.program import Program
from symnet.messages import Language

MOST = 60
"""A chart of more layers is too long to be read."""


def mermaid(program: Program, language: Language) -> str:
    """The flowchart; empty where the program has no layers, or too many."""
    layers = layers_of(program)
    if not 2 <= len(layers) <= MOST:
        return ""
    lines = ["flowchart LR"]
    for number, layer in enumerate(layers):
        left, right = ("([", "])") if layer.kind == "input" else ("[", "]")
        lines.append(f'  n{number}{left}"{_label(program, layer, language)}"{right}')
    for number, layer in enumerate(layers):
        lines += [f"  n{source} --> n{number}" for source in layer.sources]
        lines += [f"  n{number} --> n{number}"] if layer.recurs else []
        lines += [f"  n{owner} -. {tensor.name} .- n{number}" for owner, tensor in layer.shared]
    return "\n".join(lines)


def _label(program: Program, layer: Layer, language: Language) -> str:
    """Names are letters, digits and underscores: nothing in them is Mermaid's."""
    own = ", ".join(tensor.name for tensor in layer.parameters)
    given = f"{layer.gives.name}: {shape_words(program, layer.gives)}"
    return "<br>".join(
        filter(None, (language.all_of(layer.name) if layer.kind != "input" else "", own, given))
    )
