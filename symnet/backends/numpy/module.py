"""The whole module: what the template needs, from the schedule of a derivation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sympy import Expr, Integer

from symnet.backends import Meta
from symnet.backends.numpy.expressions import Expressions
from symnet.backends.numpy.start import start_of
from symnet.backends.numpy.statements import Statements, comment
from symnet.derivation.journal import Derived
from symnet.equations.text import equation_text
from symnet.index.symbols import Role, Size, Tensor
from symnet.lowering.instructions import Buffer, Home, Kind, Line, reads_of, writes_of
from symnet.lowering.schedule import Schedule, schedule
from symnet.rendering import render

DTYPES = {Kind.REAL: "dtype", Kind.MASK: "bool", Kind.PLACE: "np.intp"}


def generate(derived: Derived, meta: Meta) -> str:
    """The text of the module that trains the network of `derived`. Raises LoweringError where an equation has
    no array form.
    """
    return _Module(schedule(derived, meta.prediction), derived, meta).text()


@dataclass(frozen=True, slots=True)
class Method:
    """A method that runs one stretch of the array program."""

    name: str
    arguments: str
    call: str
    words: str
    lines: list[str]


class _Module:
    """The parts of the text, each from the schedule."""

    def __init__(self, plan: Schedule, derived: Derived, meta: Meta) -> None:
        self.plan = plan
        self.program = plan.program
        self.meta = meta
        self.loss_data = self.data(*plan.predict, *plan.loss, *plan.backward)
        self.predict_data = self.data(*plan.predict)
        self.known = {
            s: Integer(int(self.program.values[s.name]))
            for s in self.program.sizes
            if s.name in self.program.values
        }
        self.of_data = self.sizes_of_data()
        self.free = tuple(s for s in self.program.sizes if s not in self.known and s not in self.of_data)
        self.text_of = Expressions(
            self.known, self.of_data, dict(plan.owners), {b.name: b for b in plan.buffers}
        )
        for tensor in self.loss_data:
            self.text_of.buffer(plan.of_tensor[tensor.name])
        self.statements = Statements(self.text_of, plan.labels, plan.equations)

    # --- data and sizes
    # -----------------------------------------------------------------------------------------------

    def data(self, *lines: Line) -> tuple[Tensor, ...]:
        """The inputs and targets that the lines read, inputs first."""
        read = {view.buffer.name for line in lines for view in reads_of(line.instruction)}
        if self.plan.prediction is not None:
            read.add(self.plan.of_tensor[self.plan.prediction.name].name)
        return tuple(
            t for role in (Role.INPUT, Role.TARGET) for t in self.program.of_role(role) if t.name in read
        )

    def sizes_of_data(self) -> tuple[Size, ...]:
        """The sizes that are read off the data, before anything else is known."""
        own = {
            s
            for t in self.program.of_role(Role.PARAMETER, Role.STATE)
            for extent in t.shape
            for s in extent.atoms(Size)
        }
        seen = [
            extent
            for t in self.predict_data or self.loss_data
            for extent in t.shape
            if isinstance(extent, Size)
        ]
        return tuple(dict.fromkeys(s for s in seen if s not in self.known and s not in own))

    def checks(self, data: Sequence[Tensor]) -> list[str]:
        """The lines that make arrays of the arguments, compare their shapes, and read the sizes off them."""
        with self.text_of.place("workspace"):
            lines = []
            for tensor in data:
                name = self.argument(tensor)
                if tensor.integer:
                    lines.append(
                        f'{name} = np.ascontiguousarray({name}).astype(np.intp, casting="same_kind", copy=False)'
                    )
                else:
                    lines.append(
                        f"{name} = np.{'ascontiguousarray' if tensor.rank else 'asarray'}({name}, self.dtype)"
                    )
            for size in self.of_data:
                lines.append(f"{self.text_of.symbol(size)} = {self.origin(size, data)}")
            for size in self.free:
                if any(extent.has(size) for tensor in data for extent in tensor.shape):
                    lines.append(
                        f"{self.text_of.symbol(size)} = self.{self.text_of.trainer.of(size, size.name)}"
                    )
            ranked = [tensor for tensor in data if tensor.rank]
            tests = [f"{self.argument(t)}.shape != {self.text_of.shape(t.shape)}" for t in ranked]
            if tests:
                shapes = ", ".join(f'"{t.name}": {self.argument(t)}.shape' for t in ranked)
                expected = ", ".join(f'"{t.name}": "{self.shape_words(t)}"' for t in ranked)
                lines.append(f"if {' or '.join(tests)}:")
                lines.append(f"    raise shape_error({{{shapes}}}, {{{expected}}})")
            return lines

    def workspace_of(self) -> list[str]:
        """The lines that find the workspace for the data, or make it."""
        with self.text_of.place("workspace"):
            return [
                f"w = self._workspaces.get({self.key()})",
                "if w is None:",
                f"    w = self._workspace({', '.join(map(self.text_of.symbol, self.of_data))})",
            ]

    def origin(self, size: Size, data: Sequence[Tensor]) -> str:
        """Where a size of the data is read."""
        tensor = next(tensor for tensor in data if size in tensor.shape)
        axis, name = tensor.shape.index(size), self.argument(tensor)
        return (
            f"{name}.shape[{axis}]" if axis == 0 else f"{name}.shape[{axis}] if {name}.ndim > {axis} else 0"
        )

    def key(self) -> str:
        names = [self.text_of.symbol(size) for size in self.of_data]
        return names[0] if len(names) == 1 else f"({', '.join(names)})"

    def argument(self, tensor: Tensor) -> str:
        return self.text_of.buffer(self.plan.of_tensor[tensor.name])

    def shape_words(self, tensor: Tensor) -> str:
        """A shape as a person reads it: numbers where they are known, names where they are not."""
        sizes = [str(extent.xreplace(self.known)) for extent in tensor.shape]
        return f"({sizes[0]},)" if len(sizes) == 1 else f"({', '.join(sizes)})"

    # --- the methods that compute
    # -------------------------------------------------------------------------------------

    def method(self, name: str, lines: Sequence[Line], words: str) -> Method:
        """The method for one stretch, with the arguments that its lines need."""
        body = self.statements.block(lines) or ["pass"]
        names = [self.argument(tensor) for tensor in self.data(*lines) if self.is_read(tensor, lines)]
        if any("w." in line.partition("#")[0] for line in body):
            names.insert(0, "w")
        return Method(name, ", ".join(["self", *names]), f"self.{name}({', '.join(names)})", words, body)

    def is_read(self, tensor: Tensor, lines: Sequence[Line]) -> bool:
        return any(view.buffer.name == tensor.name for line in lines for view in reads_of(line.instruction))

    def methods(self) -> dict[str, Method]:
        plan = self.plan
        stretches = {
            "_predict": (plan.predict, "From the inputs to the prediction."),
            "_loss": (
                plan.loss,
                "From there to the loss." if plan.predict else "From the inputs to the loss.",
            ),
            "_backward": (plan.backward, "The chain rule, from the loss back to every gradient."),
            "_update": (plan.update, "One step of the optimizer: every parameter at once, in place."),
        }
        return {
            name: self.method(name, lines, words)
            for name, (lines, words) in stretches.items()
            if lines or name == "_loss"
        }

    # --- memory
    # -------------------------------------------------------------------------------------------------------

    def used(self) -> list[Buffer]:
        """Every buffer that a line touches, in that order."""
        found: dict[str, Buffer] = {}
        lines = (
            *self.plan.setup,
            *self.plan.predict,
            *self.plan.loss,
            *self.plan.backward,
            *self.plan.update,
        )
        for line in lines:
            for view in (*reads_of(line.instruction), *writes_of(line.instruction)):
                for buffer in (view.buffer, view.zero):
                    if buffer is not None:
                        found.setdefault(buffer.name, buffer)
        return list(found.values())

    def workspace(self) -> list[str]:
        """The body of the Workspace: sizes, arrays, views of them, and what is computed once."""
        with self.text_of.place("workspace"):
            setup = self.statements.block(self.plan.setup)
            names = [(self.text_of.workspace.of(s, s.name), self.text_of.symbol(s)) for s in self.of_data]
            lines = [f"w.{attribute} = {local}" for attribute, local in names]
            for buffer in self.used():
                if buffer.home in (Home.WORKSPACE, Home.CONSTANT) and (
                    buffer.shape or buffer.name not in self.plan.equations
                ):
                    lines.append(self.allocation(buffer))
            return lines + self.views("w.") + setup

    def allocation(self, buffer: Buffer) -> str:
        target = self.text_of.buffer(buffer)
        if buffer.name in self.plan.owners:
            owner = self.text_of.buffer(self.text_of.buffers[self.plan.owners[buffer.name]])
            return f"{target} = {owner}  # the same memory, which is free by then"
        if buffer.content == "arange":
            return f"{target} = np.arange({self.text_of.size(buffer.shape[0])}, dtype={DTYPES[buffer.kind]})"
        return f"{target} = np.{buffer.content or 'empty'}({self.text_of.shape(buffer.shape)}, {DTYPES[buffer.kind]})"

    def views(self, owner: str) -> list[str]:
        """The views that are made once, of the arrays of the workspace ("w.") or of the Trainer ("self.")."""
        found = {view: name for view, name in self.text_of.bound.items() if name.startswith(owner)}
        lines = [
            f"{name} = {self.text_of.look(self.text_of.buffer(view.buffer), view)}"
            for view, name in found.items()
        ]
        return (
            ["# The same memory seen in another shape, so that no step makes a view.", *lines]
            if lines
            else []
        )

    def trainer(self) -> list[str]:
        """The body of the Trainer's __init__: hyperparameters, parameters, gradients, what the optimizer
        remembers.
        """
        with self.text_of.place("init"):
            lines = [
                f"self.{self.text_of.trainer.of(s, s.name)} = {self.text_of.symbol(s)}" for s in self.free
            ]
            lines += list(self.numbers())
            placed: set[str] = set()
            for stack in self.plan.stacks:
                lines += comment(
                    "All parameters lie one after another in one vector, and so do their gradients: an update is then a",
                    "",
                )
                lines += comment("few operations for the whole network.", "")
                lines.append(f"shapes = [{', '.join(self.text_of.shape(t.shape) for t in stack.parts[0])}]")
                for vector, members in zip(stack.vectors, stack.parts, strict=True):
                    name = self.text_of.buffer(self.plan.of_tensor[vector.name])
                    lines.append(f"{name} = np.zeros({self.count(vector.shape)}, dtype)")
                    if vector.role is not Role.STATE:
                        targets = ", ".join(self.text_of.buffer(self.plan.of_tensor[t.name]) for t in members)
                        comma = "," if len(members) == 1 else ""
                        lines.append(f"{targets}{comma} = parts({name}, shapes)")
                    placed |= {t.name for t in members}
            for tensor in self.program.tensors.values():
                buffer = self.plan.of_tensor.get(tensor.name)
                homes = (Home.PARAMETER, Home.GRADIENT, Home.STATE)
                if (
                    buffer is not None
                    and buffer.name == tensor.name
                    and buffer.home in homes
                    and tensor.name not in placed
                ):
                    lines.append(
                        f"{self.text_of.buffer(buffer)} = np.zeros({self.text_of.shape(tensor.shape)}, dtype)"
                    )
            for buffer in self.used():
                if buffer.home is Home.UPDATE and buffer.shape and buffer.name not in self.plan.owners:
                    lines.append(
                        f"{self.text_of.buffer(buffer)} = np.empty({self.text_of.shape(buffer.shape)}, dtype)"
                    )
            pairs = ", ".join(f'"{t.name}": {self.of(t)}' for t in self.program.of_role(Role.PARAMETER))
            lines.append(f"self.parameters = {{{pairs}}}")
            return lines + self.views("self.")

    def count(self, shape: tuple[Expr, ...]) -> str:
        return self.text_of.size(shape[0])

    def numbers(self) -> Iterator[str]:
        """The hyperparameters with their values; those without one are arguments."""
        for tensor in self.program.of_role(Role.HYPERPARAMETER):
            value = self.program.values.get(tensor.name)
            yield f"{self.of(tensor)} = {self.text_of.local.of(tensor.name) if value is None else repr(float(value))}"

    def of(self, tensor: Tensor) -> str:
        return self.text_of.buffer(self.plan.of_tensor[tensor.name])

    def initialize(self) -> list[str]:
        """The first value of every parameter and state."""
        lines = []
        with self.text_of.place("method"):
            for tensor in self.program.of_role(Role.PARAMETER):
                start, name = start_of(tensor, self.program), self.of(tensor)
                if start.square is None:
                    lines.append(f"{name}[...] = {float(start.value)}")
                else:
                    bound = f"np.sqrt({self.text_of.size(start.square)})"
                    lines.append(f"{name}[...] = random.uniform(-1.0, 1.0, {name}.shape) * {bound}")
            for vector in self.states():
                lines.append(f"{self.of(vector)}[...] = 0.0")
            for tensor in self.counters():
                lines.append(f"{self.of(tensor)} = {float(self.program.values.get(tensor.name, 0.0))}")
        return lines

    def states(self) -> list[Tensor]:
        """What the optimizer remembers, as it lies in memory."""
        stacked = [v for stack in self.plan.stacks for v in stack.vectors if v.role is Role.STATE]
        inside = {t.name for stack in self.plan.stacks for members in stack.parts for t in members}
        return stacked + [t for t in self.program.of_role(Role.STATE) if t.rank and t.name not in inside]

    def counters(self) -> list[Tensor]:
        """Numbers that an optimizer counts with."""
        return [t for t in self.program.of_role(Role.STATE) if not t.rank]

    # --- the text
    # -----------------------------------------------------------------------------------------------------

    def text(self) -> str:
        methods = self.methods()
        forward = [methods[name].call for name in ("_predict", "_loss") if name in methods]
        arguments = [self.argument(t) for t in self.loss_data]
        missing = [
            t.name for t in self.program.of_role(Role.HYPERPARAMETER) if t.name not in self.program.values
        ]
        values = {
            **self.words(),
            **self.about_data(),
            **self.about_state(),
            "methods": list(methods.values()),
            "forward_calls": forward,
            "backward_call": methods["_backward"].call if "_backward" in methods else "pass",
            "update": "_update" in methods,
            "update_call": methods["_update"].call if "_update" in methods else "",
            "predict": self.plan.prediction is not None,
            "predict_call": methods["_predict"].call.partition("(")[2][:-1] if "_predict" in methods else "",
            "prediction": self.of(self.plan.prediction) if self.plan.prediction else "",
            "arguments": ", ".join(arguments),
            "signature": ", ".join(["self", *arguments]),
            "loss_value": self.of(self.plan.loss_tensor),
            "initialize": self.initialize(),
            "uses_erf": any("erf(" in line for method in methods.values() for line in method.lines),
            "epochs": self.meta.epochs,
            "batch_size": self.meta.batch_size,
            "batch_size_words": self.meta.batch_size or "all of them at once",
            "seed": self.meta.seed,
            "size_names": [*(s.name for s in self.free), *missing],
        }
        names = [*(self.text_of.local.of(s, s.name) for s in self.free), *map(self.text_of.local.of, missing)]
        values["size_arguments"] = "".join([", *", *(f", {name}" for name in names)]) if names else ""
        values["size_values"] = "".join(f", {name}=options.{name}" for name in names)
        values["workspace"] = self.workspace()
        values["trainer"] = self.trainer()
        return _tidy(render("symnet.backends.numpy", "TRAINER.py.jinja", values))

    def about_data(self) -> dict[str, object]:
        """What the template says of the arguments, their checks and the workspace for them."""
        with self.text_of.place("workspace"):
            sizes = [self.text_of.symbol(size) for size in self.of_data]
            free = [f"self.{self.text_of.trainer.of(s, s.name)}" for s in self.free]
            first = next((t for t in self.loss_data if t.rank and t.shape[0] in self.of_data), None)
            batch = first.shape[0] if first is not None else None
            chosen = [
                f"{self.argument(t)}{'[chosen]' if t.rank and t.shape[0] == batch else ''}"
                for t in self.loss_data
            ]
            local = [self.text_of.symbol(s) for s in self.free]
            return {
                "checks": self.checks(self.loss_data),
                "predict_checks": self.checks(self.predict_data) if self.predict_data else [],
                "find_workspace": self.workspace_of(),
                "floats": [(t.name, self.argument(t)) for t in self.loss_data if not t.integer],
                "predict_floats": [(t.name, self.argument(t)) for t in self.predict_data if not t.integer],
                "predict_signature": ", ".join(["self", *(self.argument(t) for t in self.predict_data)]),
                "batch": self.text_of.symbol(batch) if batch is not None else "",
                "chosen": ", ".join(chosen),
                "key": self.key(),
                "key_signature": ", ".join(["self", *sizes]),
                "empty_condition": " or ".join(f"{size} == 0" for size in sizes) or "False",
                "workspace_arguments": ", ".join([*sizes, *local, "dtype"]),
                "workspace_call": ", ".join([*sizes, *free, "self.dtype"]),
                "data_list": repr([t.name for t in self.loss_data]),
                "data_names": ", ".join(f"{t.name} {self.shape_words(t)}" for t in self.loss_data),
            }

    def about_state(self) -> dict[str, object]:
        """What is saved and loaded, and the gradients."""
        state = [(_key(t.name), self.of(t)) for t in self.program.of_role(Role.PARAMETER)]
        state += [(f"optimizer.{t.name}", self.of(t)) for t in self.states()]
        load = [f'{name}[...] = found["{key}"]' for key, name in state]
        for tensor in self.counters():
            load.append(f'{self.of(tensor)} = float(found["optimizer.{tensor.name}"])')
            state.append((f"optimizer.{tensor.name}", f"np.array({self.of(tensor)})"))
        rate = next((t for t in self.program.of_role(Role.HYPERPARAMETER) if t.name == "learning_rate"), None)
        value = self.program.values.get("learning_rate")
        return {
            "state": state,
            "load": load,
            "has_state": bool(self.states() or self.counters()),
            "gradients": [(name, self.of(tensor)) for name, tensor in self.plan.gradients.items()],
            "learning_rate": (self.of(rate).replace("self.", "trainer."), float(value))
            if rate and value is not None
            else (),
        }

    def words(self) -> dict[str, object]:
        """The sentences."""
        meta = self.meta
        given = self.program.of_role(Role.INPUT, Role.TARGET, Role.PARAMETER)
        shapes = ", ".join(f"{t.name} {self.shape_words(t)}" for t in given)
        numbers = [t.name for t in self.program.of_role(Role.HYPERPARAMETER)]
        prediction = self.plan.prediction
        return {
            "title": _harmless(f"A trainer for the network {meta.name}."),
            "source": _harmless(meta.source),
            "command": _harmless(meta.command),
            "description": repr(_harmless(f"Train the network {meta.name}.")),
            "shapes": shapes,
            "equations": list(self.numbered_equations()),
            "trainer_words": [f"Attributes that may be set: {', '.join(numbers)}."] if numbers else [],
            "predict_words": f"{prediction.name} {self.shape_words(prediction)}, a new array."
            if prediction
            else "",
            "argument_words": ", ".join(f"{t.name} {self.shape_words(t)}" for t in self.loss_data),
            "gradient_words": ", ".join(self.plan.gradients),
            "optimizer_words": "the optimizer",
            "validation_words": "a tuple " + ", ".join(t.name for t in self.loss_data),
        }

    def numbered_equations(self) -> Iterator[str]:
        """The equations as they are numbered in the derivation."""
        for equation in self.program.equations:
            label = self.plan.labels.get(equation.tensor.name, "")
            first, *more = comment(equation_text(equation), "")
            yield f"{f'({label})':>7}  {first[2:]}"
            yield from (f"         {line[2:]}" for line in more)


def _key(name: str) -> str:
    """The name of an array in an npz file; np.savez takes these words for arguments of its own."""
    return f"{name}_" if name in ("file", "allow_pickle", "args", "kwds") else name


def _harmless(text: str) -> str:
    """Text that can stand in a docstring: printable ASCII without quotes and backslashes."""
    return "".join(
        c if " " <= c <= "~" and c not in '"\\' else "'" if c == '"' else "/" if c == "\\" else "?"
        for c in text
    )


def _tidy(text: str) -> str:
    """The text without spaces at the ends of its lines."""
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"
