"""The whole tool on one page.

| stage | input | output | guarantee |
| --- | --- | --- | --- |
| state | layers, TOML, or equations | a program of index equations | checked: bound, shapes agree |
| derive | the program | the adjoint program, with its journal | each step is recorded |
| document | the journal | HTML, LaTeX, Markdown | says nothing that is not in the journal |
| generate | the program that is computed | a module that trains | the same equations, line by line |
| verify | all of these | a certificate | numbers that the derivation did not produce |
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symnet.backends import Meta as ModuleMeta
from symnet.backends import backends
from symnet.backends.numpy.load import load
from symnet.derivation.derive import derive
from symnet.derivation.journal import Adjoint, Derived, Step
from symnet.documents import document
from symnet.documents.mathematics import Printer
from symnet.documents.mathml import mathml
from symnet.documents.matrices import Convention, matrix_equation
from symnet.documents.outline import Evidence, Meta, Results
from symnet.documents.typeset import latex
from symnet.equations.interpret import evaluate, infer_sizes
from symnet.equations.program import Equation, Program, reads
from symnet.errors import DataError, SymnetError, nearest, placed
from symnet.graph import LOSS
from symnet.index.symbols import Role
from symnet.network import Network as StatedNetwork
from symnet.spec import load as load_spec
from symnet.updates import trained_by
from symnet.verify import Certificate, Finding, verify

Array = NDArray[Any]
Arrays = Mapping[str, Array]


class Network(StatedNetwork):
    """A network, from layers (`Network(inputs=..., targets=..., layers=[Dense(2, activation="sigmoid")],
    loss="sse")`), from a TOML file (`Network.from_toml(path)`) or from equations
    (`Network.from_equations(text)`).

    Every error that its description can cause is a `symnet.errors.SymnetError`.
    """

    @classmethod
    def from_equations(cls, text: str, name: str = "network", **options: Any) -> Network:
        """The network that equations state; its loss is the tensor L."""
        return cls(equations=text, name=name, **options)

    @classmethod
    def from_toml(cls, path: str | Path) -> Network:
        """The network of a specification file."""
        return cls.of(load_spec(path).network)

    @classmethod
    def of(cls, stated: StatedNetwork) -> Network:
        """The network of a record that says the same."""
        return cls(**{name: getattr(stated, name) for name in stated.__dataclass_fields__})

    @cached_property
    def _stated(self) -> tuple[Program, str]:
        return self.stated()

    @property
    def program(self) -> Program:
        """The network's equations, checked."""
        return self._stated[0]

    def derive(self, wrt: list[str] | tuple[str, ...] | None = None) -> Derivation:
        """The derivation of the gradients with respect to every parameter that is not frozen, and to the
        inputs named in `wrt` as well.
        """
        program, prediction = self._stated
        optimizer = partial(trained_by, self.training)
        names = [tensor.name for tensor in program.of_role(Role.PARAMETER) if not tensor.frozen]
        names += [name for name in wrt or () if name not in names]
        with placed(self.place):
            return Derivation(self, derive(program, LOSS, names, optimizer), prediction)

    def evaluate(self, **given: Any) -> dict[str, Array]:
        """Every tensor's value, index by index, from arrays for the inputs, targets and parameters: slow and
        sure.

        Tensors that need an array which is not given (the loss without targets) are left out.
        """
        arrays = {name: np.asarray(array) for name, array in given.items()}
        return evaluate(_reachable(self.program, arrays), arrays)

    def _repr_latex_(self) -> str:
        return _gathered(self.program, self.program.equations)

    def _repr_html_(self) -> str:
        return _stacked(self.program, self.program.equations)


def _gathered(program: Program, equations: Iterable[Equation]) -> str:
    """Equations below each other, for a notebook."""
    lines = " \\\\ ".join(latex(Printer(program.tensors).equation(equation)) for equation in equations)
    return f"$\\displaystyle \\begin{{gathered}} {lines} \\end{{gathered}}$"


def _stacked(program: Program, equations: Iterable[Equation]) -> str:
    """Equations below each other, as MathML."""
    printer = Printer(program.tensors)
    return "".join(mathml(printer.equation(equation), display=True) for equation in equations)


def _reachable(program: Program, arrays: Arrays) -> Program:
    """The program without the equations that need an array which is not there."""
    known, kept = {*arrays, *program.values}, []
    for equation in program.equations:
        own = {equation.tensor.name}
        if set(reads(equation.rhs)) <= known | own:
            known |= own
            kept.append(equation)
    return replace(program, equations=tuple(kept))


@dataclass(frozen=True)
class Gradient:
    """The gradient with respect to one tensor: an equation, and the steps that led to it."""

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

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    def _repr_html_(self) -> str:
        return mathml(Printer(self.program.tensors).equation(self.equation), display=True)


@dataclass(frozen=True)
class Derivation:
    """Everything that follows from a network: its gradients, documents, modules and certificates."""

    network: Network
    derived: Derived
    prediction: str  # the tensor that predictions are; may be empty
    source: str = ""  # the specification's file name, for what is written to say where it comes from

    @cached_property
    def gradients(self) -> Mapping[str, Gradient]:
        """The gradient with respect to each tensor, by the tensor's name."""
        return {
            name: Gradient(adjoint, self.derived.program) for name, adjoint in self.derived.gradients.items()
        }

    def lambdify(self) -> Callable[..., tuple[float, dict[str, Array]]]:
        """A function `f(parameters, **data)` that gives the loss and a dictionary of gradients, from
        dictionaries of arrays.
        """
        module = load(self.generate("numpy"))
        return partial(_run, module, self.derived)

    def command(self, verb: str) -> str:
        """The command of the shell that makes the same again; empty where there is no file."""
        return f"symnet {verb} {self.source}" if self.source else ""

    def document(
        self,
        form: str = "html",
        convention: Convention = "rows",
        certificate: Certificate | None = None,
        results: Results | None = None,
    ) -> str:
        """The derivation as a document: "html", "latex" or "markdown". A certificate and measured results go
        into it if given.
        """
        evidence = None if certificate is None else evidence_of(certificate)
        meta = Meta(self.network.name, self.command("derive"), self.source)
        return document(self.derived, meta, form, convention, self.generate("numpy"), evidence, results)

    def generate(self, backend: str = "numpy") -> str:
        """The text of a module that trains the network."""
        known = backends()
        if backend not in known:
            raise SymnetError(
                f"there is no backend {backend!r}",
                expected="one of " + ", ".join(known),
                suggestion=nearest(backend, known),
            )
        training = self.network.training
        meta = ModuleMeta(
            name=self.network.name,
            source=self.source,
            command=self.command("generate"),
            prediction=self.prediction,
            epochs=training.epochs,
            batch_size=training.batch_size,
            seed=training.seed,
        )
        return known[backend].generate(self.derived, meta)

    def verify(self, seed: int = 0, progress: Callable[[Finding], object] | None = None) -> Certificate:
        """The certificate: every gradient and every step against numbers, and the generated module in a
        process of its own. `progress` is called with each finding as it is made.
        """
        return verify(
            self.derived,
            seed=seed,
            module_source=self.generate("numpy"),
            prediction=self.prediction,
            network=self.network.name,
            progress=progress,
        )

    def _repr_latex_(self) -> str:
        return _gathered(self.derived.program, [gradient.equation for gradient in self.gradients.values()])

    def _repr_html_(self) -> str:
        return _stacked(self.derived.program, [gradient.equation for gradient in self.gradients.values()])


def evidence_of(certificate: Certificate) -> Evidence:
    """What a document says of a certificate: its claims, which are the same on every machine, and apart from
    them what was measured.
    """
    overview = certificate.overview()
    claims = tuple(
        (check, things, compared, sizes, bound, passed)
        for check, things, compared, sizes, _, bound, passed in overview
    )
    measured = tuple((check, worst) for check, _, _, _, worst, _, _ in overview)
    head = ("check", "things checked", "comparisons", "sizes", "bound", "passed")
    verdict = "Passed" if certificate.passed else "Refused"
    what = "every gradient and every step was compared with numbers that the derivation did not produce"
    where = (
        "Sizes are drawn small where every element or line is tried, since a derivation holds for every size."
    )
    summary = f"{verdict}: {what}. {where}"
    kinks = tuple(
        sorted({f"On a kink, where a slope from either side differs: {kink}" for kink in certificate.kinks})
    )
    return Evidence(head, claims, summary, (*certificate.notes, *kinks), measured)


def _run(
    module: ModuleType, derived: Derived, parameters: Arrays, **data: Array
) -> tuple[float, dict[str, Array]]:
    """One evaluation by the generated module, at the sizes of the arrays."""
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
    wanted = inspect.signature(trainer.loss).parameters
    missing = [
        name for name, argument in wanted.items() if argument.default is argument.empty and name not in data
    ]
    if missing:
        raise DataError(
            f"there is no array for {missing[0]}",
            expected=f"f(parameters, {', '.join(f'{n}=...' for n in wanted)})",
        )
    arguments = [data.get(name) for name in wanted]
    return trainer.loss(*arguments), trainer.gradients(*arguments)
