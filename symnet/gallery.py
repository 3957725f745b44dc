"""The gallery: what symnet writes for each example, kept in `generated/` and compared byte for byte.

    python -m symnet.gallery --check      fail where generated/ is not what symnet writes now
    python -m symnet.gallery --renew      write it

Every `examples/NAME.toml` has a folder `generated/NAME/`. What was measured on some machine, the errors that
verification found and what came of training, is kept in measured.json and parameters.npz; the documents are
made from what is kept there, so that everything else is the same on every machine and in every run.

Training is repeated where it takes little time, and what comes of it is compared within the bounds below.
What takes longer is trained only where its specification or its data has changed, or with `--train`.
Renewing keeps what is there while that holds, so that a new machine renews nothing by chance.
"""

from __future__ import annotations

import argparse
import difflib
import hashlib
import json
import math
import re
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from symnet.data import write_npz
from symnet.documents import formats
from symnet.documents.outline import Live
from symnet.errors import SymnetError
from symnet.files import write_atomically
from symnet.live import live_of
from symnet.messages import languages
from symnet.pipeline import Derivation, Network
from symnet.results import example_of, record, results_of
from symnet.spec import Spec, load
from symnet.training import read_data, train
from symnet.verify import Certificate

Files = dict[str, str]
Measured = Mapping[str, Any]
"""What measured.json holds: `specification`, a digest of what was trained; `seconds` that took; what came of
it, as `symnet.results.record` has it; `certificate`, the errors that were measured.
"""
LOSS_BOUND, ACCURACY_BOUND = 0.1, 0.02
"""A loss may differ by a tenth, an accuracy by two hundredths."""
AGAIN = 5.0
"""Training that took fewer seconds is repeated each time."""
PARAMETERS = "parameters.npz"
LEFT_OUT = ("beamer", "typst", "notebook")
"""Formats that say in another way what is there already."""


@dataclass(frozen=True, slots=True)
class Written:
    """What symnet writes for one example now, and how what was measured now lies beyond its bounds."""

    files: Files
    parameters: Mapping[str, Any] | None = None  # where they are to be written anew
    beyond: tuple[str, ...] = ()


def build(path: Path, old: Mapping[str, str], again: bool = False, fresh: bool = False) -> Written:
    """Every file of the gallery folder of the specification at `path`, by name, with what the `old` ones keep
    of earlier measurements while it holds: errors while the claims are the same, training within its bounds.

    `again` trains however long that takes; `fresh` takes what comes of it even where what is kept holds.
    """
    kept = json.loads(old.get("measured.json", "{}"))
    spec = load(path)
    network = Network.of(spec.network)
    derivation = replace(network.derive(), source=path.name)
    certificate = derivation.verify(seed=0)
    content = json.loads(certificate.to_json())
    measured: dict[str, Any] = {"certificate": content.pop("measured")}
    claims = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    if certificate.passed and kept and claims == old.get("certificate.json"):
        measured["certificate"] = kept["certificate"]
        errors = zip(certificate.findings, kept["certificate"]["errors"], strict=True)
        certificate = replace(
            certificate, findings=tuple(replace(finding, error=error) for finding, error in errors)
        )
    trained, parameters, beyond = _training(spec, derivation, kept, again, fresh)
    measured = trained | measured
    example, live = example_of(spec, derivation), live_of(derivation, spec)
    files = _documents(derivation, certificate, measured, example, live) | {
        "spec.toml": spec.text,
        "certificate.json": claims,
        "measured.json": _lines(measured),
    }
    return Written(files, parameters, beyond)


def _documents(
    derivation: Derivation,
    certificate: Certificate,
    measured: Measured,
    example: Mapping[str, Any] | None,
    live: Live | None,
) -> Files:
    """The module, and the derivation in every format."""
    shown: dict[str, Any] = {
        "certificate": certificate,
        "results": results_of(measured),
        "example": example,
        "live": live,
    }
    files = {
        f"derivation{form.SUFFIX}": derivation.document(name, **shown)
        for name, form in formats().items()
        if name not in LEFT_OUT
    }
    for code in languages()[1:]:
        files[f"derivation.{code}.html"] = derivation.document("html", language=code, **shown)
    return files | {"trainer.py": derivation.generate("numpy")}


def _training(
    spec: Spec, derivation: Derivation, kept: Measured, again: bool, fresh: bool
) -> tuple[dict[str, Any], Mapping[str, Any] | None, tuple[str, ...]]:
    """What comes of training, as measured.json keeps it, with new parameters and how it lies beyond what is
    kept, if it does. What is kept stays, and what was not measured then is put to it.
    """
    digest = _digest(spec)
    old = {name: part for name, part in kept.items() if name != "certificate"}
    same = old.get("specification") == digest
    if same and not again and old["seconds"] > AGAIN:
        return old, None, ()
    network = derivation.network
    data, start = read_data(spec, network.program), time.monotonic()
    run = train(derivation.generate("numpy"), network.program, derivation.prediction, data, network.training)
    seconds = round(time.monotonic() - start, 1)
    new = {"specification": digest, "seconds": seconds, **record(run)}
    beyond = tuple(beyond_bounds(old["training"], new["training"])) if same else ()
    if same and not fresh and not beyond:
        return old | {name: part for name, part in new.items() if name not in old}, None, ()
    small = {name: array.astype(np.float32) for name, array in run.trainer.parameters.items()}
    return new, small, beyond


def _digest(spec: Spec) -> str:
    """A digest of what a specification says, whatever its comments are, and of its data."""
    said = json.dumps(tomllib.loads(spec.text), sort_keys=True).encode()
    given = spec.data
    files = (
        [given.file]
        if given and given.file
        else sorted(given.folder.iterdir())
        if given and given.folder
        else []
    )
    data = b"".join(file.read_bytes() for file in files)
    return hashlib.sha256(said + data).hexdigest()[:16]


def _lines(content: Mapping[str, Any]) -> str:
    """JSON with no more than a line for a list of numbers."""
    told = json.dumps(content, indent=2)
    return re.sub(r"\[[^\[\]{}]*\]", lambda row: "[" + " ".join(row[0][1:-1].split()) + "]", told) + "\n"


def beyond_bounds(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """What was measured now and lies beyond the bounds around what was measured then."""
    for name, value in new.items():
        before = old.get(name)
        if value is None or before is None:
            if value != before:
                yield f"{name} was {before}, is {value}"
        elif "accuracy" in name:
            if abs(value - before) > ACCURACY_BOUND:
                yield f"{name} was {before}, is {value}: more than {ACCURACY_BOUND} apart"
        elif not math.isclose(value, before, rel_tol=LOSS_BOUND, abs_tol=1e-3):
            yield f"{name} was {before}, is {value}: more than a tenth apart"


def differences(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """How `new` differs from `old`, as unified diffs and words."""
    found: list[str] = []
    for name in sorted(old.keys() | new.keys()):
        if name not in old or name not in new:
            found.append(f"{name}: {'is not there' if name not in old else 'is no longer written'}")
        elif old[name] != new[name]:
            before, after = old[name].splitlines(), new[name].splitlines()
            found += difflib.unified_diff(
                before, after, f"generated: {name}", f"now: {name}", lineterm="", n=1
            )
    return found


def main(arguments: list[str] | None = None) -> int:
    """Renews or compares the gallery; exit code 1 where it differs."""
    parser = argparse.ArgumentParser(
        prog="python -m symnet.gallery", description="Renew or check generated/."
    )
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--renew", action="store_true", help="write what has changed")
    mode.add_argument("--check", action="store_true", help="exit with 1 where anything differs")
    parser.add_argument("--train", action="store_true", help="train again, however long it takes")
    parser.add_argument("names", nargs="*", help="examples by name (default: all)")
    options = parser.parse_args(arguments)
    specs = sorted(Path("examples").glob("*.toml"))
    differing = 0
    for path in (path for path in specs if not options.names or path.stem in options.names):
        found = _example(path, Path("generated") / path.stem, options.renew, options.train)
        differing += bool(found)
        print(f"{path.stem}: {'differs' if found else 'as it is in generated/'}", flush=True)  # noqa: T201
        if options.check:
            print("\n".join(found[:200]), file=sys.stderr)  # noqa: T201
    return int(options.check and differing > 0)


def _example(path: Path, folder: Path, renew: bool, again: bool) -> list[str]:
    """How the folder of one example differs from what symnet writes now; with `renew` it is made the same."""
    old = {
        file.name: file.read_text(encoding="utf-8")
        for file in sorted(folder.glob("*"))
        if file.is_file() and file.name != PARAMETERS
    }
    trained = (folder / PARAMETERS).exists()
    known = old if trained else {}
    written = build(path, known, again, fresh=again and renew)
    new = written.files
    if renew and written.parameters is not None:
        write_npz(folder / PARAMETERS, written.parameters)
    program = path.with_suffix(".py")
    if program.exists() and (renew or trained):  # it may read the parameters
        new["run.txt"] = _output(program)
    if renew:
        for name in (name for name, text in new.items() if old.get(name) != text):
            write_atomically(folder / name, new[name])
        for name in old.keys() - new.keys():
            (folder / name).unlink()
    return [*(f"measured.json: {words}" for words in written.beyond), *differences(old, new)]


def _output(program: Path) -> str:
    """What an example's program prints."""
    done = subprocess.run(
        [sys.executable, str(program)], capture_output=True, text=True, check=False, timeout=600
    )
    if done.returncode:
        raise SymnetError(f"the program failed:\n{done.stderr}", place=str(program))
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
