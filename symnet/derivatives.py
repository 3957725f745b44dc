"""What a derivation hands to its user: gradients, and what is derived beyond them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from types import ModuleType
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from symnet.backends.numpy.load import load
from symnet.derivation.journal import Adjoint, Derived, Further, Step
from symnet.documents.mathematics import Printer
from symnet.documents.mathml import mathml
from symnet.documents.matrices import Convention, matrix_equation
from symnet.documents.typeset import latex
from symnet.equations.interpret import infer_sizes
from symnet.equations.program import Equation, Program
from symnet.errors import DataError, SymnetError, nearest

Array = NDArray[Any]
Arrays = Mapping[str, Array]


@dataclass(frozen=True)
class Gradient:
    """The derivative of something with respect to one tensor: an equation, and the steps that led to it."""

    adjoint: Adjoint
    program: Program

    @property
    def equation(self) -> Equation:
        """The equation that defines it."""
        return self.adjoint.equation

    @property
    def steps(self) -> tuple[Step, ...]:
        """Every step, in the order in which a person would take them."""
        uses = (step for c in self.adjoint.contributions for step in (*c.local, *c.steps))
        return (*uses, *self.adjoint.steps)

    def latex(self, form: str = "index", convention: Convention = "rows") -> str:
        """The equation in LaTeX, in "index" or "matrix" form; raises SymnetError where it has no matrix
        form.
        """
        if form == "index":
            return latex(Printer(self.program.tensors).equation(self.equation))
        if form != "matrix":
            raise SymnetError(
                f"there is no form {form!r}",
                expected="index or matrix",
                suggestion=nearest(form, ("index", "matrix")),
            )
        matrix = matrix_equation(self.equation, self.program, convention)
        if matrix is None:
            raise SymnetError(f"{self.equation.tensor.name} has no matrix form", expected='form="index"')
        return latex(matrix)

    def __str__(self) -> str:
        return str(self.equation)

    __repr__ = __str__

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    def _repr_html_(self) -> str:
        return mathml(Printer(self.program.tensors).equation(self.equation), display=True)


Key = str | tuple[str, str]
"""A parameter's name; of a block those of its rows and columns, of a Jacobian what is derived and by what."""


class Whole(Protocol):
    """A derivation that has the further part in it: `symnet.Derivation`."""

    @property
    def derived(self) -> Derived: ...

    def generate(self, backend: str = "numpy") -> str: ...


WholeT = TypeVar("WholeT", bound=Whole)


@dataclass(frozen=True)
class Beyond(Mapping[Key, Gradient], Generic[WholeT]):
    """What is derived beyond the gradients: a product of second derivatives with directions, by parameter; or
    the blocks of a Hessian or a Jacobian, by pairs of names, one of each pair that is symmetric.

    `derivation` is the whole derivation with this in it: its document, its module and its certificate cover
    both.
    """

    derivation: WholeT
    further: Further

    @cached_property
    def blocks(self) -> Mapping[Key, Gradient]:
        """Each result with its equation and its steps."""
        found: dict[Key, Gradient] = {}
        for key, tensor in self.further.results.items():
            for part in self.further.parts:
                for adjoint in part.gradients.values():
                    if adjoint.equation.tensor == tensor:
                        found[_key(key)] = Gradient(adjoint, part.program)
        return found

    def __getitem__(self, key: Key) -> Gradient:
        if key not in self.blocks and isinstance(key, tuple):
            key = key[::-1]
        return self.blocks[key]

    def __iter__(self) -> Iterator[Key]:
        return iter(self.blocks)

    def __len__(self) -> int:
        return len(self.blocks)

    @property
    def equations(self) -> tuple[Equation, ...]:
        """What a machine evaluates after the gradients, in order."""
        return self.further.equations

    def lambdify(self) -> Callable[..., dict[Key, Array]]:
        """A function that gives a dictionary of arrays: `f(parameters, directions, **data)` for a product,
        `f(parameters, **data)` for blocks, both orders of a symmetric pair among them.
        """
        module = load(self.derivation.generate("numpy"))
        return partial(_evaluate, module, self.derivation.derived, self.further)

    def __str__(self) -> str:
        return "\n".join(map(str, self.equations))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return "".join(gradient._repr_html_() for gradient in self.blocks.values())


def _key(key: str) -> Key:
    first, _, second = key.partition(", ")
    return (first, second) if second else first


def trainer_at(module: ModuleType, derived: Derived, parameters: Arrays, data: Arrays) -> Any:
    """A trainer of the generated module at the sizes of these arrays, with these parameters."""
    sizes = infer_sizes(derived.stated, {**parameters, **data})
    wanted = inspect.signature(module.Trainer).parameters
    trainer = module.Trainer(np.float64, **{str(s): int(v) for s, v in sizes.items() if str(s) in wanted})
    for name, array in trainer.parameters.items():
        if name not in parameters:
            raise DataError(
                f"there is no array for the parameter {name}",
                expected=f"parameters[{name!r}] of shape {array.shape}",
            )
        array[...] = parameters[name]
    return trainer


def in_order(method: Callable[..., Any], data: Arrays, first: str) -> list[Array | None]:
    """The arrays that a trainer's method takes, in its order; `first` is what a user gives before them."""
    wanted = {n: a for n, a in inspect.signature(method).parameters.items() if n != "directions"}
    missing = [
        name for name, argument in wanted.items() if argument.default is argument.empty and name not in data
    ]
    if missing:
        listed = ", ".join([first, *(f"{name}=..." for name in wanted)])
        raise DataError(f"there is no array for {missing[0]}", expected=f"f({listed})")
    return [data.get(name) for name in wanted]


def _evaluate(
    module: ModuleType,
    derived: Derived,
    further: Further,
    parameters: Arrays,
    *directions: Arrays,
    **data: Array,
) -> dict[Key, Array]:
    """One evaluation by the generated module, at the sizes of the arrays."""
    first = "parameters, directions" if further.directions else "parameters"
    if len(directions) != bool(further.directions):
        wrong = "there are no directions to take" if directions else "the directions are missing"
        raise DataError(wrong, expected=f"f({first}, **data)")
    trainer = trainer_at(module, derived, parameters, data)
    method = getattr(trainer, further.name)
    found: dict[Key, Array] = method(*directions, *in_order(method, data, first))
    return found
