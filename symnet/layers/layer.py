"""What a layer is: a frozen record of its options that states its equations, as text.

A kind of layer is one file with a class that derives from `Layer`, its options as fields, and a method
`stated`; `LAYER = TheClass` makes it known. What the text calls X, W, b, Z is renamed for the place where the
layer stands: in layer 2 they are the output of what comes before, W2, b2, Z2.

A layer that is made of other layers derives from `Block` and says which.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf, isfinite
from typing import ClassVar

from sympy import Expr

from symnet.equations.program import Equation
from symnet.errors import SpecError
from symnet.index.symbols import GIVEN_ROLES, Role, Size, Tensor
from symnet.registry import instance, instantiate, is_name, parsed
from symnet.sizes import Sizes


@dataclass(frozen=True, slots=True)
class Stated:
    """The equations of a layer as the layer states them.

    `text` declares the layer's inputs, in the order of its sources, and its parameters; the last equation's
    tensor is the output unless `output` names another. Where the layer does something else once it is trained
    (dropout, batch normalization), `inference` is the text that holds then.
    """

    text: str
    sizes: Mapping[str, int | str | Expr] = field(default_factory=dict)  # of its own: a number, or a name
    settings: Mapping[str, float] = field(default_factory=dict)  # hyperparameters, put in as numbers
    words: Mapping[str, str] = field(default_factory=dict)  # what an equation says, by its tensor
    activation: str = ""  # applied to the output Z, which gives A
    activation_settings: Mapping[str, float] = field(default_factory=dict)
    output: str = ""
    inference: str = ""
    keeps_names: bool = False  # parameters and tensors are called what the text calls them


@dataclass(frozen=True, slots=True)
class Part:
    """What a layer adds to a network's program: the tensors that it needs from outside, its equations, its
    tensors by their names in its text, and its output.
    """

    given: tuple[Tensor, ...]
    equations: tuple[Equation, ...]
    own: Mapping[str, Tensor]
    output: Tensor
    differs: bool = False  # once it is trained


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What every layer may be told.

    `inputs` names where it reads: inputs of the network and layers, the one before unless given. `tie` makes
    its parameters those of another layer (`{"W": "embed.E"}`), `frozen` keeps them as they are.
    """

    FORMULA: ClassVar[str]  # as a list of layers shows it
    WORDS: ClassVar[str]
    NAMED: ClassVar[tuple[str, ...]] = ()
    """Options that name a further tensor which the layer reads, such as a mask, after its inputs."""

    name: str = ""
    inputs: Sequence[str] = ()
    tie: Mapping[str, str] = field(default_factory=dict)
    frozen: bool = False
    l1: float = 0.0
    l2: float = 0.0

    def __post_init__(self) -> None:
        if isinstance(self.inputs, str) or not all(isinstance(name, str) for name in self.inputs):
            raise SpecError(
                f"inputs is {self.inputs!r}", expected='a list of names, such as ["X", "encoder"]'
            )
        if not isinstance(self.tie, Mapping) or not all(isinstance(v, str) for v in self.tie.values()):
            raise SpecError(f"tie is {self.tie!r}", expected='parameters, such as { W = "embed.E" }')
        for option in self.NAMED:
            if not isinstance(getattr(self, option), str):
                raise SpecError(f"{option} is {getattr(self, option)!r}", expected="the name of a tensor")
        flag("frozen", self.frozen)

    @property
    def reads(self) -> tuple[str, ...]:
        """The names of everything that it reads; an empty `inputs` stands for the layer before."""
        return (*self.inputs, *(getattr(self, option) for option in self.NAMED if getattr(self, option)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer(Options):
    """A layer: its options, and its equations."""

    def stated(self, *x: Tensor, known: Sizes) -> Stated:
        """The equations over the inputs `x` (and what `NAMED` options name, after them).

        `known` has the values of the network's sizes. Raises ShapeError and SpecError where the layer cannot
        read them.
        """
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Block(Options):
    """A layer that is made of other layers."""

    def layers(self, prefix: str, sources: Mapping[str, Tensor]) -> tuple[Options, ...]:
        """The layers, in order, each with a name that begins with `prefix` and with its `inputs` named; the
        output of the last one is the block's. `sources` are what the block reads, by name.
        """
        raise NotImplementedError


def part(layer: Layer, suffix: str, x: Sequence[Tensor], sizes: Sizes, training: bool = True) -> Part:
    """The layer's equations over `x`, the names of its tensors ending in `suffix`.

    What it says of sizes goes into `sizes`. Raises SpecError and ShapeError.
    """
    stated = layer.stated(*x, known=sizes)
    text = stated.text if training or not stated.inference else stated.inference
    text += "".join(f"\n{name}: hyperparameter" for name in stated.settings)
    template = parsed(text)
    declared = [tensor.name for tensor in template.of_role(Role.INPUT)]
    if len(declared) != len(x):
        raise SpecError(f"it reads {_inputs(len(declared))}, and is given {_inputs(len(x))}")
    sizes.know(template.values)
    ending = "" if stated.keeps_names else suffix
    made = instance(
        text,
        dict(zip(declared, x, strict=True)),
        stated.settings,
        _own_sizes(stated, ending, sizes),
        sizes,
        ending,
    )
    words = {made.own[name].name: text for name, text in stated.words.items() if name in made.own}
    equations = [replace(e, words=words.get(e.tensor.name, "")) for e in made.equations]
    own = dict(made.own)
    output = own[stated.output] if stated.output else equations[-1].tensor
    if stated.activation:
        active = instantiate(
            "activations", stated.activation, {"Z": output}, stated.activation_settings, sizes, ending
        )
        equations += active.equations
        own |= active.own
        output = equations[-1].tensor
    given = [tensor for tensor in own.values() if tensor.role in GIVEN_ROLES]
    if layer.frozen:
        given = [replace(t, frozen=True) if t.role == Role.PARAMETER else t for t in given]
    return Part(tuple(given), tuple(equations), own, output, bool(stated.inference))


def _own_sizes(stated: Stated, suffix: str, sizes: Sizes) -> dict[Expr, Expr]:
    """The sizes that a layer has of its own: H becomes H2 with its value, or what a person called it."""
    found: dict[Expr, Expr] = {}
    for name, size in stated.sizes.items():
        if isinstance(size, str):
            sizes.named.add(size)
            found[Size(name)] = Size(size)
        elif isinstance(size, int):
            sizes.know({name + suffix: size})
            found[Size(name)] = Size(name + suffix)
        else:
            found[Size(name)] = size
    return found


def _inputs(count: int) -> str:
    return "1 input" if count == 1 else f"{count} inputs"


def flag(name: str, value: object) -> None:
    """Raises SpecError unless `value` is true or false."""
    if not isinstance(value, bool):
        raise SpecError(f"{name} is {value!r}", expected="true or false")


def whole(name: str, value: object, least: int = 1) -> None:
    """Raises SpecError unless `value` is a whole number from `least` on."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= 2**31:
        kind = {0: "a whole number that is not negative", 1: "a positive whole number"}[least]
        raise SpecError(f"{name} is {value!r}", expected=f"{kind}, not above 2**31")


def size(name: str, value: object) -> None:
    """Raises SpecError unless `value` says how large an axis is: a positive whole number, or a name."""
    if not is_name(value) and not isinstance(value, Expr):
        if isinstance(value, str):
            raise SpecError(f"{name} is {value!r}", expected="a positive whole number, or the name of a size")
        whole(name, value)


def number(name: str, value: object, low: float = -inf, high: float = inf) -> None:
    """Raises SpecError unless `value` is a finite number from `low` to `high`."""
    real = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
    if not real or not low <= value <= high:  # type: ignore[operator]
        limits = f" from {low}" * isfinite(low) + f" to {high}" * isfinite(high)
        raise SpecError(f"{name} is {value!r}", expected=f"a number{limits}")


def at_least(count: int, x: Sequence[Tensor]) -> None:
    """Raises SpecError where a layer has fewer than `count` inputs."""
    if len(x) < count:
        raise SpecError(
            f"it is given {_inputs(len(x))}", expected=f'at least {count}, such as inputs = ["X", "Y"]'
        )


class Sample:
    """A network of one layer to try it on: the layer, and the shape of each of its inputs, in order.

    What tests and galleries over the catalogue draw from. An input without a name in the layer is X.
    """

    def __init__(self, layer: Options, *shapes: object) -> None:
        names = layer.reads or ("X",)
        self.layer = layer
        self.inputs: dict[str, object] = dict(zip(names, shapes, strict=True))
