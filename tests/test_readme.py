"""What the README shows is run."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text()
PYTHON = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
SHELL = [line for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL) for line in block.splitlines()]


@pytest.mark.parametrize("code", PYTHON)
def test_python_says_what_it_is_said_to_say(code, capsys):
    exec(compile(code, "README.md", "exec"), {})
    printed = capsys.readouterr().out.splitlines()
    comments = re.findall(r"^print\(.*?#\s(.*)$", code, re.MULTILINE)
    assert len(printed) == len(comments)
    if len(printed) == 3:
        assert printed[0] == comments[0]
        assert printed[1] == r"\bar{\mathbf{W}}^{[1]} = \mathbf{X}^{\top} \bar{\mathbf{Z}}^{[1]}"
        assert printed[2].startswith("passed:")


@pytest.mark.parametrize("line", [line for line in SHELL if line.startswith("symnet serve ")])
@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot be sent Ctrl-C there")
def test_what_is_served_is_served_until_it_is_interrupted(line):
    served = subprocess.Popen(
        [sys.executable, "-m", "symnet", *line.partition("#")[0].split()[1:]],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "BROWSER": "true %s"},
    )
    assert b"http://127.0.0.1:" in served.stdout.readline()
    served.send_signal(signal.SIGINT)
    assert served.communicate(timeout=60) == (b"", None)
    assert served.returncode == 0


@pytest.mark.parametrize("line", [line for line in SHELL if re.match("symnet (?!serve)", line)])
def test_commands_of_the_shell_run(line, tmp_path):
    if ".ipynb" in line and not all(map(importlib.util.find_spec, ("nbclient", "ipykernel"))):
        pytest.skip("the extra notebook is missing")
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    arguments = line.partition("#")[0].split()[1:]
    done = subprocess.run(
        [sys.executable, "-m", "symnet", *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    if "-o" in arguments:
        assert (tmp_path / arguments[arguments.index("-o") + 1]).stat().st_size


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize("line", [line for line in SHELL if line.startswith("make ")])
def test_targets_of_make_exist(line):
    target = line.partition("#")[0].split()[1]
    done = subprocess.run(
        ["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_every_link_leads_somewhere():
    for link in re.findall(r"\]\(([^)#]+)\)", TEXT):
        assert (ROOT / link).exists(), link
