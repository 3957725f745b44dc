"""Every sample of every layer, as a network of that one layer behind a loss that sees each output."""

from __future__ import annotations

from oracle import Arrays, random_arrays

from symnet.discovery import modules
from symnet.equations.program import Program
from symnet.graph import Graph, Loss
from symnet.index.symbols import Role
from symnet.layers.layer import Sample
from symnet.network import Network

SIZES = {"N": 2, "T": 3, "S": 4}
"""The sizes that samples leave open."""


def every_sample() -> dict[str, Sample]:
    """Every sample by a name: the layer's kind and a number."""
    return {
        f"{kind}-{number}": sample
        for kind, module in modules("symnet.layers").items()
        for number, sample in enumerate(getattr(module, "SAMPLES", ()))
    }


def network_of(sample: Sample, loss: str = "sse") -> Network:
    """The layer behind a loss, with a target of the shape that it gives."""
    graph = Graph()
    for name, shape in sample.inputs.items():
        graph.declare(name, shape, Role.INPUT)
    graph.add(sample.layer)
    output = graph.output(graph.last)
    shape = tuple(graph.sizes.value(size) or str(size) for size in output.shape)
    return Network(
        inputs=sample.inputs,
        targets={"Y": shape},
        layers=[sample.layer],
        losses=[Loss(loss)],
        name="sample",
    )


def arrays_of(sample: Sample, program: Program, sizes: dict[str, int]) -> Arrays:
    """Random arrays; a mask is 0 and 1, and 1 at the first position, so that there is something to see."""
    arrays = random_arrays(program, sizes)
    for name in masks(sample):
        arrays[name] = (arrays[name] > 0).astype(float)
        arrays[name][:, 0] = 1.0
    return arrays


def masks(sample: Sample) -> set[str]:
    """The names of the inputs that are masks."""
    return {getattr(sample.layer, option) for option in sample.layer.NAMED} - {""}


def smooth_inputs(sample: Sample) -> list[str]:
    """The inputs that a gradient can be taken with respect to: numbers, and no masks."""
    whole = {name for name, shape in sample.inputs.items() if isinstance(shape, dict)}
    return [name for name in sample.inputs if name not in masks(sample) | whole]
