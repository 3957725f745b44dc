"""The command line: what it prints and writes, its exit codes, and what it says to bad input."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from symnet import __version__, cli
from symnet.errors import SymnetError
from symnet.registry import GIVEN, layer_kinds, members, solvers

ROOT = Path(__file__).resolve().parent.parent
XOR = ROOT / "examples" / "xor.toml"
COMMANDS = ("derive", "serve", "generate", "verify", "train", "list")


@pytest.fixture
def symnet(capfdbinary, monkeypatch, tmp_path):
    """Runs a command in an empty folder; gives its exit code and what it wrote to both streams."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["symnet", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capfdbinary.readouterr()
        return ended.value.code, out.decode(), err.decode()

    return run


def process(*arguments, **options):
    """The same in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "symnet", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        text=True,
        **options,
    )


class TestHelp:
    def test_it_teaches(self, symnet):
        code, out, err = symnet("--help")
        assert (code, err) == (0, "")
        for command in COMMANDS:
            assert f"\n  {command} " in out
        assert "[[layers]]" in out
        assert "symnet train xor.toml" in out
        assert "Exit codes: 0 right, 1 verification failed, 2 bad input." in out

    def test_the_specification_that_it_shows_is_one(self, symnet, tmp_path):
        _, out, _ = symnet("--help")
        text = out.partition("A specification:\n")[2].partition("Exit codes")[0]
        (tmp_path / "shown.toml").write_text(text, encoding="utf-8")
        code, out, err = symnet("train", "shown.toml")
        assert code == 0, err
        assert "accuracy 1.0000" in out

    @pytest.mark.parametrize("command", COMMANDS)
    def test_every_command_has_its_own(self, symnet, command):
        code, out, _ = symnet(command, "--help")
        assert code == 0
        assert "Usage: symnet " + command in out
        assert command == "list" or f"  symnet {command} " in out

    def test_the_version(self, symnet):
        assert symnet("--version") == (0, f"symnet {__version__}\n", "")


class TestList:
    def test_everything_is_listed_with_its_formula(self, symnet):
        code, out, _ = symnet("list")
        assert code == 0
        for folder in GIVEN:
            for name, formula in members(folder).items():
                assert f"\n  {name} " in out
                assert all(line in out for line in formula.text.splitlines())
        others = (*layer_kinds(), *solvers(), "numpy", "html", "latex", "markdown")
        assert all(f"\n  {name} " in out for name in others)

    def test_for_machines(self, symnet):
        code, out, _ = symnet("list", "--json")
        assert code == 0
        found = json.loads(out)
        assert found["losses"]["sse"]["formula"] == "L = sum((A[n,j] - Y[n,j])**2, n, j)"
        assert found["activations"]["elu"]["settings"] == {"alpha": 1.0}
        assert {"layers", "regularizers", "optimizers", "solvers", "backends", "formats"} <= set(found)
        assert found["solvers"]["newton_cg"]["settings"]["cg_iterations"] == 100


class TestDerive:
    @pytest.mark.parametrize(("suffix", "start"), [(".html", "<!"), (".tex", "%"), (".md", "#")])
    def test_the_name_of_the_file_says_the_format(self, symnet, tmp_path, suffix, start):
        code, out, err = symnet("derive", XOR, "-o", f"page{suffix}")
        assert (code, out) == (0, "")
        assert err.splitlines()[-1] == f"page{suffix}"  # behind lines of progress, where it takes its time
        text = (tmp_path / f"page{suffix}").read_text(encoding="utf-8")
        assert text.lower().startswith(start)
        assert "symnet derive xor.toml" in text
        assert "certificate" in text

    def test_standard_output_and_both_conventions(self, symnet):
        code, rows, _ = symnet("derive", XOR, "--format", "latex")
        assert code == 0
        code, columns, _ = symnet("derive", XOR, "--format", "latex", "--convention", "columns")
        assert code == 0
        assert "documentclass" in rows
        assert rows != columns

    def test_in_chinese(self, symnet, tmp_path):
        code, _, err = symnet("derive", XOR, "--language", "zh", "-o", "page.html")
        assert code == 0, err
        page = (tmp_path / "page.html").read_text(encoding="utf-8")
        assert '<html lang="zh-CN">' in page
        assert "反向传播" in page
        assert "symnet derive xor.toml --language zh" in page
        assert "Backward" not in page

    def test_gradients_for_machines(self, symnet):
        code, out, _ = symnet("derive", XOR, "--json")
        assert code == 0
        gradients = json.loads(out)["gradients"]
        assert set(gradients) == {"W1", "b1", "W2", "b2"}
        assert all(set(forms) == {"index", "matrix"} for forms in gradients.values())

    def test_training_goes_into_the_page(self, symnet, tmp_path):
        code, _, err = symnet("derive", XOR, "--train", "-o", "page.html")
        assert code == 0, err
        assert "<svg" in (tmp_path / "page.html").read_text(encoding="utf-8")
        assert "4000" in (tmp_path / "page.html").read_text(encoding="utf-8")

    def test_what_verification_refuses_is_not_written(self, symnet, tmp_path, refused):
        code, out, err = symnet("derive", XOR, "-o", "page.html")
        assert (code, out) == (1, "")
        assert "refused" in err
        assert not (tmp_path / "page.html").exists()


@pytest.fixture
def refused(monkeypatch):
    """Every certificate refuses: one of its findings is made to fail."""
    from dataclasses import replace

    from symnet import pipeline

    honest = pipeline.verify

    def verify(*arguments, **options):
        certificate = honest(*arguments, **options)
        wrong = replace(certificate.findings[0], error=1.0)
        return replace(certificate, findings=(wrong, *certificate.findings[1:]))

    monkeypatch.setattr(pipeline, "verify", verify)


class TestOpen:
    @pytest.fixture
    def opened(self, monkeypatch):
        shown = []
        monkeypatch.setattr("webbrowser.open", lambda address: shown.append(address) or True)
        return shown

    @pytest.mark.parametrize(
        ("options", "name"),
        [
            ((), "xor.html"),
            (("-o", "a b.html"), "a b.html"),
            (("--format", "latex"), "xor.tex"),
        ],
    )
    def test_a_file_is_written_and_opened(self, symnet, opened, tmp_path, options, name):
        code, out, err = symnet("derive", XOR, "--open", *options)
        assert (code, out, err.splitlines()[-1]) == (0, "", name)
        assert opened == [(tmp_path / name).as_uri()]
        assert (tmp_path / name).stat().st_size > 10_000

    def test_without_a_browser_it_says_so(self, symnet, monkeypatch):
        monkeypatch.setattr("webbrowser.open", lambda address: False)
        code, _, err = symnet("derive", XOR, "--open")
        assert code == 0
        assert "no browser was found to open file://" in err

    @pytest.mark.parametrize("options", [("-o", "-"), ("--json",)])
    def test_what_is_no_file_is_not_opened(self, symnet, opened, options):
        code, out, err = symnet("derive", XOR, "--open", *options)
        assert (code, out, opened) == (2, "", [])
        assert "--open" in err


class TestGenerate:
    def test_a_module_that_runs_on_its_own(self, symnet, tmp_path):
        code, _, _ = symnet("generate", XOR, "-o", "trainer.py")
        assert code == 0
        x = [[0, 0], [0, 1], [1, 0], [1, 1]]
        np.savez(tmp_path / "data.npz", X=x, Y=[[0], [1], [1], [0]])
        done = subprocess.run(
            [sys.executable, "trainer.py", "--data", "data.npz", "--epochs", "20"],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
        )
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "parameters.npz").exists()

    def test_an_unknown_backend(self, symnet):
        code, out, err = symnet("generate", XOR, "--backend", "nunpy")
        assert (code, out) == (2, "")
        assert "did you mean: numpy?" in err


class TestVerify:
    def test_the_table_and_the_file(self, symnet, tmp_path):
        code, out, _ = symnet("verify", XOR, "-o", "certificate.json", "--seed", "3")
        assert code == 0
        assert "passed: " in out
        certificate = json.loads((tmp_path / "certificate.json").read_text())
        assert certificate["claims"]["passed"] is True
        assert certificate["claims"]["seed"] == 3

    def test_for_machines(self, symnet):
        code, out, _ = symnet("verify", XOR, "--json")
        assert code == 0
        assert json.loads(out)["claims"]["network"] == "xor"

    def test_a_failure_is_exit_code_1(self, symnet, refused):
        code, out, _ = symnet("verify", XOR)
        assert code == 1
        assert "refused: 1 of" in out


class TestTrain:
    def test_the_truth_table_and_the_parameters(self, symnet, tmp_path):
        code, out, _ = symnet("train", XOR)
        assert code == 0
        assert "4000 epochs" in out
        assert "accuracy 1.0000" in out
        assert "  0 1 -> 0.9" in out
        with np.load(tmp_path / "xor-parameters.npz") as found:
            assert {name: array.shape for name, array in found.items()} == {
                "W1": (2, 2),
                "b1": (2,),
                "W2": (2, 1),
                "b2": (1,),
            }

    def test_by_a_solver(self, symnet, tmp_path):
        code, out, err = symnet("train", XOR.parent / "logistic_newton.toml", "-o", "p.npz")
        assert code == 0, err
        assert "11 epochs, the gradient's length at the end" in out
        (tmp_path / "n.toml").write_text(XOR.read_text().replace('"sgd"', '"newton_cq"'))
        code, _, err = symnet("train", "n.toml")
        assert code == 2
        assert "newton_cg" in err

    def test_for_machines_with_another_seed_and_less_patience(self, symnet):
        code, out, _ = symnet("train", XOR, "--seed", "5", "--epochs", "7", "--json", "-o", "p.npz")
        assert code == 0
        facts = json.loads(out)
        assert (facts["epochs"], facts["parameters"], facts["test"]) == (7, "p.npz", None)
        assert facts["train"]["samples"] == len(facts["samples"]) == 4

    def test_progress_is_told_after_a_second(self, capfd):
        clock = iter([0.0, 0.5, 1.5, 1.5, 2.0, 9.0, 9.0])
        progress = cli._Progress(clock=lambda: next(clock))
        for epoch in range(1, 5):
            progress.show(f"epoch {epoch} of 100: loss {1 / epoch:g}")
        progress.end()
        assert capfd.readouterr().err == "epoch 2 of 100: loss 0.5\nepoch 4 of 100: loss 0.25\n"


class TestBadInput:
    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["derive", "missing.toml"], "missing.toml: there is no such file"),
            (["verify", "."], "this is a folder"),
            (["derive", XOR, "--format", "htm"], "did you mean: html?"),
            (["derive", XOR, "--convention", "rwos"], "rows"),
            (["derive", XOR, "--language", "xx"], "zh"),
            (["derive", XOR, "-o", "taken/page.html"], "cannot be written"),
            (["train", XOR, "-o", "taken/p.npz"], "cannot be written"),
            (["train", XOR, "--epochs", "0"], "0 is not in the range"),
            (["train", XOR, "--seed", "-1"], "-1 is not in the range"),
            (["drive", XOR], "No such command 'drive'"),
            (["derive"], "Missing argument 'SPEC'"),
            (["derive", XOR, "--frmat", "html"], "--format"),
            (["generate", "bad.toml"], "bad.toml: this is not TOML"),
            (["derive", "sign.toml"], "sigmoid or tanh"),
        ],
    )
    def test_one_message_exit_code_2_and_nothing_written(self, symnet, tmp_path, arguments, words):
        (tmp_path / "taken").write_text("")
        (tmp_path / "bad.toml").write_text("[network")
        (tmp_path / "sign.toml").write_text(XOR.read_text(encoding="utf-8").replace("sigmoid", "sign"))
        before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
        code, out, err = symnet(*arguments)
        assert (code, out) == (2, "")
        assert words in err
        assert "Traceback" not in err
        assert before == {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def test_a_specification_is_not_replaced_by_what_is_made_of_it(self, symnet, tmp_path):
        path = tmp_path / "network.toml"
        path.write_text(XOR.read_text(encoding="utf-8"))
        for command in ("derive", "generate", "verify", "train"):
            code, _, err = symnet(command, path, "-o", "network.toml")
            assert code == 2
            assert "the specification itself" in err
        assert path.read_text() == XOR.read_text(encoding="utf-8")

    def test_no_command(self, symnet):
        code, _, err = symnet()
        assert code == 2
        assert "Usage" in err


class TestProcess:
    def test_a_reader_that_goes_away(self):
        with process("derive", XOR, "--format", "html") as running:
            running.stdout.close()
            told = running.stderr.read()  # lines of progress, where it takes its time, and no complaint
            assert all(" checked: " in line for line in told.splitlines()), told
            assert running.wait(60) == 141

    def test_interruption(self, tmp_path):
        slow = tmp_path / "slow.toml"
        slow.write_text(XOR.read_text(encoding="utf-8").replace("epochs = 4000", "epochs = 400000000"))
        with process("train", slow, "-o", tmp_path / "p.npz") as running:
            first = running.stderr.readline()
            assert first.startswith("epoch ")  # training has begun, and says so
            running.send_signal(signal.SIGINT)
            out, err = running.communicate(timeout=60)
        assert (running.returncode, out) == (130, "")
        assert "interrupted" in err
        assert "Traceback" not in err
        assert [path.name for path in tmp_path.iterdir()] == ["slow.toml"]

    def test_a_terminal_of_another_alphabet(self):
        environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
        with process("derive", XOR, "--format", "markdown", env=environment) as running:
            out, err = running.communicate(timeout=60)
        assert running.returncode == 0, err
        assert "Z = XW + 1bᵀ" in out

    def test_help_waits_for_nothing(self):
        program = "import sys; from symnet.cli import main\ntry: main()\nexcept SystemExit: pass\n"
        program += "print([m for m in ('sympy', 'numpy', 'jinja2') if m in sys.modules])"
        done = subprocess.run(
            [sys.executable, "-c", program, "--help"], capture_output=True, text=True, check=True, cwd=ROOT
        )
        assert done.stdout.endswith("[]\n")

    @pytest.mark.parametrize("module", ["symnet", "symnet.cli", "symnet.cache"])
    def test_imports_wait_for_nothing(self, module):
        program = (
            f"import sys, {module}; print([m for m in ('sympy', 'numpy', 'jinja2') if m in sys.modules])"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert done.stdout == "[]\n"


def test_errors_of_the_program_itself_are_not_hidden(monkeypatch, symnet):
    def broken(*_):
        raise ZeroDivisionError

    monkeypatch.setattr("symnet.spec.load", broken)
    monkeypatch.setattr("symnet.pipeline.load_spec", broken)
    monkeypatch.setattr(sys, "argv", ["symnet", "verify", str(XOR)])
    with pytest.raises(ZeroDivisionError):
        cli.main()


def test_an_error_has_its_place_and_what_is_near():
    error = SymnetError("wrong", place="here", expected="right", suggestion="rihgt")
    assert str(error) == "here: wrong\n  expected: right\n  did you mean: rihgt?"


def test_notations_and_fragments(symnet):
    code, plain, _ = symnet("derive", XOR, "--format", "latex", "--fragment")
    assert code == 0
    assert plain.startswith("% needs")
    _, deltas, _ = symnet("derive", XOR, "--format", "latex", "--fragment", "--notation", "delta")
    assert r"\boldsymbol{\Delta}^{[2]}" in deltas
    _, round_ones, _ = symnet("derive", XOR, "--format", "typst", "--fragment", "--superscripts", "paren")
    assert '"(1)"' in round_ones
    for more in ((), ("--json",)):
        code, _, error = symnet("derive", XOR, "--notation", "detla", *more)
        assert code == 2
        assert "did you mean: delta?" in error
    code, _, error = symnet("derive", XOR, "--format", "html", "--fragment")
    assert code == 2
    assert "expected: latex or typst" in error


def test_a_pdf_by_its_name_or_an_error_and_no_file(symnet, monkeypatch, tmp_path):
    from symnet.documents import pdf

    monkeypatch.setitem(pdf.ENGINES, "latex", lambda written, folder, tell: b"%PDF made by hand")
    code, _, _ = symnet("derive", XOR, "-o", "xor.pdf", "--no-cache")
    assert code == 0
    assert (tmp_path / "xor.pdf").read_bytes() == b"%PDF made by hand"
    for engine in pdf.ENGINES:
        monkeypatch.setitem(pdf.ENGINES, engine, lambda written, folder, tell: None)
    code, _, error = symnet("derive", XOR, "-o", "none.pdf", "--no-cache")
    assert code == 2
    assert "pip install 'symnet[pdf]'" in error
    assert not (tmp_path / "none.pdf").exists()
