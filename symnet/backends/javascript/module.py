"""The whole module: what the template needs, from the schedule of a derivation."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from sympy import Expr

from symnet.backends import Meta
from symnet.backends.javascript.dialect import JavaScript
from symnet.backends.javascript.functions import NAMES, TABLES, definitions
from symnet.backends.javascript.names import names
from symnet.index.symbols import Role, Tensor
from symnet.loops.functions import Functions, numbered_equations
from symnet.loops.memory import OF_WORKSPACE, length, memory_of
from symnet.loops.names import harmless
from symnet.loops.numbers import Numbers
from symnet.loops.statements import wrapped
from symnet.lowering.given import data_of, drawn_of
from symnet.lowering.instructions import Buffer, Home, Kind
from symnet.lowering.schedule import Schedule
from symnet.lowering.start import start_of
from symnet.rendering import render

ARRAYS = {Kind.REAL: "Float64Array", Kind.MASK: "Uint8Array", Kind.PLACE: "Int32Array"}


class Script:
    """The parts of the text."""

    def __init__(self, plan: Schedule, meta: Meta) -> None:
        self.plan = plan
        self.meta = meta
        self.program = plan.program
        self.memory = memory_of(plan, names(), JavaScript())
        predicted = plan.of_tensor[plan.prediction.name].name if plan.prediction else ""
        training = (*plan.predict, *plan.loss, *plan.backward, *plan.update)
        self.data = data_of(plan, (*training, *plan.infer), predicted)
        self.inputs = data_of(plan, (*plan.predict, *plan.infer), predicted)
        self.random = drawn_of(plan, training)
        self.functions = Functions(plan, self.memory)
        self.stretches = list(self.functions.stretches())
        self.inside = Numbers(self.memory.known, self.memory.size_name, JavaScript())
        self.outside = Numbers(self.memory.known, self._field, JavaScript())

    def text(self) -> str:
        """The module."""
        values = self.values()
        body = render(
            "symnet.backends.javascript", "NETWORK.mjs.jinja", values | {"helpers": [], "tables": []}
        )
        helpers = definitions(body)
        defined = {line.split("(")[0].removeprefix("function ") for _, (line, *_) in helpers}
        tables = [name for name, needed in TABLES.items() if needed in defined]
        assert defined <= NAMES, "what a function is called is no tensor's name"
        text = render(
            "symnet.backends.javascript", "NETWORK.mjs.jinja", values | {"helpers": helpers, "tables": tables}
        )
        return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"

    def values(self) -> dict[str, object]:
        """All that the template names, but for the functions that it turns out to call."""
        return {
            **self.words(),
            **self.given(),
            **self.results(),
            "stretches": self.stretches,
            "functions": {
                stretch.name: self.call(stretch.name, stretch.arguments) for stretch in self.stretches
            },
            "trainer": [_step(line) for line in self.trainer()],
            "told": [self.memory.size_name(size) for size in self.memory.free],
            "workspace": list(self.workspace()),
            "constants": [_step(line) for line in self.functions.constants()],
            "initialize": list(self.initialize()),
            "random": [f"w.{self.name(tensor)}" for tensor in self.random],
            "lines_of": lambda stretch: [_step(line) for line in stretch.lines],
            "arguments_of": lambda stretch: "".join(f", {self.name(tensor)}" for tensor in stretch.arguments),
        }

    def words(self) -> dict[str, object]:
        """The sentences, and how it trains unless told otherwise."""
        meta, prediction = self.meta, self.plan.prediction
        given = self.program.of_role(Role.INPUT, Role.TARGET, Role.PARAMETER)
        shapes = ", ".join(map(self.described, given))
        return {
            "title": harmless(f"A trainer for the network {meta.name}."),
            "origin": harmless(meta.source),
            "command": harmless(meta.command),
            "shapes": wrapped(harmless(f"Shapes: {shapes}"), 116),
            "equations": list(numbered_equations(self.plan)),
            "data_words": ", ".join(map(self.described, self.data)),
            "input_words": ", ".join(map(self.described, self.inputs)),
            "prediction_words": self.described(prediction) if prediction else "",
            "gradient_words": ", ".join(self.plan.gradients),
            "epochs": meta.epochs,
            "batch_size": json.dumps(meta.batch_size),
            "seed": meta.seed,
        }

    def given(self) -> dict[str, object]:
        """The data, and the sizes that are read off them."""
        first = self.inputs or self.data
        sizes = [
            (self.memory.size_name(size), number, tensor.shape.index(size))
            for size in self.memory.of_data
            for number, tensor in [
                next((k, t) for k, t in enumerate(self.data) if t in first and size in t.shape)
            ]
        ]
        samples = next((t.shape[0] for t in self.data if t.rank and t.shape[0] in self.memory.of_data), None)
        return {
            "data": [
                {
                    "name": tensor.name,
                    "words": self.memory.shape(self.buffer(tensor)),
                    "shape": self.shape(tensor.shape),
                    "type": ARRAYS[self.buffer(tensor).kind],
                    "sampled": bool(tensor.rank) and tensor.shape[0] == samples,
                }
                for tensor in self.data
            ],
            "inputs": [self.data.index(tensor) for tensor in self.inputs],
            "sizes": sizes,
            "samples": samples is not None,
            "names": ", ".join(map(self.name, self.data)),
            "input_names": ", ".join(map(self.name, self.inputs)),
        }

    def results(self) -> dict[str, object]:
        """Where what others look at lies: prediction, loss, gradients, parameters, numbers that are set."""
        plan, program = self.plan, self.program
        prediction = plan.prediction
        stacked = [v for stack in plan.stacks for v in stack.vectors if v.role is Role.STATE]
        inside = {t.name for stack in plan.stacks for members in stack.parts for t in members}
        states = stacked + [t for t in program.of_role(Role.STATE) if t.name not in inside]
        hyperparameters = program.of_role(Role.HYPERPARAMETER)
        return {
            "prediction": self.result(prediction) if prediction else "",
            "prediction_shape": self.shape(prediction.shape) if prediction else "",
            "loss": self.result(plan.loss_tensor),
            "gradients": [(name, self.shape(t.shape), self.result(t)) for name, t in plan.gradients.items()],
            "parameters": [
                (t.name, self.shape(t.shape), self.name(t)) for t in program.of_role(Role.PARAMETER)
            ],
            "settings": [(t.name, self.name(t)) for t in hyperparameters],
            "state": [(t.name, self.name(t)) for t in (*program.of_role(Role.PARAMETER), *states)],
            "trains": bool(plan.update),
        }

    # --- names and places

    def buffer(self, tensor: Tensor) -> Buffer:
        return self.memory.owner(self.plan.of_tensor[tensor.name])

    def name(self, tensor: Tensor) -> str:
        return self.memory.name(self.buffer(tensor))

    def result(self, tensor: Tensor) -> str:
        """Where a number or an array lies."""
        buffer = self.buffer(tensor)
        if buffer.home is Home.INPUT:
            return self.memory.name(buffer)
        return f"{'w' if buffer.home in OF_WORKSPACE else 't'}.{self.memory.name(buffer)}"

    def described(self, tensor: Tensor) -> str:
        """A tensor's name and shape."""
        return f"{tensor.name} {self.memory.shape(self.plan.of_tensor[tensor.name])}"

    def shape(self, shape: Sequence[Expr]) -> str:
        """A shape, where t and w are known."""
        return f"[{', '.join(self.outside.whole(extent) for extent in shape)}]"

    def call(self, name: str, arguments: Sequence[Tensor]) -> str:
        return f"{name}({', '.join(['t', 'w', *map(self.name, arguments)])});"

    def _field(self, size: Expr) -> str:
        owner = "w" if size in self.memory.of_data else "t"
        return f"{owner}.{self.memory.size_name(size)}"

    # --- memory

    def trainer(self) -> Iterator[str]:
        """The lines that make the arrays and numbers of a trainer."""
        memory = self.memory
        for buffer in memory.numbers_of_trainer():
            tensor = self.program.tensors.get(buffer.name)
            value = self.program.values.get(buffer.name)
            if tensor is not None and tensor.role is Role.HYPERPARAMETER:
                yield f"t.{memory.name(buffer)} = {'NaN' if value is None else repr(float(value))};"
            else:
                yield f"t.{memory.name(buffer)} = 0;"
        for buffer in memory.in_trainer():
            count = self.inside.whole(length(buffer))
            yield f"t.{memory.name(buffer)} = new {ARRAYS[buffer.kind]}({count});  // {memory.shape(buffer)}"
        for name, (_, offset) in memory.vector_of.items():
            part = memory.used.get(name)
            if part is not None and memory.owner(part) == part:
                field, _ = memory.pointer(part)
                ends = ", ".join(map(self.inside.whole, (offset, offset + length(part))))
                yield f"t.{memory.name(part)} = t.{field}.subarray({ends});  // {memory.shape(part)}"

    def workspace(self) -> Iterator[str]:
        """The lines that make the arrays of a workspace."""
        memory = self.memory
        for buffer in memory.numbers_of_workspace():
            yield f"w.{memory.name(buffer)} = 0;"
        for buffer in memory.in_workspace():
            name = memory.name(buffer)
            if buffer.name in self.plan.owners:
                owner = memory.buffers[self.plan.owners[buffer.name]]
                yield f"w.{name} = w.{memory.name(owner)};  // the same memory, which is free by then"
            else:
                count = self.inside.whole(length(buffer))
                yield f"w.{name} = new {ARRAYS[buffer.kind]}({count});  // {memory.shape(buffer)}"

    def initialize(self) -> Iterator[str]:
        """The lines that draw parameters and forget what the optimizer remembers."""
        for tensor in self.program.of_role(Role.PARAMETER):
            start, name = start_of(tensor, self.program), self.name(tensor)
            if start.square is None:
                yield f"t.{name}.fill({float(start.value)});"
            else:
                yield f"for (let at = 0; at < t.{name}.length; at++)"
                bound = f"Math.sqrt({self.outside.real(start.square)})"
                yield f"  t.{name}[at] = (2 * random.uniform() - 1) * {bound};"
        for buffer in self.memory.in_trainer():
            if buffer.home is Home.STATE:
                tensor = self.plan.tensor_in(buffer)
                yield f"t.{self.memory.name(buffer)}.fill({float(tensor.initial)});"
        for tensor in self.program.of_role(Role.STATE):
            if not tensor.rank:
                value = float(self.program.values.get(tensor.name, tensor.initial))
                yield f"t.{self.name(tensor)} = {value!r};"


def _step(line: str) -> str:
    """A line with two spaces a level in place of four."""
    text = line.lstrip(" ")
    return " " * ((len(line) - len(text)) // 2) + text
