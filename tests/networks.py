"""What Hypothesis draws: networks of layers, as specifications.

A network grows layer by layer. Each layer reads an output that is there, mostly the last one;
`network_layers.py` says which outputs a kind of layer can read, and draws its options. Every output that no
layer reads goes into a loss, so that all that is learned counts. Drawn networks are well formed: an error in one
is a bug.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from network_layers import LAYERS, Growing, Source, Table, flag

from symnet.index.symbols import Role
from symnet.registry import member, members, slots

BEFORE = {
    "bce": "sigmoid",
    "dice": "sigmoid",
    "nll": "log_softmax",
    "kl_div": "log_softmax",
    "gaussian_nll": "softplus",
}
"""What stands before a loss that takes its inputs for probabilities, their logarithms, or variances."""
COMPARING = {"cosine", "nll", "kl_div"} | {n for n, f in members("losses").items() if f.output == "softmax"}
"""The losses that compare the numbers of a row with each other: of one number nothing but rounding is left."""


FORMS = {
    "rows": ("N", "d"),
    "sequence": ("N", "t", "d"),
    "image": ("N", "p", "p", "c"),
    "volume": ("N", "v", "v", "v", "c"),
    "tokens": ("N", "t"),
}
"""The shapes of inputs, in letters for the sizes that are drawn."""


def begin(draw: DrawFn, network: Growing, forms: Sequence[str] = tuple(FORMS)) -> str:
    """An input: rows, rows one after another, an image, a volume, or tokens."""
    form = draw(st.sampled_from(forms))
    sizes = {
        "N": st.just("N"),
        "t": st.just(draw(st.sampled_from(["T", 3, 4]))),
        "d": st.integers(1, 4),
        "p": st.integers(3, 5),
        "v": st.integers(1, 3),
        "c": st.integers(1, 2),
    }
    return network.source([draw(sizes[letter]) for letter in FORMS[form]], integer=form == "tokens")


AMPLE = [("N", 4), ("N", "T", 4), ("N", 4, 2), ("N", 4, 3, 2), ("N", "T")]
"""The shapes of inputs that every kind of layer finds one among; the last one is of tokens."""


def possible(network: Growing, fits: Callable[[Source], bool]) -> list[Callable[[], str]]:
    """How to begin with an input that a layer can read."""
    found = []
    for shape in AMPLE:
        new = partial(network.source, shape, shape is AMPLE[-1])
        name = new()
        if fits(Source(network, name)):
            found.append(new)
        network.withdraw(name)
    return found


def grow(draw: DrawFn, network: Growing) -> None:
    """One more layer, of any kind: over an output that it can read, mostly the last one, or over a new input."""
    kind = draw(st.sampled_from([*LAYERS]))
    fits, options = LAYERS[kind]
    fitting = [name for name in network.shapes if fits(Source(network, name))]
    if not fitting:
        fitting = [draw(st.sampled_from(possible(network, fits)))()]
    last = fitting[-1]
    x = Source(network, draw(st.sampled_from([last, last, last, *fitting])))
    network.add(kind, {"inputs": [x.name], **options(draw, x)})


def conclude(draw: DrawFn, network: Growing) -> None:
    """A loss over each output that nothing has read yet."""
    many = len(network.unread) > 1
    for number, output in enumerate([*network.unread], start=1):
        if network.graph.output(output).integer:
            output = network.add("embedding", {"tokens": 3, "units": 2, "inputs": [output]})
        table = lose(draw, network, output)
        if many:
            table |= {"weight": draw(st.sampled_from([0.5, 1, 2])), "name": f"term{number}"}
        network.document["losses"].append(table)


def lose(draw: DrawFn, network: Growing, output: str) -> Table:
    """A loss over `output`, or over dense layers that read it; its targets are new."""
    kind = draw(st.sampled_from([*members("losses")]))
    wanted = slots("losses", member("losses", kind))
    inputs = [slot.name for slot in wanted if slot.role == Role.INPUT]
    *lead, width = network.shapes[output]
    if len(inputs) == 1 and network.learns and suits(kind, network, output) and flag(draw):
        reads = {inputs[0]: output}
    else:
        width = draw(st.integers(2 if kind in COMPARING else 1, 3))
        head = {"units": width, "activation": BEFORE.get(kind, "linear"), "inputs": [output]}
        reads = {name: network.add("dense", head) for name in inputs}
    sizes = {"N": lead, "K": [width]}
    for target in wanted[len(inputs) :]:
        shape = [extent for letter in target.shape for extent in sizes[str(letter)]]
        reads[target.name] = network.given("targets", shape, target.integer)
    return {"kind": kind, "reads": reads}


def suits(kind: str, network: Growing, output: str) -> bool:
    """Whether a loss may read an output as it is."""
    applied = network.graph.applied.get(network.graph.output(output).name)
    alone = kind in COMPARING and network.shapes[output][-1] == 1
    return kind not in BEFORE and not alone and applied != (member("losses", kind).output or None)


def train(draw: DrawFn) -> Table:
    """An optimizer, and how it is led."""
    table: Table = {"optimizer": draw(st.sampled_from([*members("optimizers")]))}
    table["schedule"] = draw(st.sampled_from([*members("schedules")]))
    table |= draw(
        st.fixed_dictionaries(
            {}, optional={"warmup": st.just(3), "clip_norm": st.just(0.5), "clip_value": st.just(0.1)}
        )
    )
    return table


@st.composite
def networks(draw: DrawFn, most: int = 4) -> Table:
    """The document of a specification, of up to `most` layers and what its losses need."""
    network = Growing()
    if draw(st.booleans()):
        begin(draw, network)
    for _ in range(draw(st.integers(1, most))):
        grow(draw, network)
    conclude(draw, network)
    penalties = draw(st.sampled_from([{}, {}, {"l1": 0.01}, {"l2": 0.01}, {"l1": 0.02, "l2": 0.1}]))
    return network.document | {"regularization": penalties, "training": train(draw)}


# TOML


def toml(document: Table) -> str:
    """The document as the text of a specification."""
    lines: list[str] = []
    for section, content in document.items():
        for table in content if isinstance(content, list) else [content]:
            lines.append(f"[[{section}]]" if isinstance(content, list) else f"[{section}]")
            flat = {k: v for k, v in table.items() if k != "settings"} | table.get("settings", {})
            lines += [f"{key} = {value(entry)}" for key, entry in flat.items()]
            lines.append("")
    return "\n".join(lines)


def value(entry: Any) -> str:
    """A value of TOML on one line."""
    if isinstance(entry, dict):
        return "{" + ", ".join(f'"{key}" = {value(part)}' for key, part in entry.items()) + "}"
    if isinstance(entry, list | tuple):
        return "[" + ", ".join(map(value, entry)) + "]"
    return json.dumps(entry)
