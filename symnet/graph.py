"""A graph of layers and losses put together to one program of index equations.

Each layer reads what its `inputs` name (the layer before, unless it says) and is stated over it; the tensors
of layer k are Wk, bk, Zk and Ak, or W_name and so on where the layer has a name. A block becomes the layers
that it is made of. Losses are stated over outputs and targets and added up to L.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sympy import Add, Expr, Mul

from symnet.equations.declarations import RESERVED
from symnet.equations.program import Equation, Program, reads
from symnet.errors import ShapeError, SpecError, nearest, placed
from symnet.index.symbols import Role, Scalar, Size, Tensor, base
from symnet.layers.layer import Block, Layer, Options, Part, part
from symnet.messages import in_turn, say
from symnet.registry import exact, instantiate, is_name, member, settings_of, slots
from symnet.sizes import Sizes

LOSS = "L"


@dataclass(frozen=True, slots=True)
class Loss:
    """One term of the loss: a member of the catalogue, what it reads by the names in its formula, its own
    settings, and how much it counts.

    `reads` may be left out: the first output is then the last layer, and the targets those of the network.
    """

    kind: str
    reads: Mapping[str, str] = field(default_factory=dict)
    weight: float = 1.0
    settings: Mapping[str, float] = field(default_factory=dict)
    name: str = ""


class Graph:
    """The program of a network while it grows, layer by layer."""

    def __init__(self, training: bool = True) -> None:
        self.training = training
        self.sizes = Sizes()
        self.tensors: dict[str, Tensor] = {}
        self.equations: list[Equation] = []
        self.outputs: dict[str, Tensor] = {}  # what `inputs` may name
        self.own: dict[str, Mapping[str, Tensor]] = {}  # the tensors of each layer that has a name
        self.targets: list[str] = []
        self.last = ""
        self.count = 0
        self.replaced: dict[str, Tensor] = {}  # a parameter that is another one
        self.penalties: list[Expr] = []
        self.differs = False  # whether a trained network computes something else than what is trained
        self.applied: dict[str, str] = {}  # the activation that made a tensor, by its name

    # what comes from outside

    def declare(self, name: str, shape: object, role: Role) -> None:
        """An input or a target: a shape, or a table with `shape` and `integer`."""
        integer = False
        if isinstance(shape, Mapping):
            unknown = set(shape) - {"shape", "integer"}
            if unknown or "shape" not in shape or not isinstance(shape.get("integer", False), bool):
                raise SpecError(
                    f"{name} is {dict(shape)!r}",
                    place=name,
                    expected='{ shape = ["N", "T"], integer = true }',
                )
            integer, shape = shape.get("integer", False), shape["shape"]
        letter = "K" if role == Role.TARGET else "D"
        tensor = Tensor(name, self.shape(name, shape, letter), role, integer)
        self.add_tensor(tensor)
        self.outputs[name] = tensor
        if role == Role.TARGET:
            self.targets.append(name)
        else:
            self.last = self.last or name

    def shape(self, name: str, shape: object, letter: str) -> tuple[Expr, ...]:
        """The shape as symbols: a name is itself, a number becomes D (or `letter`) with its value."""
        if not is_name(name):
            raise SpecError(
                f"a tensor is called {name!r}", place=str(name), expected="letters, digits and underscores"
            )
        if name in RESERVED or name == LOSS:
            raise SpecError(f"{name} has a meaning of its own", place=name, expected="another name")
        if isinstance(shape, str) or not isinstance(shape, Sequence) or not shape:
            raise SpecError(
                f"the shape of {name} is {shape!r}", place=name, expected='sizes, such as ["N", 2]'
            )
        return tuple(self.extent(name, extent, letter, axis) for axis, extent in enumerate(shape))

    def extent(self, name: str, extent: object, letter: str, axis: int) -> Expr:
        if is_name(extent) and extent not in RESERVED:
            self.sizes.named.add(extent)
            return Size(extent)
        if isinstance(extent, int) and not isinstance(extent, bool) and 0 < extent <= 2**31:
            symbol, number = letter, axis
            while symbol in self.sizes.values or symbol in self.tensors:
                symbol, number = f"{letter}{number}", number + 1
            self.sizes.know({symbol: extent})
            return Size(symbol)
        raise SpecError(
            f"{name} has an axis of size {extent!r}",
            place=name,
            expected="a positive whole number or a name",
        )

    # layers

    def add(self, layer: Options, place: str = "") -> None:
        """A layer, or the layers of a block."""
        self.count += 1
        suffix = f"_{layer.name}" if layer.name else str(self.count)
        place = place or f"layer {self.count}" + (f" ({layer.name})" if layer.name else "")
        with placed(place):
            if layer.name and layer.name in self.outputs:
                what = "an input or a target" if layer.name in self.tensors else "another layer"
                raise SpecError(f"{what} is called {layer.name}", expected="a name of its own")
            reads = [*(layer.inputs or [self.last]), *layer.reads[len(layer.inputs) :]]
            if isinstance(layer, Block):
                self.add_block(layer, suffix, reads, place)
            else:
                assert isinstance(layer, Layer)
                x = [self.output(name) for name in reads]
                found = part(layer, suffix, x, self.sizes, self.training)
                self.add_part(layer, found, layer.name or str(self.count))
            self.last = layer.name or suffix

    def add_block(self, block: Block, suffix: str, reads: Sequence[str], place: str) -> None:
        prefix = block.name or f"block{suffix}"
        inner = block.layers(prefix, {name: self.output(name) for name in reads})
        for layer in inner:
            if block.frozen or block.l1 or block.l2:
                layer = replace(layer, frozen=block.frozen, l1=layer.l1 or block.l1, l2=layer.l2 or block.l2)
            self.add(layer, f"{place}, {layer.name}")
            self.count -= 1
        self.outputs[block.name or suffix] = self.outputs[inner[-1].name]

    def add_part(self, layer: Layer, found: Part, origin: str) -> None:
        self.differs = self.differs or found.differs
        tied = self.tied(layer, found)
        for tensor in found.given:
            if tensor.name not in self.replaced:
                self.add_tensor(tensor)
        for equation in found.equations:
            equation = replace(
                equation, origin=f"layer {origin}", rhs=equation.rhs.xreplace(tied) if tied else equation.rhs
            )
            self.add_tensor(equation.tensor)
            self.equations.append(equation)
        activation = getattr(layer, "activation", "")
        if isinstance(activation, str):
            self.applied[found.output.name] = activation
        self.outputs[layer.name or str(self.count)] = found.output
        if layer.name:
            self.own[layer.name] = found.own
        self.penalize(layer, found)

    def add_tensor(self, tensor: Tensor) -> None:
        if tensor.name in self.tensors and self.tensors[tensor.name] != tensor:
            raise SpecError(f"{tensor.name} is the name of two tensors", expected="another name")
        self.tensors[tensor.name] = tensor

    def output(self, name: str) -> Tensor:
        """What `name` stands for: an input, a layer's output, or a tensor of a layer such as encoder.C."""
        layer, _, own = name.partition(".")
        if own and layer in self.own and own in self.own[layer]:
            tensor = self.own[layer][own]
        elif name in self.outputs:
            tensor = self.outputs[name]
        else:
            known = [*self.outputs, *(f"{layer}.{own}" for layer in self.own for own in self.own[layer])]
            near = nearest(name, known)
            names = ", ".join(self.outputs)
            raise SpecError(
                f"nothing before it is called {name!r}", expected=f"one of {names}", suggestion=near
            )
        return replace(tensor, shape=self.sizes.resolved(tensor))

    def tied(self, layer: Layer, found: Part) -> dict[Expr, Expr]:
        """The parameters of the layer that are another layer's, as renamings."""
        renamings: dict[Expr, Expr] = {}
        for name, other in layer.tie.items():
            own = found.own.get(name)
            if own is None or own.role != Role.PARAMETER:
                parameters = [n for n, t in found.own.items() if t.role == Role.PARAMETER]
                raise SpecError(
                    f"it has no parameter {name}",
                    expected="one of " + ", ".join(parameters),
                    suggestion=nearest(name, parameters),
                )
            theirs = self.tensors.get(other) or self.output(other)
            if theirs.role != Role.PARAMETER or theirs.rank != own.rank:
                raise SpecError(f"{other} cannot be {name}", expected=f"a parameter of {own.rank} axes")
            for mine, yours in zip(own.shape, theirs.shape, strict=True):
                if self.sizes.unify(yours, mine) is None:
                    raise ShapeError(f"{other} has another shape than {name}", expected="the same sizes")
            made = base if own.rank else Scalar
            renamings[made(own.name)] = made(theirs.name)
            self.replaced[own.name] = theirs
        return renamings

    def penalize(self, layer: Layer, found: Part) -> None:
        """The terms that regularizers add to the loss for the layer's weights: what has two axes or more."""
        for kind in ("l1", "l2"):
            strength = getattr(layer, kind)
            settings_of("regularizers", kind, {"strength": strength})
            if strength < 0:
                raise SpecError(f"{kind} is {strength!r}", expected="a number that is not negative")
            weights = [t for t in found.given if t.role == Role.PARAMETER and t.rank > 1 and not t.frozen]
            for weight in weights if strength else ():
                if weight.name not in self.replaced:
                    made = instantiate("regularizers", kind, {"W": weight}, {"strength": strength})
                    self.penalties.append(made.equations[-1].rhs)

    # losses

    def add_losses(self, losses: Sequence[Loss]) -> None:
        """The loss L: each term stated over what it reads, all of them with what regularizers add."""
        terms: list[Expr] = []
        words = ""
        for number, loss in enumerate(losses, start=1):
            alone = len(losses) == 1
            suffix = "" if alone else f"_{loss.name}" if loss.name else str(number)
            place = "loss" if alone else f"loss {loss.name or number}"
            with placed(place):
                *before, last = self.term(loss, suffix, alone)
            if alone and loss.weight == 1:
                self.equations += before
                terms.append(last.rhs)
                words = last.words
                continue
            tensor = replace(last.tensor, name=f"{LOSS}{suffix or '1'}")
            self.equations += [*before, replace(last, tensor=tensor)]
            terms.append(Mul(exact(loss.weight), Scalar(tensor.name)))
            words = say("The terms of the loss are added up, each with its weight.")
        if self.penalties:
            words = in_turn(say(words), say("Large weights cost something too."))
        total = Add(*terms, *self.penalties)
        self.equations.append(Equation(Tensor(LOSS, ()), (), total, "loss", words))

    def term(self, loss: Loss, suffix: str, alone: bool) -> list[Equation]:
        """The equations of one loss over what it reads; the last one defines it."""
        formula = member("losses", loss.kind)
        settings = settings_of("losses", loss.kind, loss.settings)
        if isinstance(loss.weight, bool) or not isinstance(loss.weight, int | float) or loss.weight <= 0:
            raise SpecError(f"the weight is {loss.weight!r}", expected="a positive number")
        given = self.given(loss)
        first = next(iter(given.values()))
        if formula.output and self.applied.get(first.name, "") == formula.output:
            raise SpecError(
                f"{loss.kind} applies the {formula.output} itself, and the last layer has applied it already",
                expected='a last layer with activation = "linear"',
            )
        made = instantiate("losses", loss.kind, given, settings, self.sizes, suffix)
        for name in made.own:
            if len(name) == 1 and name.islower():
                raise SpecError(
                    f"{loss.kind} calls a tensor {name}, and so may an index be called",
                    expected=f"a capital letter, such as {name.upper()}",
                )
        return [replace(equation, origin="loss") for equation in made.equations]

    def given(self, loss: Loss) -> dict[str, Tensor]:
        """The tensor that stands for each name which the loss's formula reads."""
        wanted = slots("losses", member("losses", loss.kind))
        unknown = set(loss.reads) - {slot.name for slot in wanted}
        if unknown:
            raise SpecError(
                f"{loss.kind} reads no {min(unknown)}", expected=", ".join(slot.name for slot in wanted)
            )
        found: dict[str, Tensor] = {}
        targets = [name for name in self.targets if name not in loss.reads.values()]
        wanting = [s for s in wanted if s.role == Role.TARGET and s.name not in loss.reads]
        for slot in wanted:
            if slot.name in loss.reads:
                found[slot.name] = self.output(loss.reads[slot.name])
            elif slot.role == Role.INPUT and not any(t.role == Role.INPUT for t in wanted if t.name in found):
                found[slot.name] = self.output(self.last)
            elif slot in wanting and len(targets) == len(wanting):
                found[slot.name] = self.output(targets[wanting.index(slot)])
            else:
                raise SpecError(
                    f"what {loss.kind} reads as {slot.name} is not said",
                    expected=f'reads = {{ {slot.name} = "..." }}, an output or a target',
                )
        return found

    # the whole

    def prediction(self, loss: Loss) -> str:
        """What the network predicts: the first output that the loss reads, or what the loss makes of it."""
        given = next(iter(self.given(loss).values()))
        output = member("losses", loss.kind).output
        if not output:
            return given.name
        predicted = Tensor("P", given.shape)
        made = instantiate("activations", output, {"Z": given, "A": predicted}, sizes=self.sizes)
        self.equations += [replace(equation, origin="prediction") for equation in made.equations]
        return predicted.name

    def program(self) -> Program:
        """Everything, in the sizes that are left."""
        every: dict[str, Tensor] = {}
        for tensor in (*self.tensors.values(), *(equation.tensor for equation in self.equations)):
            if tensor.name in every and tensor.name not in self.tensors:
                raise SpecError(f"{tensor.name} is the name of two tensors", expected="another name")
            every[tensor.name] = replace(tensor, shape=self.sizes.resolved(tensor))
        equations = tuple(
            replace(e, tensor=every[e.tensor.name], rhs=self.sizes.settled(e.rhs)) for e in self.equations
        )
        used = {size.name for t in every.values() for extent in t.shape for size in extent.atoms(Size)}
        used |= {size.name for e in equations for size in e.rhs.atoms(Size)}
        values = {name: value for name, value in self.sizes.values.items() if name in used}
        return Program(every, equations, values)


def with_trained(program: Program, trained: Program, prediction: str) -> tuple[Program, str]:
    """`program`, followed by what `trained` computes otherwise on the way to `prediction`, with names of its
    own: A2_trained for A2; and the name that the prediction has then.
    """
    changed: set[str] = set()
    before = -1
    while len(changed) > before:  # an equation may read a later one
        before = len(changed)
        for equation in trained.equations:
            own = program.defining.get(equation.tensor.name)
            if own is None or own.rhs != equation.rhs or changed.intersection(reads(equation.rhs)):
                changed.add(equation.tensor.name)
    if prediction not in changed:
        return program, prediction
    needed = trained.sources(prediction)
    names = {name: f"{name}_trained" for name in changed}
    changes = {base(old): base(new) for old, new in names.items()}
    changes |= {Scalar(old): Scalar(new) for old, new in names.items()}
    equations = [
        replace(
            equation,
            tensor=replace(equation.tensor, name=names[equation.tensor.name]),
            rhs=equation.rhs.xreplace(changes),
            origin="trained",
        )
        for equation in trained.equations
        if equation.tensor.name in changed & needed
    ]
    return program.extended(equations), names[prediction]
