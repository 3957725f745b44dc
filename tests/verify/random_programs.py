"""Random programs of index equations: shifts, gathers, diagonals, nested sums, branches; nothing that any
layer would look like.
"""

from __future__ import annotations

import random

INDICES = {"N": "nm", "D": "ip", "H": "jq"}
"""The indices of each size; the first is the axis of a tensor that is defined, the second is summed over."""
GIVEN = {"X": "ND", "W": "DH", "V": "DD", "c": "H", "U": "NH"}
ROLES = {"X": "input", "U": "input"}


class RandomProgram:
    """One program, from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.tensors = dict(GIVEN)

    def text(self) -> str:
        lines = ["token: input[N] integer"]
        lines += [
            f"{name}: {ROLES.get(name, 'parameter')}[{', '.join(axes)}]" for name, axes in GIVEN.items()
        ]
        losses = []
        for number in range(self.random.randint(1, 4)):
            axes = "".join(self.random.sample("NDH", self.random.randint(1, 2)))
            scope = [INDICES[size][0] for size in axes]
            name, at = f"T{number}", ",".join(scope)
            terms = [
                self.formula(scope, self.random.randint(1, 3)),
                *(self.element(scope, index) for index in scope),
            ]
            lines.append(f"{name}[{at}] = {' + '.join(terms)}")
            losses.append(f"sum({self.random.choice(['sin', 'tanh'])}({name}[{at}]), {', '.join(scope)})")
            self.tensors[name] = axes
        return "\n".join([*lines, f"L = {' + '.join(losses)}"])

    def index(self, size: str, scope: list[str]) -> str:
        """A place along an axis: an index, the one beside it, one that is read from a tensor, or an end."""
        own = [index for index in INDICES[size] if index in scope]
        chance = self.random.random()
        if own and chance < 0.75:
            return self.random.choice(own)
        if own and chance < 0.9:
            return self.random.choice(own) + self.random.choice(["+1", "-1"])
        if size == "D" and "n" in scope and chance < 0.95:
            return "token[n]"
        return self.random.choice(["0", f"{size}-1"])

    def element(self, scope: list[str], must: str = "") -> str:
        """An element of some tensor, one that has the index `must` if that is given."""
        fitting = [
            name for name, axes in self.tensors.items() if not must or any(must in INDICES[a] for a in axes)
        ]
        name = self.random.choice(fitting)
        axes = self.tensors[name]
        indices = [self.index(size, scope) for size in axes]
        if must:
            indices[self.random.choice([k for k, size in enumerate(axes) if must in INDICES[size]])] = must
        return f"{name}[{','.join(indices)}]"

    def formula(self, scope: list[str], depth: int) -> str:
        """A formula whose nesting is `depth`."""
        if depth == 0:
            return self.element(scope)
        a, b = self.formula(scope, depth - 1), self.formula(scope, depth - 1)
        free = [index for pair in INDICES.values() for index in pair if index not in scope]
        function = self.random.choice(["tanh", "sigmoid", "sin", "softplus", "exp", "abs"])
        choices = [f"({a} + {b})", f"({a} - {b})", f"{a}*{b}", f"2*{a}", f"{a}**2", f"{function}({a}/2)"]
        choices += [f"maximum({a}, {b})", f"where({self.element(scope)} > 0, {a}, {b})"]
        if free:
            index = self.random.choice(free)
            inner = [*scope, index]
            choices += [f"sum({self.element(inner, index)}*{self.formula(inner, depth - 1)}, {index})"] * 2
        return self.random.choice(choices)
