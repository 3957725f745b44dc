"""The whole C file: what the template needs, from the schedule of a derivation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sympy import Mul

from symnet.backends import Meta
from symnet.backends.c.dialect import TYPES, C
from symnet.backends.c.functions import EXP, TANH, definitions
from symnet.backends.c.names import names, prefix
from symnet.backends.c.structs import Structs
from symnet.backends.numpy.beyond import sentence
from symnet.index.symbols import Role, Size, Tensor
from symnet.loops.functions import Functions, Stretch, numbered_equations
from symnet.loops.memory import OF_WORKSPACE, Memory, length, memory_of
from symnet.loops.names import harmless
from symnet.loops.numbers import Numbers
from symnet.loops.statements import wrapped
from symnet.lowering.given import data_of, drawn_of
from symnet.lowering.instructions import Buffer, Home
from symnet.lowering.schedule import Schedule
from symnet.rendering import render

SAMPLES = 32
"""How many samples an embedded workspace has room for, where the specification names no batch size."""
BLAS_FROM, MKL_FROM = "3e7", "1e6"
"""From so many multiplications on a product is left to a BLAS, and to MKL. Times of the loops here and of
OpenBLAS by that of MKL, on one core with AVX-512, in float32 and float64: for 64x64x64 0.9, 0.8 and 1.0, 0.9;
for 128x256x128 1.1, 1.2 and 1.1, 1.3; for 784x256x128 1.1, 1.1 and 1.3, 1.4; for 256x2048x2048 1.4, 1.1 and
1.4, 1.1.
"""
FIRST = ("forward", "infer", "to_loss", "backward")
"""The stretches that others may need, by their numbers."""
PRODUCTS = frozenset({"symnet_matmul", "symnet_matmul_onto"})
CALLED = (*sorted(PRODUCTS), "symnet_inner", "symnet_total", "symnet_clip")
"""Functions that the file brings with it where they are called."""


class Source:
    """The parts of the text."""

    def __init__(self, plan: Schedule, meta: Meta) -> None:
        self.plan = plan
        self.meta = meta
        self.program = plan.program
        self.prefix = prefix(meta.name)
        self.memory: Memory = memory_of(plan, names(self.prefix), C())
        self.functions = Functions(plan, self.memory)
        predicted = plan.of_tensor[plan.prediction.name].name if plan.prediction else ""
        training = (*plan.predict, *plan.loss, *plan.backward, *plan.update)
        self.data = data_of(plan, (*training, *plan.infer), predicted)
        self.inputs = data_of(plan, (*plan.predict, *plan.infer), predicted)
        self.random = drawn_of(plan, training)
        self.structs = Structs(plan, self.memory, self.prefix)
        self.stretches = self._stretches()

    def _stretches(self) -> list[Stretch]:
        found = list(self.functions.stretches())
        for s in self.plan.beyond:
            found += self.functions.beyond(s, f"{sentence(s.further)}.")
        return found

    # --- what is called

    def arguments(self, data: Sequence[Tensor]) -> str:
        """The declarations of data, each after a comma."""
        return "".join(f", const {self._kind(t)} *{self._name(t)}" for t in data)

    def passed(self, data: Sequence[Tensor]) -> str:
        return "".join(f", {self._name(tensor)}" for tensor in data)

    def _kind(self, tensor: Tensor) -> str:
        return TYPES[self.plan.of_tensor[tensor.name].kind]

    def _name(self, tensor: Tensor) -> str:
        return self.memory.name(self.plan.of_tensor[tensor.name])

    def calls(self, *names: str) -> list[str]:
        """The calls of stretches that there are."""
        found = {stretch.name: stretch for stretch in self.stretches}
        return [
            f"{self.prefix}_{name}(t, w{self.passed(found[name].arguments)});"
            for name in names
            if name in found
        ]

    @property
    def samples(self) -> Size | None:
        """The size that counts samples, where there is one."""
        first = next((t for t in self.data if t.rank and t.shape[0] in self.memory.of_data), None)
        return first.shape[0] if first is not None else None

    def batched(self) -> list[tuple[Tensor, str, str]]:
        """The data of which a batch takes some: the tensor, its C type, and the entries of one sample."""
        samples = self.samples
        return [
            (t, self._kind(t), self.structs.whole(Mul(*t.shape[1:]), 2))
            for t in self.data
            if samples is not None and t.rank and t.shape[0] == samples
        ]

    def draws(self) -> list[tuple[str, str]]:
        """What is random: its name and the number of its entries."""
        return [
            (self.memory.name(self.plan.of_tensor[t.name]), self.structs.whole(Mul(*t.shape)))
            for t in self.random
        ]

    def result(self, tensor: Tensor) -> str:
        """Where a number or an array lies."""
        buffer = self.memory.owner(self.plan.of_tensor[tensor.name])
        single = self.memory.single(buffer)
        if single:
            return single
        if buffer.home is Home.INPUT:
            return self._name(tensor)
        if buffer.home in OF_WORKSPACE:
            return f"w->{self.memory.name(buffer)}"
        field, offset = self.memory.pointer(buffer)
        return f"t->{field}" + ("" if offset == 0 else f" + {self.structs.whole(offset)}")

    # --- the text

    @property
    def has_blas(self) -> bool:
        """Whether there are products that a BLAS may take."""
        lines = (line for stretch in self.stretches for line in stretch.lines)
        return self.meta.target != "embedded" and any(
            f"{name}(" in line for line in lines for name in PRODUCTS
        )

    def text(self, arrays: Sequence[Buffer] = (), shown: Sequence[Buffer] = ()) -> str:
        """The file; with a table of where it holds these arrays of the trainer and of the workspace, if
        any.
        """
        shown_all = self.structs.layout(arrays, shown) if arrays or shown else {}
        values = self.values() | {"layout": list(shown_all.values())}
        blank: dict[str, object] = {"helpers": [], "calls_of": set()}
        blank |= dict.fromkeys(("needs_tail", "needs_exp", "needs_tanh"), False)
        body = render("symnet.backends.c", "NETWORK.c.jinja", values | blank)
        called = {name for name in CALLED if f"{name}(" in body}
        helpers = definitions(body)
        written = "\n".join([body, *(line for _, lines in helpers for line in lines)])
        values |= {"helpers": helpers, "calls_of": called}
        values |= {"needs_tail": "TAIL[0]" in written, "needs_exp": f"{EXP}(" in written}
        values["needs_tanh"] = f"{TANH}(" in written
        text = render("symnet.backends.c", "NETWORK.c.jinja", values)
        return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"

    def values(self) -> dict[str, object]:
        """All that the template names, but for what it depends on which functions are called."""
        meta, memory = self.meta, self.memory
        macro = self.prefix.upper()
        sizes = [memory.size_name(size) for size in memory.of_data]
        trains = any(stretch.name == "update" for stretch in self.stretches)
        return {
            "p": self.prefix,
            "P": macro,
            "embedded": meta.target == "embedded",
            "blas": self.has_blas,
            "blas_from": BLAS_FROM,
            "products": PRODUCTS,
            "trains": trains,
            "free": [(memory.size_name(size), f"{macro}_SIZE_{size.name}") for size in memory.free],
            "sizes": sizes,
            "stretches": self.stretches,
            "arguments": self.arguments,
            "passed": self.passed,
            "calls": self.calls,
            "whole_step": self.calls(*(("descend",) if self.plan.descent else ("backward", "update"))),
            "data": self.data,
            "inputs": self.inputs,
            "random": self.draws(),
            "batched": self.batched(),
            "name_of": self._name,
            "static_sizes": [(name, meta.batch_size or SAMPLES) for name in sizes],
            **self.words(),
            **self.struct_lines(),
            **self.size_words(sizes),
            **self.random_needs(trains),
        }

    def words(self) -> dict[str, object]:
        """The sentences, and what lies where."""
        plan, meta = self.plan, self.meta
        prediction = plan.prediction
        return {
            "title": harmless(f"A trainer for the network {meta.name}."),
            "origin": harmless(meta.source),
            "command": harmless(meta.command),
            "shapes": self.shapes(),
            "equations": list(numbered_equations(self.plan)),
            "data_words": ", ".join(map(self.described, self.data)),
            "prediction": self.result(prediction) if prediction else "",
            "prediction_words": self.described(prediction) if prediction else "",
            "loss": self.result(plan.loss_tensor),
            "gradients": [(name, self.result(t)) for name, t in plan.gradients.items()],
            "after": {
                s.name: f"before_{s.name}" if s.before else ", ".join(FIRST[number] for number in s.needs)
                for s in plan.beyond
            },
        }

    def described(self, tensor: Tensor) -> str:
        """A tensor's name and shape."""
        return f"{tensor.name} {self.memory.shape(self.plan.of_tensor[tensor.name])}"

    def struct_lines(self) -> dict[str, object]:
        """The lines about the two structs."""
        structs = self.structs
        return {
            "trainer": list(structs.trainer_fields()),
            "workspace": list(structs.workspace_fields()),
            "bytes": structs.bytes(),
            "carving": list(structs.carving()),
            "constants": self.functions.constants(),
            "initialize": list(structs.initialize()),
            "settings": list(structs.settings()),
            "static_bytes": structs.static_bytes(self.meta.batch_size or SAMPLES),
        }

    def size_words(self, sizes: Sequence[str]) -> dict[str, object]:
        """The sizes of the data, as the template needs them."""
        samples = self.memory.size_name(self.samples) if self.samples is not None else ""
        places = [f"place {name}" for name in sizes]
        fit = [*places, *(["place batch_size"] if samples else [])]
        most = Numbers(self.memory.known, lambda size: f"({self.prefix.upper()}_MOST_{size.name})", C())
        own = [b for b in self.memory.in_workspace() if b.name not in self.plan.owners]
        return {
            "signature_of_sizes": ", ".join(places) or "void",
            "more_sizes": "".join(f", {place}" for place in places),
            "passed_sizes": "".join(f", {name}" for name in sizes),
            "fit_sizes": ", ".join(fit) or "void",
            "fit_more_sizes": "".join(f", {place}" for place in fit),
            "samples": samples,
            "sizes_at": lambda samples_are: ", ".join(samples_are if n == samples else n for n in sizes),
            "bytes_at_most": [f"ROUND({most.whole(length(b), 1)}, {TYPES[b.kind]})" for b in own] or ["0"],
            "sizes_drawn": [
                self.memory.size_name(s)
                for s in self.memory.of_data
                if any(s in Mul(*t.shape).atoms(Size) for t in self.random)
            ],
            "chosen": "".join(
                f", {dict(self._chosen()).get(tensor.name, self._name(tensor))}" for tensor in self.data
            ),
        }

    def _chosen(self) -> Iterator[tuple[str, str]]:
        for number, (tensor, _, _) in enumerate(self.batched(), 1):
            yield tensor.name, f"some_{number}"

    def random_needs(self, trains: bool) -> dict[str, object]:
        """Which random numbers are drawn."""
        below = trains and self.samples is not None
        uniform = any("symnet_uniform(" in line for line in self.structs.initialize())
        draw = bool(self.random)
        return {
            "needs_below": below,
            "needs_uniform": uniform,
            "needs_draw": draw,
            "needs_half": below or draw,
        }

    def shapes(self) -> list[str]:
        given = self.program.of_role(Role.INPUT, Role.TARGET, Role.PARAMETER)
        words = ", ".join(map(self.described, given))
        return wrapped(harmless(f"Shapes: {words}"), 116)
