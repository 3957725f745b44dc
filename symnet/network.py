"""A network: layers, losses and regularizers as a person states them, and the program that they are.

Sizes are symbols (N, D, H1, H2, ...), and what is known of them stands beside the program: one derivation
serves every size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from symnet.equations.check import check
from symnet.equations.parse import parse_program
from symnet.equations.program import Program, reads
from symnet.errors import ShapeError, SpecError, placed
from symnet.graph import LOSS, Graph, Loss, with_trained
from symnet.index.symbols import Role
from symnet.layers.layer import Block, Layer, Options
from symnet.registry import is_name, settings_of, solver, trainer_settings

Shape = Sequence[int | str] | Mapping[str, object]
"""The sizes of an array, `("N", 2)`, or `{"shape": ("N", "T"), "integer": True}` for whole numbers."""


@dataclass(frozen=True, slots=True)
class Training:
    """How a network is trained: the optimizer or the solver with its settings, how its learning rate goes,
    how large a gradient may be, and how long.

    `clip_norm` bounds the length of all gradients together, `clip_value` each of their numbers. The learning
    rate of the first `warmup` steps rises along a straight line.
    """

    optimizer: str = "sgd"
    settings: Mapping[str, float] = field(default_factory=dict)
    schedule: str = "constant"
    schedule_settings: Mapping[str, float] = field(default_factory=dict)
    warmup: int = 0
    clip_norm: float | None = None
    clip_value: float | None = None
    epochs: int = 1000
    batch_size: int | None = None  # all samples at once, unless given
    seed: int = 0


@dataclass(frozen=True)
class Network:
    """A network as it is stated: its inputs and targets with their shapes, its layers in order, its loss.

    A layer reads the one before it unless its `inputs` name others. `losses` stands in place of `loss` where
    there are several. `equations` is a whole program as text in place of layers and loss. `loss_settings` are
    the loss's own, such as delta of huber; `l1` and `l2` penalize the weights of every layer.
    """

    inputs: Mapping[str, Shape] = field(default_factory=dict)
    targets: Mapping[str, Shape] = field(default_factory=dict)
    layers: Sequence[Options] = ()
    loss: str = ""
    losses: Sequence[Loss] = ()
    name: str = "network"
    training: Training = Training()
    loss_settings: Mapping[str, float] = field(default_factory=dict)
    l1: float = 0.0
    l2: float = 0.0
    equations: str = ""
    place: str = ""  # the file that it was read from, for errors

    def stated(self) -> tuple[Program, str]:
        """The program, and the name of the tensor that is the prediction (empty where there is none).

        Where a trained network computes something else than what is trained (dropout, batch normalization),
        the prediction has equations of its own. Raises SpecError, ShapeError and EquationError where the
        network is not one.
        """
        with placed(self.place):
            training = self.training
            trainer_settings(training.optimizer, training.settings, place="training")
            settings_of("schedules", training.schedule, training.schedule_settings, place="training")
            program, prediction = _from_text(self) if self.equations else _from_layers(self)
            if solver(training.optimizer):
                _solvable(training, program)
            return program, prediction


def _solvable(training: Training, program: Program) -> None:
    """Raises SpecError where a solver cannot train as it is told, or what it is told to."""
    for name in ("batch_size", "schedule", "warmup", "clip_norm", "clip_value"):
        if getattr(training, name) != getattr(Training(), name):
            raise SpecError(
                f"the solver {training.optimizer} takes no {name}",
                place="training",
                expected="no such key: it sees all samples in each step, and finds the step's length itself",
            )
    drawn = program.of_role(Role.RANDOM)
    if drawn:
        raise SpecError(
            f"the solver {training.optimizer} needs a loss that is the same each time it is computed, and "
            f"{drawn[0].name} is drawn anew",
            place="training",
            expected="an optimizer, such as adam, or a network without random numbers",
        )
    if not any(not tensor.frozen for tensor in program.of_role(Role.PARAMETER)):
        raise SpecError(
            f"the solver {training.optimizer} has nothing to train", place="training", expected="a parameter"
        )


def _from_text(network: Network) -> tuple[Program, str]:
    """The program as the user wrote it; the prediction is the last tensor that is computed from an input and
    from no target.
    """
    place = "equations" if network.place else ""
    for what in ("layers", "loss", "losses", "inputs", "targets", "l1", "l2", "loss_settings"):
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
    """What is trained; and, where a trained network computes something else, that too."""
    losses = _checked(network)
    graph, prediction = _graph(network, losses, training=True)
    program = graph.program()
    check(program)
    _all_used(program)
    if not graph.differs:
        return program, prediction
    trained, prediction = _graph(network, losses, training=False)
    program, prediction = with_trained(program, trained.program(), prediction)
    check(program)
    return program, prediction


def _graph(network: Network, losses: Sequence[Loss], training: bool) -> tuple[Graph, str]:
    graph = Graph(training)
    for what, given, role in (
        ("inputs", network.inputs, Role.INPUT),
        ("targets", network.targets, Role.TARGET),
    ):
        if not isinstance(given, Mapping):
            raise SpecError(f"{what} is {given!r}", place=what, expected='{"X": ("N", 2)}')
        for name, shape in given.items():
            with placed(what):
                graph.declare(name, shape, role)
    for layer in network.layers:
        graph.add(_penalized(layer, network))
    graph.add_losses(losses)
    return graph, graph.prediction(losses[0])


def _checked(network: Network) -> tuple[Loss, ...]:
    """The losses; raises SpecError where a network of layers lacks something."""
    if not network.inputs:
        raise SpecError(
            "a network of layers has an input, and this one has none", place="inputs", expected='X = ["N", 2]'
        )
    if not network.layers:
        raise SpecError("the network is empty", place="layers", expected="at least one layer")
    for number, layer in enumerate(network.layers, start=1):
        if not isinstance(layer, Layer | Block):
            raise SpecError(f"{layer!r} is no layer", place=f"layer {number}", expected="such as Dense(2)")
        if layer.name != "" and not is_name(layer.name):
            raise SpecError(
                f"a layer is called {layer.name!r}",
                place=f"layer {number}",
                expected="letters, digits and underscores",
            )
    if network.loss and network.losses:
        raise SpecError("there is a loss, and there are losses", place="network", expected="one or the other")
    if not network.loss and not network.losses:
        raise SpecError("the loss is missing", place="network", expected='a loss, such as loss = "sse"')
    return tuple(network.losses) or (Loss(network.loss, settings=network.loss_settings),)


def _penalized(layer: Options, network: Network) -> Options:
    """The layer with the network's penalties where it has none of its own."""
    return replace(layer, l1=layer.l1 or network.l1, l2=layer.l2 or network.l2)


def _all_used(program: Program) -> None:
    """Raises SpecError where an input or a target is given that nothing reads: it was forgotten."""
    read = {name for equation in program.equations for name in reads(equation.rhs)}
    for tensor in program.of_role(Role.INPUT, Role.TARGET):
        if tensor.name not in read:
            reader = "loss" if tensor.role == Role.TARGET else "layer"
            raise SpecError(
                f"no {reader} reads the {tensor.role} {tensor.name}",
                place=f"{tensor.role}s",
                expected=f"a {reader} for it, or not to declare it",
            )
