"""The Python module around the C file: the NumPy module, and a Trainer like its own whose stretches run in C.

What is not a stretch of the array program (checks, messages, files) is the NumPy module's and said once. Parameters,
gradients and what the optimizer remembers lie in C's memory, and the arrays of the Trainer are views of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from symnet.backends import Meta
from symnet.backends.c.source import Source
from symnet.backends.numpy.module import Module, solving_of
from symnet.backends.numpy.solving import Solving
from symnet.derivation.journal import Derived
from symnet.index.symbols import Role, Tensor
from symnet.lowering.instructions import Buffer, Home, Kind
from symnet.lowering.schedule import Schedule, schedule
from symnet.rendering import render

IMPORTS = ("ctypes", "functools", "hashlib", "importlib.util", "os", "platform", "shlex", "shutil", "subprocess", "tempfile", "time")
DTYPES = {Kind.REAL: "dtype", Kind.MASK: "bool", Kind.PLACE: "np.intp"}
STRETCHES = {"_predict": "forward", "_infer": "infer", "_loss": "to_loss", "_backward": "backward", "_update": "update"}
"""What the NumPy module calls a stretch, and what the C file does."""


@dataclass(frozen=True, slots=True)
class Size:
    """A size that comes with the data: what a Python function calls it, and the workspace's attribute."""

    local: str
    attribute: str


class Native(Module):
    """The NumPy module with a C file in it."""

    def __init__(self, plan: Schedule, meta: Meta, solving: Solving | None = None) -> None:
        super().__init__(plan, meta, solving)
        self.source = Source(plan, meta)

    def values(self) -> dict[str, object]:
        values = super().values()
        more = render("symnet.backends.c", "NATIVE.py.jinja", values | self.native(values))
        return values | {"more": more.rstrip("\n") + "\n", "imports": sorted(["argparse", "sys", *IMPORTS])}

    def native(self, values: dict[str, object]) -> dict[str, object]:
        """What the template names besides."""
        source = self.source
        arrays = self.trainer_arrays()
        numbers = source.memory.numbers_of_trainer()
        shown = self.workspace_buffers()
        singles = [b for b in shown if source.memory.single(b)]
        pointers = [b for b in shown if not source.memory.single(b)]
        layout = list(source.layout(arrays, shown))
        place = {name: number for number, name in enumerate(layout)}
        trains = any(s.name == "update" for s in source.stretches)
        with self.text_of.place("workspace"):
            sizes = [self.text_of.symbol(size) for size in self.text_of.of_data]
            free = [self.text_of.symbol(size) for size in self.text_of.free]
            wanted = [name.strip() for name in str(values["size_arguments"]).split(",") if name.strip(" *")]
            return {
                "source": source.text(arrays, shown),
                "p": source.prefix,
                "P": source.prefix.upper(),
                "free": [(n, f"{source.prefix.upper()}_SIZE_{s.name}") for n, s in zip(free, self.text_of.free, strict=True)],
                "size_parameters": values["size_arguments"],
                "size_values_here": "".join(f", {name}={name}" for name in wanted),
                "size_parameters_of_data": "".join(f", {name}" for name in sizes),
                "sizes_passed": "".join(f", {name}" for name in sizes),
                "functions": [f"{source.prefix}_{s.name}" for s in source.stretches] + [f"{source.prefix}_prepare"],
                "numbers": [f"{source.prefix}_move"] if trains else [],
                "counts": [f"{source.prefix}_fit"] if trains else [],
                "of_data": [
                    Size(n, self.text_of.workspace.of(s, s.name))
                    for n, s in zip(sizes, self.text_of.of_data, strict=True)
                ],
                "kept": [(self.text_of.kept(s).removeprefix("self."), self.text_of.symbol(s)) for s in self.text_of.free],
                "workspace_arrays": [
                    (self.attribute(b), place[f"w.{b.name}"], self.text_of.shape(b.shape), DTYPES[b.kind]) for b in pointers
                ],
                "workspace_numbers": [
                    (self.attribute(b), place[f"w.{b.name}"], "np.intp" if b.kind is Kind.PLACE else "np.float64")
                    for b in singles
                ],
                "numbers_of_trainer": numbers,
                "layout": layout,
                "trainer_arrays": [
                    (self.attribute(b), place[f"t.{b.name}"], self.text_of.shape(b.shape))
                    for b in arrays
                ],
                "parameters": [(t.name, self.attribute(self.plan.of_tensor[t.name])) for t in self.program.of_role(Role.PARAMETER)],
                "number_properties": [
                    (self.attribute(b), k) for k, b in enumerate(numbers) if b.home is Home.NUMBER
                ],
                "overridden": list(self.overridden()),
                "trains": trains,
                "draw_call": self.draw().call if self.random else "",
                "data": self.arguments.names,
                "sizes": sizes,
                "blas": source.has_blas,
            }

    def attribute(self, buffer: Buffer) -> str:
        """What the NumPy module calls a buffer, without its owner."""
        return self.text_of.buffer(buffer).partition(".")[2]

    def trainer_arrays(self) -> list[Buffer]:
        """The arrays of the Trainer: vectors, their parts, and what lies in none."""
        found: dict[str, Buffer] = {}
        for stack in self.plan.stacks:
            for tensor in (*stack.vectors, *(t for members in stack.parts for t in members)):
                found[tensor.name] = self.plan.of_tensor[tensor.name]
        homes = (Home.PARAMETER, Home.GRADIENT, Home.STATE)
        found |= {name: b for name, b in self.plan.of_tensor.items() if b.name == name and b.home in homes}
        return list(found.values())

    def workspace_buffers(self) -> list[Buffer]:
        """The arrays and numbers of a workspace that the module's methods read or write."""
        plan = self.plan
        tensors: list[Tensor] = [plan.loss_tensor, *plan.gradients.values(), *self.random]
        tensors += [plan.prediction] if plan.prediction else []
        for stretch in plan.beyond:
            tensors += [*stretch.further.results.values(), *stretch.further.directions.values()]
        found = {plan.of_tensor[t.name].name: plan.of_tensor[t.name] for t in tensors}
        homes = (Home.WORKSPACE, Home.CONSTANT, Home.RANDOM, Home.GIVEN)
        return [buffer for buffer in found.values() if buffer.home in homes]

    def overridden(self) -> list[dict[str, object]]:
        """The methods whose work C does."""
        methods = self.methods()
        of_c = STRETCHES | {f"_{s.name}": s.name for s in self.plan.beyond}
        functions = {stretch.name: stretch for stretch in self.source.stretches}
        found = []
        for name, method in methods.items():
            if name in of_c:
                stretch = functions[of_c[name]]
                given = "w" in method.arguments.split(", ")
                assert given or not stretch.uses_workspace, "both are printed from the same lines"
                found.append(
                    {
                        "name": name,
                        "arguments": method.arguments,
                        "function": of_c[name],
                        "workspace": "w.address" if given else "None",
                        "data": [self.arguments.name(t) for t in stretch.arguments],
                    }
                )
        return found


def python_module(derived: Derived, meta: Meta) -> str:
    """The text of a Python module with the NumPy module's Trainer, whose work C does."""
    solving = solving_of(meta)
    return Native(schedule(derived, meta.prediction, packed=solving is not None), meta, solving).text()
