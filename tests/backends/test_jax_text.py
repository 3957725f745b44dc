"""What can be said of the module on JAX where JAX is not installed: its text, and what is said of it."""

from __future__ import annotations

import ast
import sys

import pytest
from backends.modules import derived_from, source_of
from click.testing import CliRunner
from derivation.programs import CASES

from symnet.backends import backends
from symnet.cli import commands
from symnet.errors import MissingToolError, SymnetError
from symnet.layers.dense import Dense
from symnet.network import Training
from symnet.pipeline import Network
from symnet.training import new_trainer

SPEC = "examples/xor.toml"


@pytest.mark.parametrize("name", CASES)
def test_each_equation_is_one_line_with_its_number(name):
    derived = derived_from(CASES[name].text, CASES[name].wrt)
    source = source_of(derived, backend="jax")
    assert source == source_of(derived, backend="jax")
    ast.parse(source)
    lines = source.splitlines()
    assert all(line == line.rstrip() for line in lines)
    for equation in derived.computed.equations:
        label = derived.labels[equation.tensor.name]
        computing = [line for line in lines if line.endswith(f"  # ({label})")]
        assert any(f"w.{equation.tensor.name} = " in line for line in computing), label


def test_its_imports_are_jax_numpy_and_the_standard_library():
    source = source_of(derived_from(CASES["dense"].text), backend="jax")
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module.partition(".")[0])
    assert found - sys.stdlib_module_names == {"jax", "numpy"}
    assert "grad(" not in source  # the gradients are the derived equations


def test_without_jax_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "jax", None)
    with pytest.raises(MissingToolError, match=r"training: this module needs JAX: .*symnet\[jax\]"):
        new_trainer(source_of(derived_from(CASES["dense"].text), backend="jax"))


def test_the_list_says_which_extra_a_backend_needs():
    shown = CliRunner().invoke(commands, ["list"]).output
    for name, backend in backends().items():
        line = next(line for line in shown.splitlines() if line.startswith(f"  {name:<16} {backend.WORDS}"))
        assert line.endswith(f"(extra: {backend.EXTRA})") == bool(backend.EXTRA)


@pytest.mark.parametrize(
    ("options", "place"),
    [
        (["--processes", "2"], "--processes"),
        (["--sharded"], "--sharded"),
        (["--backend", "jax", "--sharded"], "--sharded"),
    ],
)
def test_what_a_backend_cannot_do_is_said_before_anything_is_done(options, place):
    done = CliRunner().invoke(commands, ["train", SPEC, *options])
    assert isinstance(done.exception, SymnetError)
    assert done.exception.place == place


def test_a_solver_is_refused_by_name():
    stated = {"inputs": {"X": ("N", 3)}, "targets": {"Y": ("N", 1)}, "layers": [Dense(1)], "loss": "mse"}
    network = Network(training=Training("newton_cg", batch_size=None), **stated)
    with pytest.raises(SymnetError, match="newton_cg"):
        network.derive().generate("jax")
