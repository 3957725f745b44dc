"""The Python module around the C file: the NumPy module, and a Trainer like its own whose stretches run in
C.

What is not a stretch of the array program (checks, messages, files) is the NumPy module's and said once.
Parameters, gradients and what the optimizer remembers lie in C's memory, and the arrays of the Trainer are
views of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from symnet.backends import Meta
from symnet.backends.c.source import BLAS_FROM, MKL_FROM, Source
from symnet.backends.numpy.module import Module, solving_of
from symnet.backends.numpy.solving import Solving
from symnet.derivation.journal import Derived
from symnet.index.symbols import Role, Tensor
from symnet.loops.memory import OF_WORKSPACE
from symnet.lowering.instructions import Buffer, Home, Kind, Line, New
from symnet.lowering.schedule import Schedule, schedule
from symnet.rendering import render

IMPORTS = (
    *(
        "ctypes",
        "functools",
        "hashlib",
        "importlib.metadata",
        "importlib.util",
        "os",
        "platform",
        "shlex",
        "shutil",
        "subprocess",
    ),
    *("tempfile", "time"),
)
DTYPES = {Kind.REAL: "dtype", Kind.MASK: "bool", Kind.PLACE: "np.intp"}
SINGLE = {Kind.PLACE: "np.intp"}
"""The types of numbers that are fields of C's structs, where they are not of double precision."""
STRETCHES = {
    "_predict": "forward",
    "_infer": "infer",
    "_loss": "to_loss",
    "_backward": "backward",
    "_update": "update",
}
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
        imports = values["imports"]
        assert isinstance(imports, list)
        return values | {"more": more.rstrip("\n") + "\n", "imports": sorted([*imports, *IMPORTS])}

    def native(self, values: dict[str, object]) -> dict[str, object]:
        """What the template names besides."""
        source, p = self.source, self.source.prefix
        arrays, shown = self.trainer_arrays(), self.workspace_buffers()
        trains = any(stretch.name == "update" for stretch in source.stretches)
        with self.text_of.place("workspace"):
            return {
                **self.sizes(str(values["size_arguments"])),
                **self.places(arrays, shown),
                "source": source.text(arrays, shown),
                "p": p,
                "P": p.upper(),
                "functions": [*(f"{p}_{stretch.name}" for stretch in source.stretches), f"{p}_prepare"],
                "numbers": [f"{p}_move"] if trains else [],
                "counts": [f"{p}_fit"] if trains else [],
                "overridden": self.overridden(),
                "trains": trains,
                "draw_call": self.draw().call if self.random else "",
                "data": self.arguments.names,
                "blas": source.has_blas,
                "blas_from": BLAS_FROM,
                "mkl_from": MKL_FROM,
            }

    def sizes(self, arguments: str) -> dict[str, object]:
        """The sizes that come with the data, and those that the Trainer is told."""
        text_of = self.text_of
        sizes = [text_of.symbol(size) for size in text_of.of_data]
        wanted = [name.strip() for name in arguments.split(",") if name.strip(" *")]
        attributes = [text_of.workspace.of(size, size.name) for size in text_of.of_data]
        macro = self.source.prefix.upper()
        return {
            "sizes": sizes,
            "of_data": list(map(Size, sizes, attributes)),
            "sizes_passed": "".join(f", {name}" for name in sizes),
            "free": [(text_of.symbol(size), f"{macro}_SIZE_{size.name}") for size in text_of.free],
            "kept": [(text_of.kept(s).removeprefix("self."), text_of.symbol(s)) for s in text_of.free],
            "size_parameters": arguments,
            "size_values_here": "".join(f", {name}={name}" for name in wanted),
        }

    def places(self, arrays: Sequence[Buffer], shown: Sequence[Buffer]) -> dict[str, object]:
        """Which attributes lie where in C's memory."""
        memory, shape = self.source.memory, self.text_of.shape
        layout = list(self.source.structs.layout(arrays, shown))
        place = {name: number for number, name in enumerate(layout)}
        numbers = memory.numbers_of_trainer()
        return {
            "layout": layout,
            "numbers_of_trainer": numbers,
            "number_properties": [
                (self.attribute(b), k) for k, b in enumerate(numbers) if b.home is Home.NUMBER
            ],
            # made once, of arrays that now lie elsewhere
            "views": self.storage.views("self."),
            "trainer_arrays": [(self.attribute(b), place[f"t.{b.name}"], shape(b.shape)) for b in arrays],
            "parameters": [
                (tensor.name, self.attribute(self.plan.of_tensor[tensor.name]))
                for tensor in self.program.of_role(Role.PARAMETER)
            ],
            "workspace_arrays": [
                (self.attribute(b), place[f"w.{b.name}"], shape(b.shape), DTYPES[b.kind])
                for b in shown
                if not memory.single(b)
            ],
            "workspace_numbers": [
                (self.attribute(b), place[f"w.{b.name}"], SINGLE.get(b.kind, "np.float64"))
                for b in shown
                if memory.single(b)
            ],
        }

    def attribute(self, buffer: Buffer) -> str:
        """What the Trainer's or the workspace's attribute for a buffer is called."""
        if buffer.home is Home.RESULT:  # new in every run for NumPy, which gives it no attribute
            return self.text_of.workspace.of(buffer, buffer.name)
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
        return [buffer for buffer in found.values() if buffer.home in OF_WORKSPACE]

    def overridden(self) -> list[Mapping[str, object]]:
        """The methods whose work C does: those that have a workspace, if C needs one."""
        of_c = STRETCHES | {f"_{s.name}": s.name for s in self.plan.beyond}
        of_c |= {f"_before_{s.name}": f"before_{s.name}" for s in self.plan.beyond}
        new = {f"_{s.name}": new_in(s.lines) for s in self.plan.beyond}
        functions = {stretch.name: stretch for stretch in self.source.stretches}
        found: list[Mapping[str, object]] = []
        for name, method in self.methods().items():
            stretch = functions.get(of_c.get(name, ""))
            given = "w" in method.arguments.split(", ")
            if stretch is not None and (given or not stretch.uses_workspace):
                found.append(
                    {
                        "name": name,
                        "arguments": method.arguments,
                        "function": stretch.name,
                        "workspace": "w.address" if given else "None",
                        "data": [self.arguments.name(t) for t in stretch.arguments],
                        "results": [f"w.{self.attribute(buffer)}.copy()" for buffer in new.get(name, ())],
                    }
                )
        return found


def new_in(lines: Sequence[Line]) -> list[Buffer]:
    """The buffers that a stretch returns."""
    return [line.instruction.out for line in lines if isinstance(line.instruction, New)]


def python_module(derived: Derived, meta: Meta) -> str:
    """The text of a Python module with the NumPy module's Trainer, whose work C does."""
    solving = solving_of(meta)
    plan = schedule(derived, meta.prediction, packed=solving is not None, descends=True)
    return Native(plan, meta, solving).text()
