"""Generated modules, loaded and compared with the interpreter."""

from __future__ import annotations

import inspect
import types
from functools import partial

import numpy as np

from symnet.backends import Meta, backends
from symnet.derivation.derive import derive
from symnet.equations.interpret import evaluate
from symnet.equations.parse import parse_program
from symnet.updates import updates


def derived_from(text, wrt=None, optimizer="sgd", settings=None):
    """The derivation of a program that is given as text."""
    return derive(parse_program(text), wrt=wrt, optimizer=partial(updates, optimizer, settings or {}))


def source_of(derived, prediction="", backend="numpy", **meta):
    return backends()[backend].generate(derived, Meta("test", "test.toml", prediction=prediction, **meta))


def load(source):
    """The generated module."""
    module = types.ModuleType("generated_trainer")
    exec(compile(source, "generated_trainer", "exec"), module.__dict__)
    return module


def trainer_of(module, sizes=None, dtype=np.float64):
    """A Trainer, told the sizes that it asks for."""
    wanted = inspect.signature(module.Trainer.__init__).parameters
    return module.Trainer(dtype, **{name: value for name, value in (sizes or {}).items() if name in wanted})


def data_of(trainer, values, method="loss"):
    """The arguments of a method, by the names that its signature has."""
    return [values[name] for name in inspect.signature(getattr(trainer, method)).parameters]


def set_parameters(trainer, values):
    for name, array in trainer.parameters.items():
        array[...] = values[name]


def agree(derived, sizes, given, prediction="", tolerance=1e-11, backend="numpy"):
    """Loss, gradients, one update and the prediction of the generated module are the interpreter's."""
    module = load(source_of(derived, prediction, backend))
    trainer = trainer_of(module, sizes)
    set_parameters(trainer, given)
    expected = evaluate(derived.computed, given | zero_states(derived, sizes), sizes)
    data = data_of(trainer, given)

    def close(found, name):
        np.testing.assert_allclose(found, expected[name], rtol=tolerance, atol=tolerance, err_msg=name)

    close(trainer.loss(*data), derived.loss.name)
    for name, gradient in trainer.gradients(*data).items():
        close(gradient, derived.gradients[name].equation.tensor.name)
    if prediction:
        close(trainer.predict(*(given[n] for n in inspect.signature(trainer.predict).parameters)), prediction)
    if derived.updates:
        close(trainer.step(*data), derived.loss.name)
        for equation in derived.updates:
            if equation.tensor.next_of in trainer.parameters:
                close(trainer.parameters[equation.tensor.next_of], equation.tensor.name)
    return trainer


def zero_states(derived, sizes):
    """What an optimizer and layers remember before the first step."""
    states = derived.computed.of_role("state")
    names = {**derived.computed.values, **sizes}
    return {
        t.name: np.full(
            [int(extent.subs({s: names[s.name] for s in extent.free_symbols})) for extent in t.shape],
            t.initial,
        )
        for t in states
    }
