"""The whole module: what the template needs, from the schedule of a derivation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sympy import Integer

from symnet import course, streams
from symnet.backends import Meta
from symnet.backends.numpy import beyond
from symnet.backends.numpy.arguments import Arguments
from symnet.backends.numpy.expressions import OF_NORMAL, Expressions
from symnet.backends.numpy.names import LOCAL, TRAINER, Names
from symnet.backends.numpy.numbers import NumberSteps
from symnet.backends.numpy.plain import plain
from symnet.backends.numpy.solving import Solving
from symnet.backends.numpy.statements import Statements, comment
from symnet.backends.numpy.storage import Storage
from symnet.derivation.journal import Derived
from symnet.equations.program import Program
from symnet.equations.text import equation_text
from symnet.index.symbols import Role, Tensor
from symnet.lowering.beyond import Beyond
from symnet.lowering.given import data_of, drawn_of, sizes_of_data
from symnet.lowering.instructions import Line, New
from symnet.lowering.rates import with_rate_inside
from symnet.lowering.schedule import Schedule, schedule
from symnet.lowering.unroll import Unrolled, unroll
from symnet.registry import solver
from symnet.rendering import render


def generate(derived: Derived, meta: Meta) -> str:
    """The text of the module that trains the network of `derived`. Raises LoweringError where an equation has
    no array form.
    """
    solving = solving_of(meta)
    computed, rate = (derived, None) if solving else with_rate_inside(derived)
    unrolled = None if meta.form == "arrays" else unroll(computed, meta.form == "numbers")
    plan = schedule(computed, meta.prediction, packed=solving is not None)
    return Module(plan, meta, solving, unrolled, Origin(derived.computed, rate)).text()


def solving_of(meta: Meta) -> Solving | None:
    """The solver that trains, with its settings; None where steps of an optimizer do."""
    found = solver(meta.solver)
    return Solving(found, {**found.settings, **meta.settings}) if found else None


@dataclass(frozen=True, slots=True)
class Origin:
    """What the passes before the schedule made of the equations."""

    program: Program  # as they were derived
    rate: Tensor | None  # which the first derivatives have as a factor now, if any


NONE: frozenset[str] = frozenset()
NO_NUMBERS: dict[str, Any] = {"numbers": [], "of_math": []}


@dataclass(frozen=True, slots=True)
class Method:
    """A method that runs one stretch of the array program."""

    name: str
    arguments: str
    call: str
    words: str
    lines: list[str]


class Module:
    """The parts of the text, each from the schedule."""

    def __init__(
        self,
        plan: Schedule,
        meta: Meta,
        solving: Solving | None = None,
        unrolled: Unrolled | None = None,
        origin: Origin | None = None,
    ) -> None:
        self.plan = plan
        self.origin = origin or Origin(plan.program, None)
        self.unrolled = unrolled
        self.solving = solving
        self.program = plan.program
        self.meta = meta
        predicted = plan.of_tensor[plan.prediction.name].name if plan.prediction else ""
        training = (*plan.predict, *plan.loss, *plan.backward, *plan.update)
        whole = data_of(plan, (*training, *plan.infer), predicted)
        inputs = data_of(plan, (*plan.predict, *plan.infer), predicted)
        self.random = drawn_of(plan, training)
        self.text_of = Expressions(
            known={
                s: Integer(self.program.values[s.name])
                for s in self.program.sizes
                if s.name in self.program.values
            },
            of_data=sizes_of_data(plan.program, inputs or whole),
            sizes=self.program.sizes,
            owners=dict(plan.owners),
            buffers={buffer.name: buffer for buffer in plan.buffers},
            trainer=Names(
                TRAINER | beyond.of_the_trainer(plan) | (solving.of_the_trainer() if solving else NONE)
            ),
            local=Names(
                LOCAL | (beyond.LOCAL if plan.beyond else NONE) | (solving.local() if solving else NONE)
            ),
        )
        if solving:
            solving.name_vectors(plan, self.text_of.trainer)
        self.arguments = Arguments(plan, self.text_of, whole)
        self.inputs = Arguments(plan, self.text_of, inputs)
        self.statements = Statements(self.text_of, plan.labels, plan.equations)
        self.storage = Storage(plan, self.text_of, self.statements)

    @property
    def reads(self) -> bool:
        """Whether `fit` takes data that do not lie in memory: where it trains by batches."""
        batch, _ = self.arguments.batch()
        return bool(batch) and self.meta.batch_size is not None and self.solving is None

    def text(self) -> str:
        """The whole module."""
        return tidy(render("symnet.backends.numpy", "TRAINER.py.jinja", self.values()))

    def values(self) -> dict[str, object]:
        """All that the template names."""
        methods = self.methods()  # first: they say which views there must be
        call = {name: method.call for name, method in methods.items()}
        workspace, trainer = self.storage.workspace(), self.storage.trainer()
        written = [*workspace, *trainer, *(line for method in methods.values() for line in method.lines)]
        return {
            **self.words(),
            **self.signatures(),
            **self.training(),
            "methods": list(methods.values()),
            "directions": any(stretch.further.directions for stretch in self.plan.beyond),
            "beyond": [self.beyond(stretch, call) for stretch in self.plan.beyond],
            "forward_calls": [call[name] for name in ("_draw", "_predict", "_loss") if name in call],
            "backward_call": call.get("_backward", "pass"),
            "descent_call": self.descent(call.get("_backward", "pass")),
            "update": "_update" in call,
            "update_call": call.get("_update", ""),
            "predict_calls": [call[name] for name in ("_predict", "_infer") if name in call] or ["pass"],
            "initialize": list(self.storage.initialize()),
            "uses_windows": any("windows(" in line for line in written),
            "special": {name for name in OF_NORMAL if any(f"{name}(" in line for line in written)},
            "limit": any("self._limit" in line for line in written),
            "workspace": workspace,
            "trainer": trainer,
            "more": "",
            **self.solved(call),
            **self.fitted(call, self.by_number()),
        }

    def fitted(self, call: Mapping[str, str], numbers: Mapping[str, Any]) -> dict[str, object]:
        """What `fit` needs from outside the class, where an optimizer takes the steps; and the step that
        `numbers` are.
        """
        parts: list[type | Callable[..., object]] = []
        if not self.solving and "_update" in call:
            parts = [*course.PARTS, *(streams.PARTS if self.reads else (streams.Rows,))]
        imports = ["argparse", *(["itertools", "json"] if parts else []), "sys"]
        of_math = sorted([*numbers["of_math"], "isfinite"])
        text = [plain(part) for part in parts]
        return {**numbers, "of_math": of_math, "fit_parts": text, "reads": self.reads, "imports": imports}

    def by_number(self) -> dict[str, Any]:
        """A step number by number, where that is the faster form for few samples."""
        if self.unrolled is None:
            return NO_NUMBERS
        return NO_NUMBERS | NumberSteps(self.plan, self.unrolled, self.text_of, self.storage).values(
            self.meta.form == "numbers"
        )

    def solved(self, call: Mapping[str, str]) -> dict[str, object]:
        """What a solver needs, where one trains."""
        solving = self.solving
        return {
            "solver_name": solving.name if solving else "",
            "solver_source": solving.solver.source if solving else "",
            "solver_functions": solving.functions() if solving else [],
            "solver_lines": solving.trainer() if solving else [],
            "solver_start": solving.initialize() if solving else [],
            "product_call": call["_product"] if solving and solving.solver.product else "",
            "trains": solving is not None or "_update" in call,
        }

    def methods(self) -> dict[str, Method]:
        """The stretches of the array program, each a method."""
        plan = self.plan
        stretches = {
            "_predict": (plan.predict, "From the inputs to the prediction."),
            "_infer": (plan.infer, "What only a prediction needs, and no step of training."),
            "_loss": (
                plan.loss,
                "From there to the loss." if plan.predict else "From the inputs to the loss.",
            ),
            "_backward": (plan.backward, self.backward_words()),
            "_update": (plan.update, "One step of the optimizer, in place."),
        }
        stretches |= {
            f"_before_{s.name}": (s.before, f"What `{s.name}` needs of the forward and the backward pass.")
            for s in plan.beyond
        }
        stretches |= {
            f"_{s.name}": (s.lines, harmless(f"{beyond.sentence(s.further)}.")) for s in plan.beyond
        }
        found = {name: self.method(name, lines, words) for name, (lines, words) in stretches.items() if lines}
        return found | ({"_draw": self.draw()} if self.random else {})

    def descent(self, call: str) -> str:
        """The call of the backward pass in a step, with the learning rate where others give 1."""
        rate = self.origin.rate
        return call if rate is None else f"{call.removesuffix('1.0)')}{self.storage.of(rate)})"

    def beyond(self, stretch: Beyond, calls: Mapping[str, str]) -> beyond.Method:
        """The method for something that is derived beyond the gradients."""
        methods = beyond.Methods(self.plan, self.text_of, self.arguments, calls)
        method = methods.method(stretch)
        return replace(method, words=harmless(method.words))

    def backward_words(self) -> str:
        """What the backward pass does."""
        words = "The chain rule, from the loss back to every gradient"
        rate = self.origin.rate
        return f"{words}, each of them times `{rate.name}`." if rate else f"{words}."

    def draw(self) -> Method:
        """The method that draws what is random, where it is not given."""
        lines: list[str] = []
        for tensor in self.random:
            place = self.text_of.buffer(self.plan.of_tensor[tensor.name])
            lines.append(f"if {tensor.name} is None:")
            lines.append(f"    self.random.random(dtype=self.dtype, out={place})")
            lines.append("else:")
            lines.append(f"    {place}[...] = {tensor.name}")
        names = ", ".join(["w", *(tensor.name for tensor in self.random)])
        words = "Random numbers from 0 to 1, new for each step; those that are given are taken."
        return Method("_draw", f"self, {names}", f"self._draw({names})", words, lines)

    def method(self, name: str, lines: Sequence[Line], words: str) -> Method:
        """The method for one stretch, with the arguments that its lines need."""
        rate = self.origin.rate if name == "_backward" else None
        with self.text_of.passed([self.plan.of_tensor[rate.name]] if rate else []) as passed:
            body = self.statements.block(lines)
        names = [self.arguments.name(tensor) for tensor in data_of(self.plan, lines)]
        if any("w." in line.partition("#")[0] for line in body):
            names.insert(0, "w")
        call = f"self.{name}({', '.join([*names, *('1.0' for _ in passed)])})"
        names += passed
        new = [line.instruction.out for line in lines if isinstance(line.instruction, New)]
        if new:
            results = ", ".join(map(self.text_of.buffer, new))
            body, call = [*body, f"return {results}"], f"{results} = {call}"
        return Method(name, ", ".join(["self", *names]), call, words, body)

    def signatures(self) -> dict[str, object]:
        """What the methods take, how it is checked, and how the workspace for it is found."""
        text_of, arguments, inputs = self.text_of, self.arguments, self.inputs
        missing = [
            t.name for t in self.program.of_role(Role.HYPERPARAMETER) if t.name not in self.program.values
        ]
        with text_of.place("workspace"):
            sizes = [text_of.symbol(size) for size in text_of.of_data]
            free = [text_of.symbol(size) for size in text_of.free]
            key = sizes[0] if len(sizes) == 1 else f"({', '.join(sizes)})"
            wanted = [*free, *map(text_of.local.of, missing)]
            batch, sampled = arguments.batch()
            return {
                "arguments": ", ".join(arguments.names),
                "signature": ", ".join([arguments.signature, *(f"{t.name}=None" for t in self.random)]),
                "fit_signature": ", ".join(
                    ["self", *arguments.names[:1], *(f"{n}=None" for n in arguments.names[1:])]
                    if self.reads
                    else ["self", *arguments.names]
                ),
                "step_signature": arguments.signature,
                "step_arguments": ", ".join([*arguments.names, *(t.name for t in self.random)]),
                "step_sizes": [f"{text_of.symbol(s)} = {arguments.origin(s)}" for s in text_of.of_data],
                "random": bool(self.random),
                "checks": arguments.checks(),
                "floats": arguments.floats,
                "predict_signature": inputs.signature,
                "predict_checks": inputs.checks() if inputs.data else [],
                "predict_floats": inputs.floats,
                "batch": batch,
                "sampled": sampled,
                "first": arguments.names[sampled.index(True)] if batch else "",
                "fields": arguments.fields() if batch else [],
                "key": key,
                "key_signature": ", ".join(["self", *sizes]),
                "find_workspace": [
                    f"w = self._workspaces.get({key})",
                    "if w is None:",
                    f"    w = self._workspace({', '.join(sizes)})",
                ],
                "empty_condition": " or ".join(f"{size} == 0" for size in sizes) or "False",
                "workspace_arguments": ", ".join([*sizes, *free, "dtype"]),
                "workspace_call": ", ".join([*sizes, *map(text_of.kept, text_of.free), "self.dtype"]),
                "size_names": [*(size.name for size in text_of.free), *missing],
                "size_arguments": "".join([", *", *(f", {name}" for name in wanted)]) if wanted else "",
                "size_values": "".join(f", {name}=options.{name}" for name in wanted),
                "data_list": repr([tensor.name for tensor in arguments.data]),
                "data_names": arguments.words,
            }

    def training(self) -> dict[str, object]:
        """What is predicted, saved, returned and set."""
        state, load = self.storage.saved()
        remembered = self.solving.saved() if self.solving else ([], [])
        state, load = state + remembered[0], load + remembered[1]
        rate = next((t for t in self.program.of_role(Role.HYPERPARAMETER) if t.name == "learning_rate"), None)
        value = self.program.values.get("learning_rate")
        prediction = self.plan.prediction
        return {
            "predict": prediction is not None,
            "prediction": self.storage.of(prediction) if prediction else "",
            "loss_value": self.storage.of(self.plan.loss_tensor),
            "gradients": [(name, self.storage.of(tensor)) for name, tensor in self.plan.gradients.items()],
            "state": state,
            "load": load,
            "has_state": bool(self.storage.states() or self.storage.counters() or remembered[0]),
            "learning_rate": (self.storage.of(rate).replace("self.", "trainer."), float(value))
            if rate is not None and value is not None
            else (),
            "epochs": self.meta.epochs,
            "batch_size": self.meta.batch_size,
            "batch_size_words": self.meta.batch_size or "all of them at once",
            "seed": self.meta.seed,
        }

    def words(self) -> dict[str, object]:
        """The sentences."""
        given = self.program.of_role(Role.INPUT, Role.TARGET, Role.PARAMETER)
        numbers = [t.name for t in self.program.of_role(Role.HYPERPARAMETER)]
        numbers += self.solving.settings if self.solving else []
        prediction = self.plan.prediction
        predicted = f"{prediction.name} {self.text_of.shape_words(prediction.shape)}" if prediction else ""
        return {
            "title": harmless(f"A trainer for the network {self.meta.name}."),
            "source": harmless(self.meta.source),
            "command": harmless(self.meta.command),
            "description": repr(harmless(f"Train the network {self.meta.name}.")),
            "shapes": ", ".join(f"{t.name} {self.text_of.shape_words(t.shape)}" for t in given),
            "equations": list(self.numbered_equations()),
            "trainer_words": [f"Attributes that may be set: {', '.join(numbers)}."] if numbers else [],
            "predict_words": f"{predicted}, a new array, from {self.inputs.words}.",
            "argument_words": self.arguments.words,
            "gradient_words": ", ".join(self.plan.gradients),
            "argument_names": ", ".join(t.name for t in self.arguments.data),
            "validation_words": f"a tuple {', '.join(t.name for t in self.arguments.data)}",
        }

    def numbered_equations(self) -> Iterator[str]:
        """The equations as they are numbered in the derivation."""
        further = (equation for stretch in self.plan.beyond for equation in stretch.further.equations)
        for equation in (*self.origin.program.equations, *further):
            label = self.plan.labels.get(equation.tensor.name, "")
            first, *more = comment(equation_text(equation), "")
            number = f"({label})" if label else ""
            yield f"{number:>7}  {first[2:]}"
            yield from (f"         {line[2:]}" for line in more)


def harmless(text: str) -> str:
    """Text that can stand in a docstring: printable ASCII without double quotes and backslashes."""
    replaced = text.replace('"', "'").replace("\\", "/")
    return "".join(character if " " <= character <= "~" else "?" for character in replaced)


def tidy(text: str) -> str:
    """The text without spaces at the ends of its lines."""
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"
