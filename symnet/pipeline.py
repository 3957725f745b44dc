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

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symnet.backends import Meta as ModuleMeta
from symnet.backends import backend as backend_of
from symnet.backends import module_of, targets
from symnet.backends.numpy.load import load
from symnet.collector import uncollected
from symnet.derivation.curvature import curved_at, fisher_product, gauss_newton_product
from symnet.derivation.derive import derive
from symnet.derivation.journal import Derived, Further
from symnet.derivation.second import hessian, hessian_product, jacobian, with_further
from symnet.derivatives import Beyond, Gradient, in_order, trainer_at
from symnet.displays import equations_html, equations_latex, equations_text, picture
from symnet.documents import document, fragment
from symnet.documents.figures import network_drawing
from symnet.documents.matrices import Convention
from symnet.documents.notation import COMMON, Names, Notation, names_for
from symnet.documents.outline import Evidence, Live, Meta, Results
from symnet.documents.pdf import pdf
from symnet.equations.interpret import evaluate
from symnet.equations.program import Equation, Program, reads
from symnet.errors import DerivationError, SymnetError, nearest, placed
from symnet.graph import LOSS
from symnet.index.symbols import Role
from symnet.messages import say
from symnet.network import Network as StatedNetwork
from symnet.registry import solver
from symnet.solving import product_for
from symnet.spec import load as load_spec
from symnet.updates import trained_by
from symnet.verify import Certificate, Finding, told, verify

Array = NDArray[Any]
Arrays = Mapping[str, Array]


PASSED = say(
    "Passed: every gradient and every step was compared with numbers that the derivation did not produce. "
    "Sizes are drawn small where every element or line is tried, since a derivation holds for every size."
)
REFUSED = say(
    "Refused: every gradient and every step was compared with numbers that the derivation did not produce. "
    "Sizes are drawn small where every element or line is tried, since a derivation holds for every size."
)


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

    @uncollected()
    def derive(self, wrt: list[str] | tuple[str, ...] | None = None) -> Derivation:
        """The derivation of the gradients with respect to every parameter that is not frozen, and to the
        inputs named in `wrt` as well.
        """
        program, prediction = self._stated
        training = self.training
        optimizer = None if solver(training.optimizer) else partial(trained_by, training)
        names = [tensor.name for tensor in program.of_role(Role.PARAMETER) if not tensor.frozen]
        names += [name for name in wrt or () if name not in names]
        with placed(self.place):
            derived = derive(program, LOSS, names, optimizer)
            product = product_for(training.optimizer, derived, prediction)
            if product is not None:
                derived = with_further(derived, product)
            return Derivation(self, derived, prediction, solved=product)

    def evaluate(self, **given: Any) -> dict[str, Array]:
        """Every tensor's value, index by index, from arrays for the inputs, targets and parameters: slow and
        sure.

        Tensors that need an array which is not given (the loss without targets) are left out.
        """
        arrays = {name: np.asarray(array) for name, array in given.items()}
        return evaluate(_reachable(self.program, arrays), arrays)

    @property
    def _labelled(self) -> list[tuple[str, Equation]]:
        return [(str(self.program.numbers[e.tensor.name]), e) for e in self.program.equations]

    def __repr__(self) -> str:
        try:
            return f"{self.name}\n{equations_text(self._labelled)}"
        except SymnetError as error:  # whoever looks for the reason may print it
            return f"{self.name}, which is no network: {error}"

    def _repr_latex_(self) -> str:
        return equations_latex(self.program, self._labelled)

    def _repr_html_(self) -> str:
        drawing = network_drawing(self.program)
        drawn = "" if drawing is None else picture(drawing)
        return drawn + equations_html(self.program, self._labelled)


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
class Derivation:
    """Everything that follows from a network: its gradients, documents, modules and certificates."""

    network: Network
    derived: Derived
    prediction: str  # the tensor that predictions are; may be empty
    source: str = ""  # the specification's file name, for what is written to say where it comes from
    solved: Further | None = None  # the product that the network's solver multiplies by
    notation: Notation = COMMON  # that its documents are written in

    @cached_property
    def gradients(self) -> Mapping[str, Gradient]:
        """The gradient with respect to each tensor, by the tensor's name."""
        return {
            name: Gradient(adjoint, self.derived.program) for name, adjoint in self.derived.gradients.items()
        }

    @property
    def _moving(self) -> Derived:
        """What is derived, for a second derivation. Raises DerivationError where there is nothing to move."""
        if not self.derived.wrt:
            raise DerivationError("there is nothing to derive by", expected="a parameter that is trained")
        return self.derived

    @property
    def _predicted(self) -> str:
        """The prediction, for a derivation of it. Raises DerivationError where there is none."""
        if not self.prediction:
            raise DerivationError("there is no prediction to derive", expected="the name of another tensor")
        return self.prediction

    def hvp(self) -> Beyond[Derivation]:
        """The Hessian times a direction, for a direction of every parameter, without the Hessian itself."""
        return self._beyond(hessian_product(self._moving))

    def gauss_newton(self, at: str | None = None) -> Beyond[Derivation]:
        """The Gauss-Newton matrix times a direction: the loss curved as a function of the tensor `at`.

        Unless given that is what the loss reads, or what comes before it where the loss is matched with the
        last activation, as cross-entropies are with sigmoid and softmax: there it is the Fisher matrix, too.
        Raises DerivationError where the loss is not computed from `at`.
        """
        place = curved_at(self._moving, self._predicted) if at is None else at
        return self._beyond(gauss_newton_product(self._moving, place))

    def fisher(self) -> Beyond[Derivation]:
        """The empirical Fisher matrix times a direction: the squares of the samples' gradients, averaged as
        the loss averages the samples. Raises DerivationError where the loss is no sum over samples.
        """
        inputs = [tensor for tensor in self.derived.stated.of_role(Role.INPUT) if tensor.rank]
        if not inputs:
            raise SymnetError("there is no axis of samples", expected="an input with an axis")
        return self._beyond(fisher_product(self._moving, inputs[0].shape[0]))

    def hessian(self, *wrt: str) -> Beyond[Derivation]:
        """All second derivatives as blocks, `hessian()["W1", "b1"]` with the axes of W1 first; only those of
        the tensors `wrt`, where such are named.
        """
        return self._beyond(hessian(self._moving, wrt or None))

    def jacobian(self, of: str | None = None, *wrt: str) -> Beyond[Derivation]:
        """The derivatives of every element of the tensor `of`, the prediction unless given, by every element
        of each tensor in `wrt`, by default all that the loss is derived by.
        """
        derived = self.derived if wrt else self._moving
        return self._beyond(jacobian(derived, of or self._predicted, wrt or None))

    def second(self, kind: str) -> Derivation:
        """The derivation with second derivatives in it, for its documents and its module: "hessian", or the
        products "hvp", "gauss_newton" and "fisher". Raises SymnetError for any other.
        """
        makers = {
            "hessian": self.hessian,
            "hvp": self.hvp,
            "gauss_newton": self.gauss_newton,
            "fisher": self.fisher,
        }
        if kind not in makers:
            raise SymnetError(
                f"there are no second derivatives {kind!r}",
                expected="one of " + ", ".join(makers),
                suggestion=nearest(kind, makers),
            )
        return makers[kind]().derivation

    def _beyond(self, further: Further) -> Beyond[Derivation]:
        """The derivation with `further` in it. A solver's own product stays there, unless another takes its
        place; then the module does not train.
        """
        own = self.solved
        if own is not None and own.equations == further.equations:
            further = own
        kept = (own,) if own is not None and own.name != further.name else ()
        derived = with_further(replace(self.derived, further=kept), further)
        return Beyond(replace(self, derived=derived), further)

    def lambdify(self) -> Callable[..., tuple[float, dict[str, Array]]]:
        """A function `f(parameters, **data)` that gives the loss and a dictionary of gradients, from
        dictionaries of arrays.
        """
        module = load(self.generate("numpy"))
        return partial(_run, module, self.derived)

    def values(self, given: Arrays) -> dict[str, Array]:
        """Every tensor's value, those of the adjoints too, from arrays for the data and the parameters."""
        return evaluate(self.derived.program, given)

    def command(self, verb: str) -> str:
        """The command of the shell that makes the same again; empty where there is no file."""
        return f"symnet {verb} {self.source}" if self.source else ""

    def document(  # noqa: PLR0913 - each may be left out
        self,
        form: str = "html",
        convention: Convention = "rows",
        certificate: Certificate | None = None,
        results: Results | None = None,
        example: Arrays | None = None,
        language: str = "en",
        unfold: bool = False,
        live: Live | None = None,
    ) -> str:
        """The derivation as a document: "html", "latex", "markdown" and so on, in English ("en") or Chinese
        ("zh"). A certificate, measured results and what a page trains with go into it if given, and from
        arrays for the data and the parameters of an `example` the values of all tensors. What repeats from
        layer to layer is printed once, unless `unfold` says otherwise.
        """
        values: Arrays = {} if example is None else self.values(example)
        evidence = None if certificate is None else evidence_of(certificate)
        training = self.network.training
        name, settings = (training.optimizer, training.settings) if self._is_solved() else ("", {})
        command = self.command("derive")
        command += f" --language {language}" if command and language != "en" else ""
        notation = self.notation
        meta = Meta(
            self.network.name, command, self.source, name, settings, language, values, notation, unfold
        )
        return document(self.derived, meta, form, convention, self.generate("numpy"), evidence, results, live)

    def fragment(self, form: str = "latex", convention: Convention = "rows") -> str:
        """The equations alone, in "latex" or "typst", to be pasted into a paper."""
        return fragment(self.derived, Meta(self.network.name, notation=self.notation), form, convention)

    def pdf(self, *said: Any, tell: Callable[[str], None] = lambda words: None, **also: Any) -> bytes:
        """The document as a PDF, by what is there to make one: with the arguments of `document` after its
        first. `tell` is told what goes on. Raises MissingToolError where there is nothing, which says what to
        install.
        """
        return pdf(lambda form: self.document(form, *said, **also), tell)

    @uncollected()
    def generate(self, backend: str = "numpy", target: str = "") -> str:
        """The text of a module that trains the network, in the language of the backend; `target` says what it
        is to run on, where the backend knows several. Raises SymnetError for one that is not known.
        """
        chosen = backend_of(backend)
        if target and target not in targets(chosen):
            raise SymnetError(
                f"the backend {backend} has no target {target!r}",
                expected="one of " + ", ".join(targets(chosen)) if targets(chosen) else "none",
                suggestion=nearest(target, targets(chosen)),
            )
        if (backend, target) not in self._texts:
            self._texts[backend, target] = chosen.generate(self.derived, replace(self._meta(), target=target))
        return self._texts[backend, target]

    @cached_property
    def _texts(self) -> dict[tuple[str, str], str]:
        """What has been generated, by backend and target: training, the page and the certificate all ask."""
        return {}

    @uncollected()
    def module(self, backend: str = "numpy") -> str:
        """The text of a Python module with a Trainer that works by this backend."""
        return module_of(backend_of(backend), self.derived, self._meta())

    def _meta(self) -> ModuleMeta:
        training = self.network.training
        return ModuleMeta(
            name=self.network.name,
            source=self.source,
            command=self.command("generate"),
            prediction=self.prediction,
            epochs=training.epochs,
            batch_size=training.batch_size,
            seed=training.seed,
            solver=training.optimizer if self._is_solved() else "",
            settings=training.settings,
        )

    def _is_solved(self) -> bool:
        """Whether a solver trains the network, and what it multiplies by is there."""
        has_product = self.solved is None or self.solved in self.derived.further
        return solver(self.network.training.optimizer) is not None and has_product

    def verify(
        self, seed: int = 0, progress: Callable[[Finding], object] | None = None, backend: str = "numpy"
    ) -> Certificate:
        """The certificate: every gradient and every step against numbers, and the module generated by the
        backend in a process of its own. `progress` is called with each finding as it is made.
        """
        return verify(
            self.derived,
            seed=seed,
            module_source=self.module(backend),
            prediction=self.prediction,
            network=self.network.name,
            progress=progress,
        )

    @property
    def _labelled(self) -> list[tuple[str, Equation]]:
        equations = (gradient.equation for gradient in self.gradients.values())
        return [(self.derived.labels[equation.tensor.name], equation) for equation in equations]

    @property
    def _names(self) -> Names:
        return names_for(self.notation, self.derived.loss, self.derived.primal)

    def __repr__(self) -> str:
        return f"gradients of {self.network.name}\n{equations_text(self._labelled)}"

    def _repr_latex_(self) -> str:
        return equations_latex(self.derived.program, self._labelled, self._names)

    def _repr_html_(self) -> str:
        return equations_html(self.derived.program, self._labelled, self._names)


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
    head = (
        say("check"),
        say("things checked"),
        say("comparisons"),
        say("sizes"),
        say("bound"),
        say("passed"),
    )
    kinks = (
        say("Points on a corner, where the slopes on its two sides may differ: {places}.", places=places)
        for places in told(certificate.kinks)
    )
    summary = PASSED if certificate.passed else REFUSED
    return Evidence(head, claims, summary, (*certificate.notes, *kinks), measured)


def _run(
    module: ModuleType, derived: Derived, parameters: Arrays, **data: Array
) -> tuple[float, dict[str, Array]]:
    """One evaluation by the generated module, at the sizes of the arrays."""
    trainer = trainer_at(module, derived, parameters, data)
    arguments = in_order(trainer.loss, data, "parameters")
    return trainer.loss(*arguments), trainer.gradients(*arguments)
