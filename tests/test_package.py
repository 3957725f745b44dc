"""The package as a user gets it: the wheel is whole, importing it is cheap, imports go one way."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import entry_points, version
from pathlib import Path

import pytest

import symnet

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "symnet"


def run(*arguments: str | Path, cwd: Path = ROOT, path: Path | None = None) -> str:
    """What a program prints, run in a process of its own; `path` comes first among what it imports from."""
    environment = {"PATH": str(Path(sys.executable).parent), "HOME": str(cwd)}
    if path is not None:
        environment["PYTHONPATH"] = str(path)
    done = subprocess.run(
        arguments, cwd=cwd, env=environment, text=True, capture_output=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_every_file_of_the_package(wheel: Path) -> None:
    files = (file for file in PACKAGE.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
    expected = {file.relative_to(ROOT).as_posix() for file in files}
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert names == expected
    assert "symnet/py.typed" in names
    assert any(name.endswith(".jinja") for name in names), "no templates"


def test_the_wheel_works_by_itself(wheel: Path, tmp_path: Path) -> None:
    unpacked = tmp_path / "unpacked"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(unpacked)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    place = run(sys.executable, "-c", "import symnet; print(symnet.__file__)", cwd=elsewhere, path=unpacked)
    assert Path(place.strip()).is_relative_to(unpacked)
    program = "from symnet.cli import main; main()"
    spec = ROOT / "examples" / "xor.toml"
    trainer = elsewhere / "trainer.py"
    run(sys.executable, "-c", program, "generate", spec, "-o", trainer, cwd=elsewhere, path=unpacked)
    assert "class Trainer" in trainer.read_text(encoding="utf-8")


def test_one_version() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert symnet.__version__ == declared
    assert version("symnet") == declared
    assert f"## {declared}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_command_is_installed() -> None:
    (command,) = entry_points(group="console_scripts", name="symnet")
    assert callable(command.load())


@pytest.mark.parametrize("module", ["symnet", "symnet.errors", "symnet.cli"])
def test_importing_it_is_cheap(module: str) -> None:
    """SymPy alone costs 0.4 s, so what only prints help or reports an error must not import it."""
    heavy = {"sympy", "numpy", "jinja2"}
    program = f"import sys, {module}; print(*sorted(set(sys.modules) & {heavy}))"
    assert run(sys.executable, "-c", program).split() == []


def test_imports_go_one_way() -> None:
    output = run(Path(sys.executable).with_name("lint-imports"), "--no-cache")
    assert "0 broken" in output
