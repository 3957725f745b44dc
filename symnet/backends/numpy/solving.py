"""How a module trains by a solver: its functions become part of the text, its settings and vectors of the
Trainer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from symnet.backends.numpy.names import Names
from symnet.backends.numpy.plain import plain
from symnet.lowering.schedule import Schedule
from symnet.registry import Solver

LOCAL = frozenset({"loss", "slope", "product", "report", "value", "norm", "stop", "minimize"})
"""What `fit` calls by a bare name, besides the solver's functions."""
VECTORS = ("vector", "gradient", "direction", "product_vector")
"""What a solver calls the vectors of the parameters, their gradients, directions and products."""


@dataclass(frozen=True, slots=True)
class Solving:
    """A solver at work in one module."""

    solver: Solver
    settings: Mapping[str, float]

    @property
    def name(self) -> str:
        return self.solver.functions[-1].__name__

    def of_the_trainer(self) -> frozenset[str]:
        """The attributes that a solver reads."""
        return frozenset({*VECTORS, *self.solver.vectors, *self.settings, "gradient_norms"})

    def local(self) -> frozenset[str]:
        """The names that its functions are called by."""
        return LOCAL | {function.__name__ for function in self.solver.functions}

    def name_vectors(self, plan: Schedule, names: Names) -> None:
        """The vectors go by the names that a solver knows, whatever a user's tensors are called."""
        packed = [vector for stack in plan.stacks if not stack.equations for vector in stack.vectors]
        for vector, name in zip(packed, VECTORS, strict=False):
            names.found[plan.of_tensor[vector.name]] = name

    def functions(self) -> list[list[str]]:
        """The text of its functions, without annotations."""
        return [plain(function) for function in self.solver.functions]

    def trainer(self) -> list[str]:
        """The lines that make its settings and its vectors attributes of the Trainer."""
        lines = [f"self.{name} = {value!r}" for name, value in self.settings.items()]
        lines += [f"self.{name} = np.zeros_like(self.vector)" for name in self.solver.vectors]
        return [*lines, "self.gradient_norms = []"]

    def initialize(self) -> list[str]:
        """The lines with which it forgets what it remembers."""
        return [f"self.{name} = {self.settings[name]!r}" for name in self.solver.remembers]

    def saved(self) -> tuple[list[tuple[str, str]], list[str]]:
        """What is saved of it, by names in a file, and the lines that take it back."""
        state = [(f"solver.{name}", f"np.array(self.{name})") for name in self.solver.remembers]
        return state, [f'self.{name} = float(found["solver.{name}"])' for name in self.solver.remembers]
