"""What is kept between commands: the same answer at once, and never one to another question."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from multiprocessing import get_context
from pathlib import Path

import pytest

from symnet import cache, cli
from symnet.cache import remembered

ROOT = Path(__file__).resolve().parent.parent
XOR = ROOT / "examples" / "xor.toml"
SPECIFICATION = '[network]\nname = "one"\n[data]\nfile = "one.npz"\n'


@pytest.fixture
def folder(monkeypatch, tmp_path):
    """Where entries go: empty at first."""
    monkeypatch.setenv("SYMNET_CACHE", str(tmp_path / "kept"))
    return tmp_path / "kept"


@pytest.fixture
def spec(tmp_path):
    path = tmp_path / "one.toml"
    path.write_text(SPECIFICATION)
    (tmp_path / "one.npz").write_bytes(b"1")
    return path


class Work:
    """Work that counts how often it is done, and makes another text each time."""

    def __init__(self):
        self.times = 0

    def __call__(self):
        self.times += 1
        return {"text": f"made {self.times}"}


def asked(work, spec, reads_data=False, **options):
    return remembered({"command": "derive", **options}, spec, reads_data, work)


def test_the_same_question_is_answered_at_once(folder, spec):
    work = Work()
    assert asked(work, spec) == asked(work, spec) == {"text": "made 1"}
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda spec, patch: spec.write_text(SPECIFICATION + "# more\n"),
        lambda spec, patch: (spec.parent / "one.npz").write_bytes(b"2"),
        lambda spec, patch: patch.setattr(cache, "_version", lambda name: "another"),
        lambda spec, patch: patch.setattr(cache, "_own_digest", lambda: "another"),
        lambda spec, patch: patch.setattr(sys, "version", "another"),
        lambda spec, patch: patch.setattr(os, "uname", lambda: ("another",)),
    ],
    ids=["specification", "data", "library", "symnet", "Python", "machine"],
)
def test_what_the_answer_depends_on(folder, spec, monkeypatch, change):
    work = Work()
    asked(work, spec, reads_data=True)
    change(spec, monkeypatch)
    assert asked(work, spec, reads_data=True) == {"text": "made 2"}


def test_every_option_counts_and_the_name_of_the_file(folder, spec):
    work = Work()
    asked(work, spec, seed=None)
    asked(work, spec, seed=0)
    asked(work, spec, seed=0, second="hessian")
    asked(work, spec.rename(spec.with_name("other.toml")), seed=0)
    assert work.times == 4


def test_data_count_only_where_they_are_read(folder, spec):
    work = Work()
    asked(work, spec)
    (spec.parent / "one.npz").write_bytes(b"2")
    asked(work, spec)
    assert work.times == 1


def test_symnet_is_known_by_its_text(monkeypatch, tmp_path):
    (tmp_path / "cache.py").write_text("1")
    monkeypatch.setattr(cache, "__file__", str(tmp_path / "cache.py"))
    first = cache._own_digest()
    (tmp_path / "TEMPLATE.jinja").write_text("2")
    second = cache._own_digest()
    (tmp_path / "TEMPLATE.jinja").write_text("3")
    assert len({first, second, cache._own_digest()}) == 3


def test_a_file_that_changes_during_the_work(folder, spec):
    def work():
        spec.write_text(SPECIFICATION + "# changed\n")
        return {"text": "of the old one, or of the new one?"}

    asked(work, spec)
    assert asked(Work(), spec) == {"text": "made 1"}


def test_refusals_and_errors_are_not_kept(folder, spec):
    def fails():
        raise ZeroDivisionError

    asked(lambda: {"refused": "all"}, spec)
    with pytest.raises(ZeroDivisionError):
        asked(fails, spec)
    assert not folder.exists()


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"facts": {}, "texts": {"text": "wrong"}}', '{"texts": 1}', "null", "\xff"]
)
def test_an_entry_that_is_none(folder, spec, content):
    work = Work()
    asked(work, spec)
    (entry,) = folder.iterdir()
    entry.write_text(content, encoding="latin-1")
    assert asked(work, spec) == {"text": "made 2"}
    assert asked(work, spec) == {"text": "made 2"}


def test_texts_are_texts(folder, spec):
    work = Work()
    asked(work, spec)
    (entry,) = folder.iterdir()
    content = json.loads(entry.read_text())
    entry.write_text(json.dumps({**content, "texts": {"text": 1}}))
    assert asked(work, spec) == {"text": "made 2"}


def test_the_oldest_go(folder, spec, monkeypatch):
    work = Work()
    for seed in range(4):
        asked(work, spec, seed=seed)
    entries = sorted(
        folder.iterdir(), key=lambda path: json.loads(path.read_text())["facts"]["options"]["seed"]
    )
    for age, entry in enumerate(entries):
        os.utime(entry, (age, age))
    asked(work, spec, seed=0)  # is young again
    monkeypatch.setattr(cache, "LIMIT", 3 * entries[0].stat().st_size + 10)
    asked(work, spec, seed=4)
    assert [entry.exists() for entry in entries] == [True, False, False, True]


def test_without_a_place_the_work_is_done(monkeypatch, spec, tmp_path):
    work = Work()
    monkeypatch.setenv("SYMNET_CACHE", "")
    asked(work, spec)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SYMNET_CACHE", str(tmp_path / "file" / "kept"))
    asked(work, spec)
    asked(work, spec)
    assert work.times == 3


def test_the_folder_of_the_system(monkeypatch, tmp_path, spec):
    monkeypatch.delenv("SYMNET_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    asked(Work(), spec)
    assert len(list((tmp_path / "xdg" / "symnet").iterdir())) == 1
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # which is to be taken for not set
    monkeypatch.setenv("HOME", str(tmp_path))
    asked(Work(), spec)
    assert len(list((tmp_path / ".cache" / "symnet").iterdir())) == 1


def test_layers_of_another_package(folder, spec, monkeypatch):
    monkeypatch.setattr(cache, "entry_points", lambda group: ["theirs"])
    asked(Work(), spec)
    assert not folder.exists()


def _write_often(spec, times):
    for turn in range(times):
        made = remembered({"seed": turn % 3}, spec, False, lambda: {"text": "x" * 100_000})
        assert made == {"text": "x" * 100_000}
        for entry in Path(os.environ["SYMNET_CACHE"]).glob("*.json"):
            entry.unlink(missing_ok=True)


def test_processes_side_by_side(folder, spec, monkeypatch):
    monkeypatch.setattr(cache, "LIMIT", 250_000)
    monkeypatch.setattr(cache, "_own_digest", lambda: "")
    forked = get_context("fork")
    running = [forked.Process(target=_write_often, args=(spec, 40)) for _ in range(3)]
    for process in running:
        process.start()
    for process in running:
        process.join(60)
    assert [process.exitcode for process in running] == [0, 0, 0]


class TestCommands:
    @pytest.fixture
    def symnet(self, folder, capfdbinary, monkeypatch, tmp_path):
        monkeypatch.chdir(tmp_path)

        def run(*arguments):
            monkeypatch.setattr(sys, "argv", ["symnet", *map(str, arguments)])
            with pytest.raises(SystemExit) as ended:
                cli.main()
            return ended.value.code, capfdbinary.readouterr().out

        return run

    @pytest.mark.parametrize(
        "command", [("derive",), ("derive", "--json"), ("generate",), ("verify",), ("verify", "--json")]
    )
    def test_the_same_bytes_without_the_work(self, symnet, monkeypatch, command):
        first = symnet(*command, XOR)
        monkeypatch.setattr(cli, "_derivation", None)
        assert symnet(*command, XOR) == first
        assert first[0] == 0
        with pytest.raises(TypeError):
            symnet(*command, XOR, "--no-cache")
        with pytest.raises(TypeError):
            symnet(*command, ROOT / "examples" / "iris.toml")

    def test_the_name_of_the_file_says_the_format(self, symnet, tmp_path):
        for name in ("a.html", "a.tex", "a", "b"):
            symnet("derive", XOR, "-o", name)
        assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
        assert (tmp_path / "a").read_bytes() == (tmp_path / "a.html").read_bytes()
        assert (tmp_path / "a.tex").read_bytes().startswith(b"%")

    def test_the_specification_is_not_replaced(self, symnet, tmp_path):
        spec = tmp_path / "xor.toml"
        spec.write_bytes(XOR.read_bytes())
        assert symnet("generate", spec)[0] == 0
        assert symnet("generate", spec, "-o", spec)[0] == 2
        assert spec.read_bytes() == XOR.read_bytes()

    def test_it_waits_for_nothing(self, folder):
        program = "import sys; from symnet.cli import main\ntry: main()\nexcept SystemExit: pass\n"
        program += "print([m for m in ('sympy', 'numpy', 'jinja2') if m in sys.modules])"
        done = [
            subprocess.run(
                [sys.executable, "-c", program, "generate", str(XOR)],
                capture_output=True,
                text=True,
                check=True,
            )
            for _ in range(2)
        ]
        assert not done[0].stdout.endswith("[]\n")
        assert done[1].stdout.endswith("[]\n")
