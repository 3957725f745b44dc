"""Equations as lines of Python, each with its number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from symnet.backends.jax.expressions import Expressions
from symnet.backends.jax.text import sequence
from symnet.backends.numpy.statements import comment
from symnet.equations.program import Equation, Program
from symnet.equations.text import equation_text
from symnet.index.symbols import Tensor
from symnet.lowering.lower import axes_of, lower_equation
from symnet.lowering.recurrence import Part, Recurrence


class Statements:
    """The lines of a program's equations. `tensors` are those of the program and whatever else is read."""

    def __init__(
        self,
        program: Program,
        tensors: Mapping[str, Tensor],
        text_of: Expressions,
        labels: Mapping[str, str],
    ) -> None:
        self.known = replace(program, tensors=tensors)
        self.text_of = text_of
        self.labels = labels

    def block(self, parts: Iterable[Part]) -> list[str]:
        """The lines of these equations, an empty one between two of them."""
        found: list[str] = []
        for part in parts:
            found += [""] if found else []
            found += self.loop(part) if isinstance(part, Recurrence) else self.equation(part)
        return found

    def note(self, equation: Equation) -> str:
        """The number of an equation, as a comment at the end of its line."""
        name = equation.tensor.name
        label = self.labels.get(name) or self.labels.get(name.removesuffix("_given"), "")
        return f"  # ({label})" if label else ""

    def equation(self, equation: Equation) -> list[str]:
        axes, text_of = axes_of(equation), self.text_of
        value = text_of.filling(lower_equation(equation, self.known), axes, equation.tensor)
        line = f"{text_of.of(equation.tensor)} = {value}{self.note(equation)}"
        return [*comment(equation_text(equation), ""), line]

    def loop(self, part: Recurrence) -> list[str]:
        """Equations that are computed one place after the other: what they give is carried along."""
        text_of, index = self.text_of, part.index
        names = [text_of.of(equation.tensor) for equation in part.equations]
        carried, turn = sequence(names), text_of.symbol(index)
        size = text_of.size(part.size)
        count = "turn" if part.reverse else turn
        head = [f"def step({count}, carried):", f"    {carried} = carried"]
        if part.reverse:
            head.append(f"    {turn} = {size} - 1 - turn")
        text_of.ranges[index] = part.size
        body = [line for equation in part.equations for line in self.turn(equation, part)]
        zeros = sequence(
            f"jnp.zeros({text_of.shape(e.tensor.shape)}, {'int' if e.tensor.integer else 'w.dtype'})"
            for e in part.equations
        )
        return [
            *head,
            *(f"    {line}" for line in body),
            f"    return {carried}",
            "",
            f"{carried} = lax.fori_loop(0, {size}, step, {zeros})",
        ]

    def turn(self, equation: Equation, part: Recurrence) -> list[str]:
        """One equation at one place of the loop."""
        text_of = self.text_of
        axes = tuple(axis for axis in axes_of(equation) if axis.index != part.index)
        value = text_of.filling(lower_equation(equation, self.known, part.index), axes, equation.tensor)
        places = [text_of.symbol(i) if i == part.index else ":" for i in equation.indices]
        while places[-1] == ":":
            places.pop()
        name = text_of.of(equation.tensor)
        line = f"{name} = {name}.at[{', '.join(places)}].set({value}){self.note(equation)}"
        return [*comment(equation_text(equation), ""), line]
