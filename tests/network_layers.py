"""What each kind of layer may be told in a network that is drawn, by what it reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from symnet.graph import Graph
from symnet.index.symbols import Role
from symnet.registry import layer_kinds, members

Table = dict[str, Any]
Shape = tuple[int | str, ...]
"""Numbers, and names of sizes that stay open."""

ACTIVATIONS = [name for name in members("activations") if name != "sign"]  # nothing is derived through sign
OWN_SETTINGS = {"hardtanh": {"low": -0.6, "high": 0.7}}
GATED, SHARES = ("glu", "swiglu", "geglu"), ("softmax", "log_softmax")
EQUATIONS = (
    "X: input[N, D]\n{w}: parameter[D]\n{s}[n,i] = sin({w}[i]*X[n,i])",
    "X: input[N, D]\n{w}: parameter[D, D]\n{s}[n,i] = X[n,i]*tanh(sum({w}[i,j]*X[n,j], j))",
    "X: input[N, D]\n{s}[n,i] = X[n,i]/(1 + logsumexp(X[n,j], j)**2)",
)


class Growing:
    """A network while it is drawn: its specification, and a graph that knows the shape of every output."""

    def __init__(self) -> None:
        self.document: Table = {"network": {}, "inputs": {}, "targets": {}, "layers": [], "losses": []}
        self.graph = Graph()
        self.shapes: dict[str, Shape] = {}
        self.unread: list[str] = []
        self.learns = False

    def given(self, section: str, shape: Sequence[int | str], integer: bool = False) -> str:
        """Another input or target; its name."""
        name = f"{section[0].upper()}{len(self.document[section]) + 1}"
        shape = [e if isinstance(e, int) or e.isidentifier() else f"{name}_{k}" for k, e in enumerate(shape)]
        said = {"shape": [*shape], "integer": True} if integer else [*shape]
        self.document[section][name] = said
        if section == "inputs":
            self.graph.declare(name, said, Role.INPUT)
        return name

    def source(self, shape: Sequence[int | str], integer: bool = False) -> str:
        """Another input that layers may read."""
        return self.appear(self.given("inputs", shape, integer))

    def withdraw(self, name: str) -> None:
        """Takes back an input that is of no use."""
        self.unread.remove(name)
        for known in (self.document["inputs"], self.graph.tensors, self.graph.outputs, self.shapes):
            del known[name]

    def add(self, kind: str, options: Table) -> str:
        """Another layer; the name of its output."""
        name = f"{kind}_{len(self.document['layers']) + 1}"
        table = {"kind": kind, "name": name, **options}
        self.document["layers"].append(table)
        layer = layer_kinds()[kind](**{key: value for key, value in table.items() if key != "kind"})
        before = set(self.graph.tensors)
        self.graph.add(layer)
        new = [self.graph.tensors[n] for n in set(self.graph.tensors) - before]
        self.learns = self.learns or any(t.role == Role.PARAMETER and not t.frozen for t in new)
        self.unread = [other for other in self.unread if other not in layer.reads]
        return self.appear(name)

    def appear(self, name: str) -> str:
        """An input or an output, which may be read from now on."""
        tensor = self.graph.output(name)
        self.shapes[name] = self.shape(tensor.shape)
        self.unread.append(name)
        return name

    def shape(self, extents: Sequence[Any]) -> Shape:
        """The sizes as numbers where they are known."""
        sizes = self.graph.sizes
        return tuple(sizes.value(extent) or str(sizes.resolve(extent)) for extent in extents)

    def matrices(self, kind: str, parameter: str) -> Mapping[str, Shape]:
        """The parameters of that name of all layers of a kind, as a tie names them."""
        names = [table["name"] for table in self.document["layers"] if table["kind"] == kind]
        found = {name: self.graph.own[name][parameter] for name in names if parameter in self.graph.own[name]}
        return {f"{name}.{parameter}": self.shape(tensor.shape) for name, tensor in found.items()}


@dataclass(frozen=True)
class Source:
    """What a layer is about to read."""

    network: Growing
    name: str
    shape: Shape = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", self.network.shapes[self.name])

    @property
    def integer(self) -> bool:
        return self.network.graph.output(self.name).integer

    @property
    def width(self) -> int:
        """How many numbers a row has."""
        assert isinstance(self.shape[-1], int)
        return self.shape[-1]

    @property
    def places(self) -> Shape:
        return self.shape[1:-1]

    @property
    def known(self) -> bool:
        """Whether all sizes but the number of samples are numbers."""
        return all(isinstance(extent, int) for extent in self.shape[1:])

    def like(self, fits: Callable[[Shape], bool]) -> list[str]:
        """The outputs of numbers whose shape fits."""
        outputs = self.network.graph.output
        return [
            name for name, shape in self.network.shapes.items() if fits(shape) and not outputs(name).integer
        ]


Options = Callable[[DrawFn, Source], Table]
LAYERS: dict[str, tuple[Callable[[Source], bool], Options]] = {}
"""For each kind of layer, what it can read and how its options are drawn; `inputs` is what was to be read,
unless they say more.
"""


def layer(fits: Callable[[Source], bool]) -> Callable[[Options], Options]:
    """Registers the options of a kind of layer by the name of the function."""

    def register(options: Options) -> Options:
        LAYERS[options.__name__.strip("_")] = (fits, options)
        return options

    return register


def rows(x: Source) -> bool:
    return not x.integer and len(x.shape) <= 4


def sequence(x: Source) -> bool:
    return not x.integer and len(x.shape) == 3


def spatial(x: Source) -> bool:
    return not x.integer and 3 <= len(x.shape) <= 5


# options that several layers have


def units(draw: DrawFn) -> int:
    return draw(st.integers(1, 4))


def flag(draw: DrawFn) -> bool:
    return draw(st.booleans())


def each(draw: DrawFn, axes: int, least: int, most: int) -> Any:
    """One number for all axes, or one for each."""
    numbers = st.integers(least, most)
    return draw(st.one_of(numbers, st.lists(numbers, min_size=axes, max_size=axes)))


def numbers(value: Any, axes: int) -> list[int]:
    return list(value) if isinstance(value, list) else [value] * axes


def plain(value: list[int]) -> Any:
    """One number where all are the same."""
    return value[0] if len(set(value)) == 1 else value


def activation(draw: DrawFn, **options: Any) -> Table:
    """An activation, now and then with other settings than its own."""
    name = draw(st.sampled_from(ACTIVATIONS))
    if name in SHARES:
        options = {
            key: 2 * value if key in ("units", "channels") else value for key, value in options.items()
        }
    known = members("activations")[name].settings
    if known and flag(draw):
        options["settings"] = OWN_SETTINGS.get(name) or {
            key: draw(st.sampled_from([0.3, 0.75])) for key in known
        }
    return {"activation": name, **options}


def penalties(draw: DrawFn) -> Table:
    return draw(st.sampled_from([{}, {}, {}, {"l1": 0.01}, {"l2": 0.1}, {"frozen": True}]))


def divisor(draw: DrawFn, number: int) -> int:
    return draw(st.sampled_from([d for d in range(1, number + 1) if number % d == 0]))


def mask(draw: DrawFn, network: Growing, *shape: int | str) -> Table:
    return {"mask": network.given("inputs", shape)} if draw(st.integers(0, 3)) == 0 else {}


# layers over rows


@layer(rows)
def dense(draw: DrawFn, x: Source) -> Table:
    table = activation(draw, units=units(draw)) | penalties(draw)
    kind = draw(
        st.sampled_from([{}, {}, {"bias": False}, {"augmented": True}, {"transposed": True}, {"tie": {}}])
    )
    if kind != {"tie": {}}:
        return table | kind
    of_dense, of_tokens = x.network.matrices("dense", "W"), x.network.matrices("embedding", "E")
    fitting = [(name, shape[1], False) for name, shape in of_dense.items() if shape[0] == x.width]
    fitting += [(name, shape[0], True) for name, shape in of_tokens.items() if shape[1] == x.width]
    if not fitting:
        return table
    name, many, transposed = draw(st.sampled_from(fitting))
    return {
        "units": many,
        "transposed": transposed,
        "tie": {"W": name},
        "activation": draw(st.sampled_from(["linear", "tanh", "relu"])),
    }


@layer(lambda x: rows(x) and x.shape[-1] != 1)
def _activation(draw: DrawFn, x: Source) -> Table:
    table = activation(draw)
    return table if x.width % 2 == 0 or table["activation"] not in GATED else {"activation": "tanh"}


@layer(rows)
def add(draw: DrawFn, x: Source) -> Table:
    others = x.like(lambda shape: shape == x.shape)
    return {"inputs": [x.name, *draw(st.lists(st.sampled_from(others), min_size=1, max_size=2))]}


@layer(rows)
def multiply(draw: DrawFn, x: Source) -> Table:
    return {"inputs": [x.name, draw(st.sampled_from(x.like(lambda shape: shape == x.shape)))]}


@layer(rows)
def concatenate(draw: DrawFn, x: Source) -> Table:
    beside = x.like(lambda shape: shape[:-1] == x.shape[:-1])
    return {
        "inputs": draw(
            st.permutations([x.name, *draw(st.lists(st.sampled_from(beside), min_size=1, max_size=2))])
        )
    }


@layer(rows)
def bilinear(draw: DrawFn, x: Source) -> Table:
    beside = x.like(lambda shape: shape[:-1] == x.shape[:-1])
    return {
        "units": units(draw),
        "bias": flag(draw),
        "inputs": [x.name, draw(st.sampled_from(beside))],
    } | penalties(draw)


@layer(rows)
def dropout(draw: DrawFn, x: Source) -> Table:
    return {"rate": draw(st.sampled_from([0.0, 0.25, 0.5]))}


@layer(rows)
def equations(draw: DrawFn, x: Source) -> Table:
    number = len(x.network.document["layers"])
    return {"text": draw(st.sampled_from(EQUATIONS)).format(w=f"w_{number}", s=f"S_{number}")}


@layer(rows)
def feed_forward(draw: DrawFn, x: Source) -> Table:
    return activation(draw, units=units(draw), bias=flag(draw)) | penalties(draw)


@layer(rows)
def highway(draw: DrawFn, x: Source) -> Table:
    table = activation(draw)
    return {"activation": "elu"} if table["activation"] in (*GATED, *SHARES) else table


@layer(rows)
def mixture(draw: DrawFn, x: Source) -> Table:
    return activation(draw, units=units(draw), experts=draw(st.integers(1, 3)))


# normalizations: of one number nothing is left, so that there are two at least


@layer(lambda x: rows(x) and x.shape[-1] != 1)
def layer_norm(draw: DrawFn, x: Source) -> Table:
    return {"affine": flag(draw), "eps": draw(st.sampled_from([0.1, 0.5]))}


@layer(rows)
def rms_norm(draw: DrawFn, x: Source) -> Table:
    return {"affine": flag(draw), "eps": draw(st.sampled_from([0.1, 0.5]))}


@layer(rows)
def batch_norm(draw: DrawFn, x: Source) -> Table:
    return {"affine": flag(draw), "momentum": draw(st.sampled_from([0.1, 0.5])), "eps": 0.1}


@layer(lambda x: rows(x) and x.width > 1)
def group_norm(draw: DrawFn, x: Source) -> Table:
    return {
        "groups": draw(st.sampled_from([d for d in range(1, x.width) if x.width % d == 0])),
        "affine": flag(draw),
    }


@layer(lambda x: spatial(x) and x.places != (1,) * len(x.places))
def instance_norm(draw: DrawFn, x: Source) -> Table:
    return {"affine": flag(draw), "eps": draw(st.sampled_from([0.1, 0.5]))}


# layers over sequences


def recurrent(draw: DrawFn, x: Source) -> Table:
    table = {"units": units(draw), "sequence": flag(draw), "reverse": flag(draw), "bias": flag(draw)}
    table |= {"truncate": draw(st.sampled_from([0, 0, 0, 1, 2]))} | penalties(draw)
    table |= mask(draw, x.network, *x.shape[:2]) | {"inputs": [x.name]}
    states = x.like(lambda shape: shape[0] == x.shape[0] and len(shape) == 2)
    if states and flag(draw):
        state = draw(st.sampled_from(states))
        table |= {"units": x.network.shapes[state][1], "initial": state}
    return table


@layer(sequence)
def rnn(draw: DrawFn, x: Source) -> Table:
    return recurrent(draw, x) | {"activation": draw(st.sampled_from(["tanh", "relu", "sigmoid"]))}


@layer(sequence)
def lstm(draw: DrawFn, x: Source) -> Table:
    return recurrent(draw, x)


@layer(sequence)
def gru(draw: DrawFn, x: Source) -> Table:
    return recurrent(draw, x)


@layer(sequence)
def bidirectional(draw: DrawFn, x: Source) -> Table:
    table = {"units": draw(st.integers(1, 2)), "cell": draw(st.sampled_from(["rnn", "lstm", "gru"]))}
    table |= {"sequence": flag(draw), "bias": flag(draw), "inputs": [x.name]} | penalties(draw)
    return table | mask(draw, x.network, *x.shape[:2])


def heads(draw: DrawFn, x: Source, units: int | None) -> Table:
    """Heads into which the features fall, and groups into which the heads fall."""
    count = draw(st.integers(1, 3)) if units else divisor(draw, x.width)
    table = {"heads": count} | ({"groups": divisor(draw, count)} if flag(draw) else {})
    return table | {"rotary": (units or x.width // count) % 2 == 0 and flag(draw)}


@layer(sequence)
def attention(draw: DrawFn, x: Source) -> Table:
    own = draw(st.sampled_from([None, 1, 2]))
    table = heads(draw, x, own) | ({"units": own} if own else {}) | {"causal": flag(draw), "bias": flag(draw)}
    memories = [x.name, *x.like(lambda shape: len(shape) == 3 and shape[0] == x.shape[0])]
    memory = draw(st.sampled_from(memories))
    table["inputs"] = [x.name] if memory == x.name else [x.name, memory]
    return table | mask(draw, x.network, *x.network.shapes[memory][:2]) | penalties(draw)


@layer(sequence)
def dot_product_attention(draw: DrawFn, x: Source) -> Table:
    keys = draw(
        st.sampled_from(
            x.like(lambda shape: len(shape) == 3 and shape[0] == x.shape[0] and shape[2] == x.shape[2])
        )
    )
    span = x.network.shapes[keys][:2]
    values = draw(st.sampled_from(x.like(lambda shape: len(shape) == 3 and shape[:2] == span)))
    return {"causal": flag(draw), "inputs": [x.name, keys, values]} | mask(draw, x.network, *span)


@layer(sequence)
def transformer_block(draw: DrawFn, x: Source) -> Table:
    table = activation(draw, units=units(draw), order=draw(st.sampled_from(["pre", "post"])))
    table.pop("settings", None)
    table |= heads(draw, x, None) | {
        "norm": draw(st.sampled_from(["layer", "rms"])) if x.width > 1 else "rms"
    }
    table |= {"causal": flag(draw), "bias": flag(draw), "dropout": draw(st.sampled_from([0.0, 0.0, 0.2]))}
    return table | {"inputs": [x.name]} | mask(draw, x.network, *x.shape[:2])


@layer(sequence)
def position(draw: DrawFn, x: Source) -> Table:
    forms = ["learned", "sinusoidal", "rotary"] if x.width % 2 == 0 else ["learned"]
    return {"form": draw(st.sampled_from(forms))}


# layers over places


def small(x: Source) -> bool:
    """Whether plain loops can afford a window over it."""
    return spatial(x) and len(x.places) <= 2


def kernels(draw: DrawFn, x: Source) -> tuple[Table, list[int]]:
    """A kernel with its dilation that fits on every axis, and how far it reaches."""
    axes = len(x.places)
    spans = [extent if isinstance(extent, int) else 3 for extent in x.places]
    kernel = [draw(st.integers(1, min(3, span))) for span in spans]
    dilation = [
        draw(st.integers(1, 2)) if 2 * (k - 1) < span else 1 for k, span in zip(kernel, spans, strict=True)
    ]
    reach = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    table = {"kernel": plain(kernel), "stride": each(draw, axes, 1, 2)}
    return table | {"dilation": plain(dilation)}, reach


@layer(small)
def conv(draw: DrawFn, x: Source) -> Table:
    table, _ = kernels(draw, x)
    same = x.known or set(numbers(table["stride"], 2)) == {1}
    table["padding"] = draw(st.sampled_from(["valid", "same"] if same else ["valid"]) | st.integers(0, 1))
    groups = divisor(draw, x.width)
    return activation(
        draw, **table, groups=groups, channels=groups * draw(st.integers(1, 2)), bias=flag(draw)
    ) | penalties(draw)


@layer(lambda x: small(x) and x.known)
def conv_transposed(draw: DrawFn, x: Source) -> Table:
    table, reach = kernels(draw, x)
    strides = numbers(table["stride"], len(reach))
    sizes = [s * (extent - 1) + r for s, extent, r in zip(strides, x.places, reach, strict=True)]
    table["padding"] = draw(st.integers(0, min(1, min(size - 1 for size in sizes) // 2)))
    return activation(draw, **table, channels=draw(st.integers(1, 2)), bias=flag(draw)) | penalties(draw)


@layer(small)
def pool(draw: DrawFn, x: Source) -> Table:
    window = [draw(st.integers(1, min(3, e if isinstance(e, int) else 3))) for e in x.places]
    table = {"window": plain(window), "pooling": draw(st.sampled_from(["max", "average"]))}
    if flag(draw):
        table["stride"] = each(draw, len(window), 1, 2)
    same = x.known or set(numbers(table.get("stride", window), len(window))) == {1}
    paddings = ["valid", "same"] if same else ["valid"]
    return table | {"padding": draw(st.sampled_from(paddings + [1] * (min(window) > 1)))}


@layer(spatial)
def global_pool(draw: DrawFn, x: Source) -> Table:
    return {"pooling": draw(st.sampled_from(["max", "average"]))}


@layer(lambda x: small(x) and x.known)
def upsample(draw: DrawFn, x: Source) -> Table:
    return {"factor": each(draw, len(x.places), 1, 2), "form": draw(st.sampled_from(["nearest", "linear"]))}


# the axes of a sample


@layer(lambda x: not x.integer and x.known)
def flatten(draw: DrawFn, x: Source) -> Table:
    return {}


@layer(lambda x: not x.integer and x.known)
def reshape(draw: DrawFn, x: Source) -> Table:
    rest, shape = prod(x.shape[1:]), []  # type: ignore[type-var]
    for _ in range(draw(st.integers(0, 2))):
        shape.append(divisor(draw, rest))
        rest //= shape[-1]
    return {"shape": [*shape, rest]}


@layer(lambda x: not x.integer and len(x.shape) > 2 and x.known)
def transpose(draw: DrawFn, x: Source) -> Table:
    return {"axes": draw(st.permutations(range(1, len(x.shape))))}


@layer(lambda x: x.integer)
def embedding(draw: DrawFn, x: Source) -> Table:
    return {"tokens": draw(st.integers(2, 4)), "units": units(draw)} | penalties(draw)
