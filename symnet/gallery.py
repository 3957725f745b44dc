"""The gallery: what symnet writes for each example, kept in `generated/` and compared byte for byte.

    python -m symnet.gallery --check      fail where generated/ is not what symnet writes now
    python -m symnet.gallery --renew      write it

Every `examples/NAME.toml` has a folder `generated/NAME/`. What depends on a machine's floating point (worst
errors, losses, curves) is kept apart: between the marks of `measured` in the documents, and in measured.json.
It is compared within the bounds below, and renewing keeps what is there while that holds, so that a new
machine renews nothing by chance.
"""

from __future__ import annotations

import argparse
import difflib
import json
import math
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from symnet.documents import formats
from symnet.errors import SymnetError
from symnet.files import write_atomically
from symnet.pipeline import Network
from symnet.results import facts, results_of
from symnet.spec import load
from symnet.training import read_data, train

Files = dict[str, str]
MEASURED = re.compile(r"(<!-- measured -->|% measured\n).*?(<!-- /measured -->|% /measured\n)", re.DOTALL)
LOSS_BOUND, ACCURACY_BOUND, ERROR_BOUND = 0.1, 0.02, 1e-12
"""A loss may differ by a tenth, an accuracy by two hundredths; an error against the complex step may be
anything up to this.
"""


def build(path: Path) -> Files:
    """Every file of the gallery folder of the specification at `path`, by name."""
    spec = load(path)
    network = Network.of(spec.network)
    derivation = replace(network.derive(), source=path.name)
    certificate = derivation.verify(seed=0)
    data = read_data(spec, network.program)
    source = derivation.generate("numpy")
    run = train(source, network.program, derivation.prediction, data, network.training)
    results = results_of(run)
    files = {"spec.toml": spec.text, "trainer.py": source}
    for name, form in formats().items():
        files[f"derivation{form.SUFFIX}"] = derivation.document(
            name, certificate=certificate, results=results
        )
    content = json.loads(certificate.to_json())
    measured = {"certificate": content.pop("measured"), "training": facts(run)}
    files["certificate.json"] = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    files["measured.json"] = json.dumps(measured, indent=2) + "\n"
    program = path.with_suffix(".py")
    if program.exists():
        files["run.txt"] = _output(program)
    return files


def _output(program: Path) -> str:
    """What an example's program prints."""
    done = subprocess.run(
        [sys.executable, str(program)], capture_output=True, text=True, check=False, timeout=600
    )
    if done.returncode:
        raise SymnetError(f"the program failed:\n{done.stderr}", place=str(program))
    return done.stdout


def differences(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """How `new` differs from `old`, as unified diffs and words; measured parts count only beyond their
    bounds.
    """
    found: list[str] = []
    for name in sorted(old.keys() | new.keys()):
        if name not in old or name not in new:
            found.append(f"{name}: {'is not there' if name not in old else 'is no longer written'}")
        elif name == "measured.json":
            found += [
                f"{name}: {words}" for words in beyond_bounds(json.loads(old[name]), json.loads(new[name]))
            ]
        elif _apart(old[name]) != _apart(new[name]):
            before, after = (_apart(text).splitlines() for text in (old[name], new[name]))
            found += difflib.unified_diff(
                before, after, f"generated: {name}", f"now: {name}", lineterm="", n=1
            )
    return found


def _apart(text: str) -> str:
    """The text without what was measured."""
    return MEASURED.sub(r"\1\2", text)


def beyond_bounds(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterable[str]:
    """What was measured now and lies beyond the bounds around what was measured then."""
    for name, value in new["training"].items():
        before = old["training"].get(name)
        if value is None or before is None:
            if value != before:
                yield f"{name} was {before}, is {value}"
        elif "accuracy" in name:
            if abs(value - before) > ACCURACY_BOUND:
                yield f"{name} was {before}, is {value}: more than {ACCURACY_BOUND} apart"
        elif not math.isclose(value, before, rel_tol=LOSS_BOUND, abs_tol=1e-3):
            yield f"{name} was {before}, is {value}: more than a tenth apart"
    if len(new["certificate"]["errors"]) != len(old["certificate"]["errors"]):
        yield "the certificate has another number of checks"


def main(arguments: list[str] | None = None) -> int:
    """Renews or compares the gallery; exit code 1 where it differs."""
    parser = argparse.ArgumentParser(
        prog="python -m symnet.gallery", description="Renew or check generated/."
    )
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--renew", action="store_true", help="write what has changed")
    mode.add_argument("--check", action="store_true", help="exit with 1 where anything differs")
    parser.add_argument("names", nargs="*", help="examples by name (default: all)")
    options = parser.parse_args(arguments)
    specs = sorted(Path("examples").glob("*.toml"))
    chosen = [path for path in specs if not options.names or path.stem in options.names]
    differing = 0
    for path in chosen:
        folder = Path("generated") / path.stem
        old = {
            file.name: file.read_text(encoding="utf-8") for file in sorted(folder.glob("*")) if file.is_file()
        }
        new = build(path)
        found = differences(old, new)
        differing += bool(found)
        print(f"{path.stem}: {'differs' if found else 'as it is in generated/'}", flush=True)  # noqa: T201
        if options.check:
            print("\n".join(found[:200]), file=sys.stderr)  # noqa: T201
        elif found:
            _renew(folder, old, new)
    return int(options.check and differing > 0)


def _renew(folder: Path, old: Mapping[str, str], new: Mapping[str, str]) -> None:
    for name, text in new.items():
        if name not in old or differences({name: old[name]}, {name: text}):
            write_atomically(folder / name, text)
    for name in old.keys() - new.keys():
        (folder / name).unlink()


if __name__ == "__main__":
    sys.exit(main())
