"""The worked example of docs/adding-a-layer.md: its files are written, its package is built, its commands run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
TEXT = (ROOT / "docs" / "adding-a-layer.md").read_text()


def listings(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


LAYER, PROGRAM = listings("python")
PACKAGE, NETWORK = listings("toml")
(COMMANDS,) = listings("sh")


def run(folder: Path, *arguments: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(path or "")}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The files of the example, side by side."""
    found = tmp_path_factory.mktemp("example")
    (found / "rbf.py").write_text(LAYER)
    (found / "pyproject.toml").write_text(PACKAGE)
    (found / "bumps.toml").write_text(NETWORK)
    return found


@pytest.fixture(scope="module")
def installed(folder, tmp_path_factory):
    """Where the package is installed: its wheel, built as pip builds it, and unpacked."""
    target = tmp_path_factory.mktemp("installed")
    done = run(folder, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target))
    assert done.returncode == 0, done.stderr
    (wheel,) = target.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    return target


def test_the_program_says_what_it_is_said_to_say(folder):
    (folder / "program.py").write_text(PROGRAM)
    done = run(folder, "program.py")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == re.findall(r"^print\(.*?  # (.*)$", PROGRAM, re.MULTILINE)


def test_its_samples_are_certified(folder):
    """What the tests over the catalogue do with the samples of a layer that is in it."""
    program = (
        "from layers.samples import network_of\nfrom rbf import SAMPLES\nfrom symnet import Network\n"
        "for sample in SAMPLES:\n    assert Network.of(network_of(sample)).derive().verify().passed\n"
    )
    done = run(folder, "-c", program, path=ROOT / "tests")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", COMMANDS.splitlines())
def test_the_commands_run_where_the_package_is_installed(folder, installed, command):
    arguments = command.split()[1:]
    done = run(folder, "-m", "symnet", *arguments, path=installed)
    assert done.returncode == 0, done.stderr
    assert (folder / arguments[-1]).stat().st_size


def test_without_the_package_there_is_no_such_kind(folder):
    done = run(folder, "-m", "symnet", "verify", "bumps.toml")
    assert done.returncode == 2
    assert "there is no kind of layer 'rbf'" in done.stderr


def test_an_offer_that_cannot_be_loaded_names_its_package(folder, installed, tmp_path):
    broken = tmp_path / "broken-1.0.dist-info"
    broken.mkdir()
    (broken / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (broken / "entry_points.txt").write_text("[symnet.layers]\nlost = nowhere:LAYER\n")
    done = run(folder, "-m", "symnet", "verify", "bumps.toml", path=tmp_path)
    assert done.returncode == 2
    assert "lost, which broken offers, cannot be loaded" in done.stderr
