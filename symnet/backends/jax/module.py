"""The whole module: what the templates need, from a derivation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from sympy import Integer

from symnet.backends import Meta
from symnet.backends.jax.arguments import DataArguments
from symnet.backends.jax.beyond import JaxMethods, Method
from symnet.backends.jax.expressions import Expressions
from symnet.backends.jax.names import LOCAL, TRAINER, VALUES
from symnet.backends.jax.statements import Statements
from symnet.backends.jax.storage import Storage
from symnet.backends.numpy.beyond import sentence
from symnet.backends.numpy.expressions import Expressions as Signatures
from symnet.backends.numpy.module import harmless, tidy
from symnet.backends.numpy.names import Names
from symnet.backends.numpy.statements import comment
from symnet.derivation.journal import Derived
from symnet.equations.text import equation_text
from symnet.errors import SymnetError
from symnet.index.symbols import Role, Size, Tensor
from symnet.lowering.extents import Extents
from symnet.lowering.given import sizes_of_data
from symnet.lowering.recurrence import Part, equations_of
from symnet.lowering.stack import stack_updates
from symnet.lowering.stretches import further_tensors, gradients_of, stretch_beyond, stretches_of
from symnet.rendering import render

HELPERS = ("at", "scatter", "windows", "fold", "bell", "normal_pdf")
"""The functions that a module brings with it where its lines call them."""
FIRST = {
    "predict": "From the inputs to the prediction.",
    "infer": "What only a prediction needs, and no step of training.",
    "loss": "On to the loss.",
    "backward": "The chain rule, from the loss back to every gradient.",
}


def generate(derived: Derived, meta: Meta) -> str:
    """The text of the module that trains the network of `derived`. Raises LoweringError where an equation has
    no array form.
    """
    if meta.solver:
        raise SymnetError(
            f"the solver {meta.solver} works in NumPy's memory",
            place="backend jax",
            expected="the backend numpy, or one of the optimizers of `symnet list`",
        )
    return _Module(derived, meta).text()


@dataclass(frozen=True, slots=True)
class Stretch:
    """A function of the module that computes some of the equations."""

    name: str
    words: str
    lines: list[str]


class _Module:
    """The parts of the text, each from the derivation."""

    def __init__(self, derived: Derived, meta: Meta) -> None:
        self.derived, self.meta, self.program = derived, meta, derived.computed
        self.prediction = self.program.tensors[meta.prediction] if meta.prediction else None
        self.gradients = gradients_of(derived)
        taken = set(self.program.tensors) | {size.name for size in self.program.sizes}
        self.parts = dict(zip(FIRST, stretches_of(derived, self.prediction, taken), strict=True))
        stacks, _ = stack_updates(derived.updates, self.program.tensors, taken)
        known = {
            s: Integer(self.program.values[s.name])
            for s in self.program.sizes
            if s.name in self.program.values
        }
        results = [derived.loss.name, *(t.name for t in self.gradients.values())]
        predicted = [meta.prediction] if meta.prediction else []
        inputs = self.program.arguments(*predicted) if predicted else ()
        whole = self.program.arguments(*results, *predicted)
        self.signatures = Signatures(
            known=known,
            of_data=sizes_of_data(self.program, inputs or whole),
            sizes=self.program.sizes,
            owners={},
            buffers={},
            trainer=Names(TRAINER | {f.name for f in derived.further}),
            local=Names(LOCAL | {f.name for f in derived.further}),
        )
        self.text_of = Expressions(Extents(self.program.values), known, Names(VALUES), Names(LOCAL))
        self.arguments = DataArguments(self.program, self.signatures, whole)
        self.inputs = DataArguments(self.program, self.signatures, inputs)
        self.storage = Storage(self.program, self.signatures, self.text_of, stacks)
        training = self.program.sources(*results, *(e.tensor.name for e in derived.updates))
        self.random = [t for t in self.program.of_role(Role.RANDOM) if t.name in training]
        self.beyond = {f.name: stretch_beyond(self.program, f, taken) for f in derived.further}
        self.statements = Statements(self.program, self.tensors(), self.text_of, derived.labels)

    def tensors(self) -> dict[str, Tensor]:
        """All that is read or computed, by name."""
        found = dict(self.program.tensors)
        for further in self.derived.further:
            found |= further_tensors(further)
        parts = [part for stretch in (*self.parts.values(), *self.beyond.values()) for part in stretch]
        return found | {e.tensor.name: e.tensor for part in parts for e in equations_of(part)}

    def name(self, tensor: Tensor) -> str:
        """The attribute of `w` that holds a tensor."""
        return self.text_of.values.of(tensor.name)

    def text(self) -> str:
        values = {
            **self.words(),
            **self.stretches(),
            **self.methods(),
            **self.training(),
            "directions": any(further.directions for further in self.derived.further),
            "beyond": list(self.methods_beyond()),
            "solver_name": "",
            "solver_functions": [],
            "solver_lines": [],
            "solver_start": [],
            "remembered": [],
        }
        written = [line for stretch in self.functions for line in stretch.lines]
        values["helpers"] = {name for name in HELPERS if any(f"{name}(" in line for line in written)}
        return tidy(render("symnet.backends.jax", "TRAINER.py.jinja", values))

    # --- the equations

    @cached_property
    def functions(self) -> list[Stretch]:
        """The stretches of the program, each a function of the module."""
        found = [Stretch("sizes", "The sizes that come with the data.", self.sizes_of_data())]
        found.append(Stretch("draw", "Numbers from 0 to 1, but those that are given.", list(self.draw())))
        found += [Stretch(name, FIRST[name], self.block(parts)) for name, parts in self.parts.items()]
        update = self.statements.block(self.derived.updates)
        for further in self.derived.further:
            words = harmless(f"{sentence(further)}.")
            found.append(Stretch(further.name, words, self.block(self.beyond[further.name])))
        found.append(Stretch("update", "One step of the optimizer.", update))
        return [stretch for stretch in found if stretch.lines]

    def block(self, parts: Sequence[Part]) -> list[str]:
        return self.statements.block(parts)

    @property
    def sized(self) -> dict[Size, Tensor]:
        """The array that each size of the data is read off."""
        data = self.inputs.data or self.arguments.data
        return {size: next(t for t in data if size in t.shape) for size in self.signatures.of_data}

    def sizes_of_data(self) -> list[str]:
        return [
            f"{self.text_of.symbol(size)} = {self.text_of.of(tensor)}.shape[{tensor.shape.index(size)}]"
            for size, tensor in self.sized.items()
        ]

    def draw(self) -> Iterator[str]:
        """The lines that draw what is random."""
        for number, tensor in enumerate(self.random):
            name, shape = self.text_of.of(tensor), self.text_of.shape(tensor.shape)
            yield f'if "{self.name(tensor)}" not in vars(w):'
            yield f"    {name} = jax.random.uniform(jax.random.fold_in(w.key, {number}), {shape}, w.dtype)"

    def stretches(self) -> dict[str, object]:
        """The functions, and which of them a method runs."""
        names = [stretch.name for stretch in self.functions]

        def chosen(*wanted: str) -> str:
            found = [name for name in names if name in {"sizes", *wanted}]
            return f"({found[0]},)" if len(found) == 1 else f"({', '.join(found)})"

        trained = ("draw", "predict", "loss")
        return {
            "stretches": self.functions,
            "predict_stretches": chosen("predict", "infer"),
            "loss_stretches": chosen(*trained),
            "gradient_stretches": chosen(*trained, "backward"),
            "step_stretches": chosen(*trained, "backward", "update"),
        }

    # --- the methods

    def methods(self) -> dict[str, object]:
        """What the methods take and how it is checked."""
        signatures, arguments, inputs = self.signatures, self.arguments, self.inputs
        missing = [
            t.name for t in self.program.of_role(Role.HYPERPARAMETER) if t.name not in self.program.values
        ]
        with signatures.place("workspace"):
            free = [signatures.symbol(size) for size in signatures.free]
            wanted = [*free, *map(signatures.local.of, missing)]
        batch, _ = arguments.batch()
        drawn = [tensor.name for tensor in self.random]
        shared = [t for t in (*arguments.data, *self.random) if t.rank and t.shape[0] == arguments.samples]
        return {
            "signature": ", ".join([arguments.signature, *(f"{name}=None" for name in drawn)]),
            "fit_signature": arguments.signature,
            "data": self.data(arguments, drawn),
            "fit_data": self.data(arguments, []),
            "random": bool(drawn),
            "checks": arguments.checks(),
            "floats": arguments.floats,
            "predict_signature": inputs.signature,
            "predict_checks": inputs.checks() if inputs.data else [],
            "predict_floats": inputs.floats,
            "predict_data": self.data(inputs, []),
            "batch": batch,
            "samples": tuple(self.name(tensor) for tensor in shared),
            "size_names": [*(size.name for size in signatures.free), *missing],
            "size_arguments": "".join([", *", *(f", {name}" for name in wanted)]) if wanted else ", *",
            "size_values": "".join(f", {name}=options.{name}" for name in wanted),
            "data_list": repr([tensor.name for tensor in arguments.data]),
            "data_names": arguments.words,
        }

    def methods_beyond(self) -> Iterator[Method]:
        """The methods for what is derived beyond the gradients."""
        methods = JaxMethods(self.derived, self.signatures, self.parts, self.name, self.data)
        for further in self.derived.further:
            own = self.beyond[further.name]
            method = methods.made(further, own, self.arguments.data, self.sized.values())
            yield replace(method, words=harmless(method.words))

    def data(self, arguments: DataArguments, drawn: Sequence[str]) -> str:
        """The data as a dict, by the attributes of `w`; what is drawn only where it is given."""
        pairs = [f'"{self.name(t)}": {n}' for t, n in zip(arguments.data, arguments.names, strict=True)]
        given = [f'"{self.name(t)}": {t.name}' for t in self.random if t.name in drawn]
        more = [f"**given({{{', '.join(given)}}}, self.dtype)"] if given else []
        return f"{{{', '.join([*pairs, *more])}}}"

    def training(self) -> dict[str, object]:
        """What is predicted, saved, returned and set."""
        storage = self.storage
        rate = next((t for t in self.program.of_role(Role.HYPERPARAMETER) if t.name == "learning_rate"), None)
        value = self.program.values.get("learning_rate")
        changed = {t.next_of: t for t in (e.tensor for e in self.derived.updates) if t.next_of}
        return {
            "trainer": storage.trainer(),
            "initialize": list(storage.initialize()),
            "numbers": storage.numbers(),
            "sizes": storage.sizes(),
            "state": storage.state(),
            "vectors": set(storage.vectors()) or "()",
            "parameters": [(t.name, self.name(t)) for t in self.program.of_role(Role.PARAMETER)],
            "changes": [(self.text_of.values.of(name), self.name(t)) for name, t in changed.items()],
            "update": bool(self.derived.updates),
            "trains": bool(self.derived.updates),
            "predict": self.prediction is not None,
            "prediction": self.name(self.prediction) if self.prediction else "",
            "loss_value": self.name(self.derived.loss),
            "gradients": [(name, self.name(tensor)) for name, tensor in self.gradients.items()],
            "has_state": bool(self.program.of_role(Role.STATE)),
            "learning_rate": (f"trainer.{self.signatures.trainer.of(rate.name)}", float(value))
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
        shape_words, prediction = self.signatures.shape_words, self.prediction
        predicted = f"{prediction.name} {shape_words(prediction.shape)}" if prediction else ""
        return {
            "title": harmless(f"A trainer for the network {self.meta.name}, on JAX."),
            "source": harmless(self.meta.source),
            "command": harmless(f"{self.meta.command} --backend jax" if self.meta.command else ""),
            "description": repr(harmless(f"Train the network {self.meta.name}.")),
            "shapes": ", ".join(f"{t.name} {shape_words(t.shape)}" for t in given),
            "equations": list(self.numbered_equations()),
            "trainer_words": [f"Attributes that may be set: {', '.join(numbers)}."] if numbers else [],
            "predict_words": f"{predicted}, a new array, from {self.inputs.words}.",
            "argument_words": self.arguments.words,
            "gradient_words": ", ".join(self.gradients),
            "validation_words": f"a tuple {', '.join(t.name for t in self.arguments.data)}",
        }

    def numbered_equations(self) -> Iterator[str]:
        """The equations as they are numbered in the derivation."""
        further = (equation for further in self.derived.further for equation in further.equations)
        for equation in (*self.program.equations, *further):
            label = self.derived.labels.get(equation.tensor.name, "")
            first, *more = comment(equation_text(equation), "")
            number = f"({label})" if label else ""
            yield f"{number:>7}  {first[2:]}"
            yield from (f"         {line[2:]}" for line in more)
