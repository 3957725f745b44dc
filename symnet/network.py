"""A network: layers, a loss and regularizers, put together to one program of index equations.

The tensors of layer k are Wk, bk, Zk and Ak, or W_name and so on where the layer has a name; the loss is L.
Sizes are symbols (N, D, H1, H2, ...), and what is known of them stands beside the program: one derivation
serves every size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sympy import Add, Expr

from symnet.equations.check import check
from symnet.equations.declarations import RESERVED
from symnet.equations.parse import parse_program
from symnet.equations.program import Equation, Program, reads
from symnet.errors import ShapeError, SpecError, placed
from symnet.index.symbols import Role, Size, Tensor
from symnet.layers.part import Layer
from symnet.registry import instantiate, is_name, layer_kinds, member, settings_of

Shape = Sequence[int | str]
LOSS = "L"


@dataclass(frozen=True, slots=True)
class Training:
    """How a network is trained: the optimizer with its settings, and how long."""

    optimizer: str = "sgd"
    settings: Mapping[str, float] = field(default_factory=dict)
    epochs: int = 1000
    batch_size: int | None = None  # all samples at once, unless given
    seed: int = 0


@dataclass(frozen=True)
class Network:
    """A network as it is stated: its inputs and targets with their shapes, its layers in order, its loss.

    `equations` is a whole program as text in place of layers and loss. `loss_settings` are the loss's own,
    such as delta of huber; `l1` and `l2` penalize the weights of every layer.
    """

    inputs: Mapping[str, Shape] = field(default_factory=dict)
    targets: Mapping[str, Shape] = field(default_factory=dict)
    layers: Sequence[Layer] = ()
    loss: str = ""
    name: str = "network"
    training: Training = Training()
    loss_settings: Mapping[str, float] = field(default_factory=dict)
    l1: float = 0.0
    l2: float = 0.0
    equations: str = ""
    place: str = ""  # the file that it was read from, for errors

    def stated(self) -> tuple[Program, str]:
        """The program, and the name of the tensor that is the prediction (empty where there is none).

        Raises SpecError, ShapeError and EquationError where the network is not one.
        """
        with placed(self.place):
            settings_of("optimizers", self.training.optimizer, self.training.settings, place="training")
            return _from_text(self) if self.equations else _from_layers(self)


def _from_text(network: Network) -> tuple[Program, str]:
    """The program as the user wrote it; the prediction is the last tensor that is computed from an input and
    from no target.
    """
    place = "equations" if network.place else ""
    for what in ("layers", "loss", "inputs", "targets", "l1", "l2", "loss_settings"):
        if getattr(network, what):
            raise SpecError(
                f"a network of equations has {what} too", place=place, expected="one or the other"
            )
    program = parse_program(network.equations, place)
    if LOSS not in program.defining:
        raise SpecError("the equations define no loss", place=place, expected=f"an equation {LOSS} = ...")
    if program.defining[LOSS].tensor.rank:
        raise ShapeError(
            f"the loss {LOSS} has indices", place=place, expected=f"one number, {LOSS} = sum(...)"
        )
    return program, _prediction(program)


def _prediction(program: Program) -> str:
    """The last tensor that is computed from an input and from no target; empty where there is none."""
    roles = {tensor.name: {tensor.role} for tensor in program.tensors.values()}
    found = ""
    for equation in program.equations:
        name = equation.tensor.name
        roles[name] = {role for read in reads(equation.rhs) for role in roles[read] if read != name}
        if Role.INPUT in roles[name] and Role.TARGET not in roles[name] and name != LOSS:
            found = name if equation.tensor.rank and not equation.tensor.integer else found
    return found


def _from_layers(network: Network) -> tuple[Program, str]:
    x, y, values = _ends(network)
    tensors, equations = [x, y], []
    penalties: list[Expr] = []
    suffixes = _suffixes(network.layers)
    current = x
    for number, (layer, suffix) in enumerate(zip(network.layers, suffixes, strict=True), start=1):
        last = number == len(network.layers)
        size = y.shape[-1] if last and isinstance(network.targets[y.name][-1], str) else None
        place = f"layer {number}" + (f" ({layer.name})" if layer.name else "")
        with placed(place):
            part = layer.part(suffix, current, size)
        tensors += part.given
        equations += [
            replace(equation, origin=f"layer {layer.name or number}") for equation in part.equations
        ]
        values = _agreed(values, part.values, place)
        current = part.output
        for weight in part.weights:
            penalties += _penalties(network, layer, weight, place)
    y, values = _meet(network, current, y, values)
    tensors[1] = y
    loss, prediction = _loss(network, current, y, penalties)
    equations += loss
    program = _program(tensors, equations, values)
    check(program)
    return program, prediction


def _ends(network: Network) -> tuple[Tensor, Tensor, dict[str, float]]:
    """The one input and the one target of a chain of layers, and the sizes that are known."""
    for what, given in (("input", network.inputs), ("target", network.targets)):
        if not isinstance(given, Mapping):
            raise SpecError(f"{what}s is {given!r}", place=f"{what}s", expected='{"X": ("N", 2)}')
        if len(given) != 1:
            raise SpecError(
                f"a network of layers has one {what}, and this one has {len(given)}",
                place=f"{what}s",
                expected='X = ["N", 2]',
            )
    if not network.layers:
        raise SpecError("the network is empty", place="layers", expected="at least one layer")
    for number, layer in enumerate(network.layers, start=1):
        if not isinstance(layer, tuple(layer_kinds().values())):
            raise SpecError(f"{layer!r} is no layer", place=f"layer {number}", expected="such as Dense(2)")
    if not network.loss:
        raise SpecError("the loss is missing", place="network", expected='a loss, such as loss = "sse"')
    (x_name, x_shape), (y_name, y_shape) = *network.inputs.items(), *network.targets.items()
    values: dict[str, float] = {}
    x = Tensor(x_name, _sizes(x_name, x_shape, values), Role.INPUT)
    y = Tensor(y_name, _sizes(y_name, y_shape, values, "K"), Role.TARGET)
    return x, y, values


def _sizes(name: str, shape: Shape, values: dict[str, float], letter: str = "D") -> tuple[Expr, ...]:
    """The shape as symbols: a name is itself, a number becomes D (or `letter`) with its value."""
    if not is_name(name):
        raise SpecError(
            f"a tensor is called {name!r}", place=str(name), expected="letters, digits and underscores"
        )
    if name in RESERVED or name == LOSS:
        raise SpecError(f"{name} has a meaning of its own", place=name, expected="another name")
    if isinstance(shape, str) or not isinstance(shape, Sequence) or not shape:
        raise SpecError(f"the shape of {name} is {shape!r}", place=name, expected='sizes, such as ["N", 2]')
    sizes: list[Expr] = []
    for extent in shape:
        if is_name(extent) and extent not in RESERVED:
            sizes.append(Size(extent))
        elif isinstance(extent, int) and not isinstance(extent, bool) and 0 < extent <= 2**31:
            symbol = letter if letter not in values else f"{letter}{len(sizes)}"
            values[symbol] = extent
            sizes.append(Size(symbol))
        else:
            raise SpecError(
                f"{name} has an axis of size {extent!r}",
                place=name,
                expected="a positive whole number or a name",
            )
    return tuple(sizes)


def _suffixes(layers: Sequence[Layer]) -> list[str]:
    """What the names of each layer's tensors end in: its number, or _name."""
    suffixes: list[str] = []
    for number, layer in enumerate(layers, start=1):
        if layer.name != "" and not is_name(layer.name):
            raise SpecError(
                f"a layer is called {layer.name!r}",
                place=f"layer {number}",
                expected="letters, digits and underscores",
            )
        suffix = f"_{layer.name}" if layer.name else str(number)
        if suffix in suffixes:
            raise SpecError(
                f"two layers are called {layer.name}", place=f"layer {number}", expected="a name of its own"
            )
        suffixes.append(suffix)
    return suffixes


def _meet(
    network: Network, output: Tensor, y: Tensor, values: dict[str, float]
) -> tuple[Tensor, dict[str, float]]:
    """The target in the sizes of the output that it is compared with; raises ShapeError where they differ."""
    if output.rank != y.rank:
        raise ShapeError(
            f"{y.name} has {y.rank} axes, and is compared with {output.name}, which has {output.rank}",
            place="targets",
        )
    rest = dict(values)
    for mine, theirs in zip(y.shape, output.shape, strict=True):
        known, wanted = values.get(str(mine)), values.get(str(theirs))
        if mine != theirs and known != wanted:
            raise ShapeError(
                f"{y.name}[n,j] is compared with {output.name}[n,j] for every j, and j runs over "
                f"{known or mine} in {y.name} but over {wanted or theirs} in {output.name}",
                place="targets",
                expected=f"{wanted or theirs} columns in {y.name}, or {known or mine} outputs",
            )
        if mine != theirs:
            rest.pop(str(mine), None)
    return replace(y, shape=output.shape), rest


def _agreed(values: dict[str, float], more: Mapping[str, float], place: str) -> dict[str, float]:
    """All that is known of the sizes; raises ShapeError where one has two values."""
    for name, value in more.items():
        if values.get(name, value) != value:
            raise ShapeError(
                f"{name} is {value} here and {values[name]} elsewhere",
                place=place,
                expected="one value for each size",
            )
    return values | dict(more)


def _penalties(network: Network, layer: Layer, weight: Tensor, place: str) -> list[Expr]:
    """The terms that regularizers add to the loss for one weight."""
    terms: list[Expr] = []
    for kind in ("l1", "l2"):
        strength = getattr(layer, kind) or getattr(network, kind)
        settings_of("regularizers", kind, {"strength": strength}, place)
        if strength < 0:
            raise SpecError(f"{kind} is {strength!r}", place=place, expected="a number that is not negative")
        if strength:
            terms.append(instantiate("regularizers", kind, {"W": weight}, {"strength": strength})[-1].rhs)
    return terms


def _loss(network: Network, output: Tensor, y: Tensor, penalties: list[Expr]) -> tuple[list[Equation], str]:
    """The equations of the loss, penalties included, and of the prediction where it is more than the
    output.
    """
    formula = member("losses", network.loss, place="loss")
    settings = settings_of("losses", network.loss, network.loss_settings, place="loss")
    equations = list(instantiate("losses", network.loss, {"A": output, "Y": y}, settings, origin="loss"))
    words = formula.words + (" Large weights cost something too." if penalties else "")
    equations[-1] = replace(equations[-1], rhs=Add(equations[-1].rhs, *penalties), words=words)
    last = network.layers[-1]
    if formula.output and getattr(last, "activation", "") == formula.output:
        raise SpecError(
            f"{network.loss} applies the {formula.output} itself, and the last layer has applied it already",
            place="loss",
            expected='a last layer with activation = "linear"',
        )
    if not formula.output:
        return equations, output.name
    predicted = Tensor("P", output.shape)
    prediction = instantiate(
        "activations", formula.output, {"Z": output, "A": predicted}, origin="prediction"
    )
    return [*equations, *prediction], predicted.name


def _program(tensors: list[Tensor], equations: list[Equation], values: Mapping[str, float]) -> Program:
    every: dict[str, Tensor] = {}
    for tensor in (*tensors, *(equation.tensor for equation in equations)):
        if tensor.name in every:
            raise SpecError(f"{tensor.name} is the name of two tensors", expected="another name")
        every[tensor.name] = tensor
    return Program(every, tuple(equations), dict(values))
