"""From a whole derivation to the array program of a trainer: what runs, in which order, in which memory.

What only a prediction needs (a trained network's own statistics in place of the batch's) is a stretch of its
own, which no step of training runs. What is derived beyond the gradients is a stretch for each kind, which
runs after them as often as one likes: it leaves alone what it reads.

| pass | what it does |
| --- | --- |
| stretches_of | keeps what is needed, in stretches; puts what must be computed along an index into loops |
| Layout | lets what loops compute lie as their turns read it |
| stack_updates | writes equal updates as one, for all parameters at once |
| lower_equation | makes whole-array expressions of the equations |
| with_diagonals | keeps what is zero off a diagonal apart from what is not |
| with_factors | takes outer products under a sum apart |
| Emitter | makes instructions of the expressions |
| descent | adds gradients to their parameters as they are computed, where the backend does that |
| share | lets buffers that are never needed together be one piece of memory |
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace

from sympy import Expr

from symnet.derivation.journal import Derived, Further
from symnet.equations.program import Equation, Program, reads
from symnet.index.symbols import Role, Tensor
from symnet.lowering.beyond import Beyond, needed_of, needs, read_first
from symnet.lowering.descent import Descent, descent
from symnet.lowering.diagonals import with_diagonals
from symnet.lowering.emit import Emitter
from symnet.lowering.extents import Extents
from symnet.lowering.factors import with_factors
from symnet.lowering.instructions import (
    Assign,
    Buffer,
    Home,
    Kind,
    Line,
    Loop,
    Map,
    NumberRead,
    Same,
    View,
    reads_of,
    writes_of,
)
from symnet.lowering.layout import Layout
from symnet.lowering.lower import axes_of, lower_equation
from symnet.lowering.memory import lives, share
from symnet.lowering.nodes import ArrayExpr, Read
from symnet.lowering.recurrence import Part, Recurrence
from symnet.lowering.shared import shared
from symnet.lowering.stack import Stack, pack, stack_updates
from symnet.lowering.stretches import further_tensors, gradients_of, stretch_beyond, stretches_of
from symnet.lowering.turn import turned
from symnet.simplify.named_sums import unused

PREDICT, INFER, FORWARD, BACKWARD = range(4)
"""The first stretches, in the order in which they are computed; then come those beyond, last the update."""

HOMES = {
    Role.INPUT: Home.INPUT,
    Role.TARGET: Home.INPUT,
    Role.PARAMETER: Home.PARAMETER,
    Role.STATE: Home.STATE,
    Role.RANDOM: Home.RANDOM,
    Role.HYPERPARAMETER: Home.NUMBER,
    Role.DIRECTION: Home.GIVEN,
    Role.INTERMEDIATE: Home.WORKSPACE,
}


@dataclass(frozen=True, slots=True)
class Schedule:
    """An array program in four stretches, each of which needs those before it; and the memory that it
    needs.
    """

    program: Program
    predict: tuple[Line, ...]  # up to the prediction, as far as the loss needs it too
    infer: tuple[Line, ...]  # from there to the prediction: what only that needs
    loss: tuple[Line, ...]  # up to the loss
    backward: tuple[Line, ...]  # the gradients
    beyond: tuple[Beyond, ...]  # what is derived beyond the gradients
    update: tuple[Line, ...]  # one step of the optimizer
    descent: tuple[Line, ...]  # backward and update as one, where some gradient need not be written
    setup: tuple[Line, ...]  # done once, when the sizes are known
    buffers: tuple[Buffer, ...]  # all of them, in the order of their first write
    owners: Mapping[str, str]  # for a buffer that takes over another's memory, the name of that one
    of_tensor: Mapping[str, Buffer]  # where each tensor lies
    stacks: tuple[Stack, ...]
    loose: tuple[Equation, ...]  # updates that belong to no stack
    labels: Mapping[str, str]  # the printed number of each tensor's equation
    # each equation that is computed, by its tensor, the stacked ones as they were for one parameter
    equations: Mapping[str, Equation]
    prediction: Tensor | None
    loss_tensor: Tensor
    gradients: Mapping[str, Tensor]  # by the name of the tensor that they are the gradient of
    trained: tuple[Tensor, ...]  # the parameters that have a gradient, in the order of the vectors

    @property
    def lines(self) -> Iterator[Line]:
        """Every line once, in the order in which they run."""
        for stretch in (self.setup, self.predict, self.infer, self.loss, self.backward):
            yield from stretch
        for further in self.beyond:
            yield from further.lines
        yield from self.update

    def touched(self) -> dict[str, Buffer]:
        """Every buffer that a line reads or writes, by its name, in that order."""
        found: dict[str, Buffer] = {}
        for line in self.lines:
            for view in (*reads_of(line.instruction), *writes_of(line.instruction)):
                for buffer in (view.buffer, view.zero):
                    if buffer is not None:
                        found.setdefault(buffer.name, buffer)
        return found

    def tensor_in(self, buffer: Buffer) -> Tensor:
        """The tensor that lies in memory of the trainer: one of the program's, or a vector of several."""
        known = self.program.tensors.get(buffer.name)
        return known or next(v for stack in self.stacks for v in stack.vectors if v.name == buffer.name)


def schedule(
    derived: Derived, prediction: str = "", packed: bool = False, descends: bool = False
) -> Schedule:
    """The array program of `derived`. `prediction` is the tensor that `predict` computes, if any. With
    `packed` all trained parameters lie in one vector, and their gradients too, though no update asks for it.
    With `descends` it has the backward pass and the update as one stretch too, where that saves something.
    """
    return _Scheduling(derived, prediction, packed, descends and not packed).run()


class _Scheduling:
    """One run of the passes."""

    def __init__(self, derived: Derived, prediction: str, packed: bool, descends: bool) -> None:
        self.derived = derived
        self.packed, self.descends = packed, descends
        self.trained = tuple(tensor for tensor in derived.wrt if tensor.role is Role.PARAMETER)
        self.program = derived.computed
        self.prediction = self.program.tensors[prediction] if prediction else None
        self.gradients = gradients_of(derived)
        self.taken = set(self.program.tensors) | {size.name for size in self.program.sizes}
        self.tensors = dict(self.program.tensors)  # and those that the passes add
        self.known = replace(self.program, tensors=self.tensors)
        self.extents = Extents(self.program.values)
        self.labels = dict(derived.labels)
        self.buffers: dict[str, Buffer] = {}
        self.equations = {e.tensor.name: e for e in self.program.equations}

    def run(self) -> Schedule:
        stretches = self.lay_out(stretches_of(self.derived, self.prediction, self.taken))
        own = stretches[1]
        stacks, loose = stack_updates(self.derived.updates, self.program.tensors, self.taken)
        self.allot(stacks)
        stacks += tuple(self.packs())
        numbers = [equation for equation in loose if not equation.tensor.shape]
        updates: list[Part] = [*numbers, *(equation for stack in stacks for equation in stack.equations)]
        updates += [equation for equation in loose if equation.tensor.shape]
        self.label(stacks)
        stretches += [self.stretch(further) for further in self.derived.further]
        apart = [own, *stretches[len(stretches) - len(self.derived.further) :]]
        stretches.append(updates)
        emitter = Emitter(self.of_tensor, self.scratch, self.extents)
        emitter.replaces = {
            e.tensor.name: e.tensor.next_of for e in self.equations.values() if e.tensor.next_of
        }
        lowered = [[self.lower(part) for part in stretch] for stretch in stretches]
        emitter.shared = shared(e for stretch in lowered for e in stretch if not isinstance(e, tuple))
        lines: list[tuple[Line, ...]] = []
        for stretch, expressions in zip(stretches, lowered, strict=True):
            emitter.sink = []
            emitter.home = Home.UPDATE if stretch is updates else Home.WORKSPACE
            # no later stretch may count on what a stretch of its own has computed
            own_stretch = any(stretch is other for other in apart)
            with emitter.aside() if own_stretch else nullcontext():
                for part, expression in zip(stretch, expressions, strict=True):
                    self.emit(emitter, part, expression)
            lines.append(tuple(emitter.sink))
        straight = Descent()
        if self.descends:
            straight = descent(lines[BACKWARD], lines[-1], stacks, self.of_tensor)
        owners, lines[-1] = self.in_place(lines, straight)
        lines.append(straight.lines(lines[BACKWARD], lines[-1]))
        return self.finished(lines, tuple(emitter.setup), owners, stacks, loose)

    def lay_out(self, stretches: Sequence[Sequence[Part]]) -> list[list[Part]]:
        """The stretches, in which what loops compute lies as their turns read it."""
        kept = {tensor.name for tensor in (self.derived.loss, *self.gradients.values())}
        kept |= {self.prediction.name} if self.prediction else set()
        kept |= {read for equation in self.derived.updates for read in reads(equation.rhs)}
        kept |= {t.name for further in self.derived.further for t in further.results.values()}
        later = {r for further in self.derived.further for e in further.equations for r in reads(e.rhs)}
        layout = Layout(self.program.tensors, self.taken)
        found = layout.of_turns(layout.turned(stretches, kept), kept | later)
        self.turns = layout.turns
        self.tensors |= {name: t for name, t in layout.changed.items() if name in self.tensors}
        return found

    def allot(self, stacks: Sequence[Stack]) -> None:
        """A buffer for every tensor that is not an intermediate of a computation."""
        self.of_tensor: dict[str, Buffer] = {}
        gradients = {
            tensor.name
            for name, tensor in self.gradients.items()
            if self.program.tensors[name].role is Role.PARAMETER
        }
        for tensor in list(self.tensors.values()):
            home = Home.GRADIENT if tensor.name in gradients else HOMES[tensor.role]
            self.place(tensor, Home.NUMBER if not tensor.shape and tensor.role is Role.STATE else home)
        for equation in self.derived.updates:
            self.place(equation.tensor, Home.UPDATE)
        for stack in stacks:
            for vector in stack.vectors:
                home = Home.GRADIENT if vector.role is Role.INTERMEDIATE else HOMES[vector.role]
                self.place(vector, home)
            for equation in stack.equations:
                self.place(equation.tensor, Home.UPDATE)

    def packs(self) -> Iterator[Stack]:
        """The vectors that no update asks for: of the parameters and their gradients where they are to be
        packed; of directions, and of what they are multiplied to.
        """
        if self.packed and self.trained:
            slopes = [self.gradients[tensor.name] for tensor in self.trained]
            yield self.pack({"vector": self.trained, "gradient": slopes}, (Home.PARAMETER, Home.GRADIENT))
        for further in self.derived.further:
            self.allot_directions(further)
            names = [tensor.name for tensor in self.trained if tensor.name in further.directions]
            if names:
                given = [further.directions[name] for name in names]
                found = [further.results[name] for name in names]
                vectors = {"direction": given, f"{further.name}_vector": found}
                yield self.pack(vectors, (Home.DIRECTION, Home.PRODUCT))

    def allot_directions(self, further: Further) -> None:
        """Directions of parameters and their products lie beside the parameters, others with the data."""
        names = {tensor.name for tensor in self.trained}
        for name, tensor in further.directions.items():
            self.place(tensor, Home.DIRECTION if name in names else Home.GIVEN)
            if name in names:
                self.place(further.results[name], Home.PRODUCT)

    def pack(self, vectors: Mapping[str, Sequence[Tensor]], homes: Iterable[Home]) -> Stack:
        stack = pack(vectors, self.taken)
        for vector, home in zip(stack.vectors, homes, strict=True):
            self.place(vector, home)
        return stack

    def stretch(self, further: Further) -> list[Part]:
        """The equations of what is derived beyond the gradients."""
        self.tensors |= further_tensors(further)
        for tensor in further.results.values():
            if tensor.shape and self.is_new(tensor, further):
                self.place(tensor, Home.RESULT)
        return [turned(part, self.turns) for part in stretch_beyond(self.program, further, self.taken)]

    def is_new(self, result: Tensor, further: Further) -> bool:
        """Whether a result has memory of its own to be returned, and lies in no vector of products."""
        stated = {equation.tensor.name for equation in further.equations}
        known = self.of_tensor.get(result.name)
        return result.name in stated and (known is None or known.home is not Home.PRODUCT)

    def place(self, tensor: Tensor, home: Home) -> None:
        kind = Kind.PLACE if tensor.integer else Kind.REAL
        self.of_tensor[tensor.name] = self.buffers[tensor.name] = Buffer(
            tensor.name, tensor.shape, home, kind
        )
        self.taken.add(tensor.name)
        self.tensors[tensor.name] = tensor

    def scratch(self, name: str, shape: tuple[Expr, ...], kind: Kind, home: Home) -> Buffer:
        name = unused(name, self.taken)
        self.taken.add(name)
        self.buffers[name] = Buffer(name, shape, home, kind)
        return self.buffers[name]

    def label(self, stacks: Sequence[Stack]) -> None:
        """The numbers of the stacked equations: those of the equations that they stand for."""
        for stack in stacks:
            for equation, originals in zip(stack.equations, stack.originals, strict=True):
                self.labels[equation.tensor.name] = _span([self.labels[e.tensor.name] for e in originals])
                self.equations[equation.tensor.name] = equation

    def lower(self, part: Part) -> ArrayExpr | tuple[ArrayExpr, ...]:
        for equation in part.equations if isinstance(part, Recurrence) else (part,):
            if equation.tensor.name not in self.of_tensor:
                self.place(equation.tensor, Home.WORKSPACE)
                self.labels.setdefault(
                    equation.tensor.name, self.labels.get(equation.tensor.name.removesuffix("_given"), "")
                )
            self.equations[equation.tensor.name] = equation
        if isinstance(part, Recurrence):
            return tuple(lower_equation(equation, self.known, part.index) for equation in part.equations)
        return with_factors(with_diagonals(lower_equation(part, self.known), self.extents))

    def emit(self, emitter: Emitter, part: Part, expression: ArrayExpr | tuple[ArrayExpr, ...]) -> None:
        if isinstance(part, Recurrence):
            assert isinstance(expression, tuple)
            self.emit_loop(emitter, part, expression)
            return
        assert not isinstance(expression, tuple)
        tensor, axes = part.tensor, axes_of(part)
        is_copy = isinstance(expression, Read) and expression.places == axes and axes
        if is_copy and self.of_tensor[tensor.name].home is Home.WORKSPACE and isinstance(expression, Read):
            self.of_tensor[tensor.name] = self.of_tensor[expression.tensor.name]
            emitter.sink.append(Line(Same(self.of_tensor[tensor.name]), tensor.name))
            return
        emitter.equation(tensor, axes, expression)

    def emit_loop(self, emitter: Emitter, part: Recurrence, expressions: tuple[ArrayExpr, ...]) -> None:
        outside, emitter.sink = emitter.sink, []
        emitter.ranges[part.index] = part.size
        with emitter.aside():
            for equation, expression in zip(part.equations, expressions, strict=True):
                at = tuple(index if index == part.index else None for index in equation.indices)
                axes = tuple(axis for axis in axes_of(equation) if axis.index != part.index)
                emitter.equation(equation.tensor, axes, expression, at)
        body, emitter.sink = tuple(emitter.sink), outside
        emitter.sink.append(
            Line(Loop(part.index, part.size, part.reverse, body), part.equations[0].tensor.name)
        )

    def in_place(
        self, lines: list[tuple[Line, ...]], straight: Descent
    ) -> tuple[dict[str, str], tuple[Line, ...]]:
        """Who shares whose memory; and the update, with copies where a new value cannot go where the old one
        was.
        """
        every = [line for stretch in lines for line in stretch]
        ends = [sum(map(len, lines[: k + 1])) for k in range(len(lines))]
        kept: dict[str, int] = {}
        if self.prediction is not None:
            kept[self.of_tensor[self.prediction.name].name] = ends[INFER]
        for tensor in self.gradients.values():
            kept[self.of_tensor[tensor.name].name] = ends[-1 if self.packed else BACKWARD]
        for further, stretch in zip(self.derived.further, lines[BACKWARD + 1 :], strict=False):
            last = ends[-1 if self.packed else -2]  # what is read stays, for all of them, again and again
            kept |= dict.fromkeys(read_first(stretch), last)
            kept |= {self.of_tensor[tensor.name].name: last for tensor in further.results.values()}
        for name, end in straight.needed().items():
            kept[name] = max(kept.get(name, 0), ends[FORWARD] + end)
        life = lives(every, kept)
        fixed: dict[str, str] = {}
        copies: list[Line] = []
        for tensor in [e.tensor for e in self.equations.values() if e.tensor.next_of]:
            after, before = self.of_tensor[tensor.name], self.of_tensor[tensor.next_of]
            if after.name not in life:
                continue  # stands for a part of a vector
            if life.get(before.name, life[after.name]).dies <= life[after.name].born:
                fixed[after.name] = before.name
            else:
                kept[after.name] = ends[-1]
                value = View(after)
                move = (
                    Map("copy", (value,), View(before)) if tensor.shape else Assign(before, NumberRead(value))
                )
                copies.append(Line(move, tensor.name))
        update = (*lines[-1], *copies)
        return share([*every, *copies], kept, fixed), update

    def beyond(
        self, further: Further, stretch: tuple[Line, ...], earlier: Sequence[tuple[Line, ...]]
    ) -> Beyond:
        numbers = needs(stretch, earlier)
        before = needed_of(stretch, [line for number in numbers for line in earlier[number]])
        return Beyond(further, stretch, numbers, before)

    def finished(
        self,
        lines: list[tuple[Line, ...]],
        setup: tuple[Line, ...],
        owners: dict[str, str],
        stacks: tuple[Stack, ...],
        loose: tuple[Equation, ...],
    ) -> Schedule:
        return Schedule(
            program=self.program,
            predict=lines[PREDICT],
            infer=lines[INFER],
            loss=lines[FORWARD],
            backward=lines[BACKWARD],
            beyond=tuple(
                self.beyond(further, stretch, lines[: BACKWARD + 1])
                for further, stretch in zip(self.derived.further, lines[BACKWARD + 1 :], strict=False)
            ),
            update=lines[-2],
            descent=lines[-1],
            setup=setup,
            buffers=tuple(self.buffers.values()),
            owners=owners,
            of_tensor=self.of_tensor,
            stacks=stacks,
            loose=loose,
            labels=self.labels,
            equations=self.equations,
            prediction=self.prediction,
            loss_tensor=self.derived.loss,
            gradients=self.gradients,
            trained=self.trained,
        )


def _span(labels: Sequence[str]) -> str:
    """The numbers of several equations: 12-15 where they follow each other; 12, 15, ..., 21 where as many lie
    between any two; otherwise all of them.
    """
    if len(labels) > 2 and all(map(str.isdigit, labels)):
        first, second, *_, last = numbers = list(map(int, labels))
        if first < second and numbers == list(range(first, last + 1, second - first)):
            return f"{first}-{last}" if second == first + 1 else f"{first}, {second}, ..., {last}"
    return ", ".join(labels)
