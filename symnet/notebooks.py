"""A derivation as a notebook that has been run: between the words stand cells which build the network, derive
it, train it and verify it, with what they gave in a process of their own.

Running a cell is the work of nbclient and ipykernel, the extra `notebook`. The same derivation is the same
file, as far as a machine's numbers are the same: cells are called by their sections, and no time is noted.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from symnet.constructors import constructor, imports
from symnet.documents.notation import COMMON, Notation
from symnet.documents.notebook import Cell, code, markdown, text_of
from symnet.errors import MissingToolError, SymnetError
from symnet.messages import Language, say
from symnet.network import Network
from symnet.spec import Data, Spec

BUILT = """import symnet
{imports}

network = {network}
network"""
DERIVED = """derivation = network.derive(){second}
derivation"""
WRITTEN = """from dataclasses import replace
{imports}

derivation = replace(network.derive(){second}, notation={notation})
derivation"""
TRAINED = """{imports}
from symnet.training import read_data, train

spec = Spec(network, {data})
data = read_data(spec, network.program)
train(derivation.generate("numpy"), network.program, derivation.prediction, data, network.training)"""
VERIFIED = "derivation.verify({seed})"


def notebook(
    spec: Spec,
    document: str,
    folder: Path,
    language: str = "en",
    notation: Notation = COMMON,
    second: str | None = None,
    seed: int | None = None,
) -> str:
    """The notebook `document` with code, run in the folder where it will lie.

    Raises MissingToolError where what runs it is not installed, and SymnetError where a cell fails.
    """
    further = f'.second("{second}")' if second else ""
    derived = DERIVED.format(second=further)
    if notation != COMMON:
        stated = constructor(notation)
        derived = WRITTEN.format(second=further, imports=imports(notation), notation=stated)
    network = spec.network if seed is None else _seeded(spec.network, seed)
    stated = constructor(network, without=("place",))
    built = BUILT.format(imports=imports(network), network=stated)
    after = {"network": [code("build", built)], "loss": [code("derive", derived)]}
    cells = [part for cell in json.loads(document)["cells"] for part in (cell, *after.get(cell["id"], ()))]
    try:
        folder.mkdir(parents=True, exist_ok=True)  # paths are seen from there
    except OSError as error:
        reason = error.strerror or str(error)
        raise SymnetError(f"no folder can be made: {reason}", place=str(folder)) from None
    last = _at_the_end(spec, folder, Language(language), seed)
    return _run([*cells[:-1], *last, cells[-1]], folder)


def _seeded(network: Network, seed: int) -> Network:
    return replace(network, training=replace(network.training, seed=seed))


def _at_the_end(spec: Spec, folder: Path, say_in: Language, seed: int | None) -> list[Cell]:
    """Training, where there are data, and the certificate."""
    cells = []
    if spec.data is not None:
        data = _seen_from(folder, spec.data)
        text = TRAINED.format(imports=imports(Spec, data), data=constructor(data))
        cells += [markdown("training", f"## {say_in(say('Training'))}"), code("train", text)]
    checked = VERIFIED.format(seed="" if seed is None else f"seed={seed}")
    title = markdown("certificate", f"## {say_in(say('The certificate'))}")
    return [*cells, title, code("verify", checked)]


def _seen_from(folder: Path, data: Data) -> Data:
    """The data with their paths relative to a folder, so that notebook and data can move together."""

    def path(to: Path | None) -> Path | None:
        return None if to is None else Path(os.path.relpath(to, folder))

    return replace(data, file=path(data.file), folder=path(data.folder))


def _run(cells: list[Cell], folder: Path) -> str:
    """The notebook of these cells with what they give."""
    try:
        import ipykernel  # noqa: F401 - it is what the process runs
        import nbformat
        from jupyter_client.kernelspec import KernelSpecManager
        from jupyter_client.manager import AsyncKernelManager
        from nbclient import NotebookClient
        from nbclient.exceptions import CellExecutionError, DeadKernelError
    except ImportError:
        raise MissingToolError(
            "a notebook is run by nbclient and ipykernel, and they are not installed",
            place="--format notebook",
            expected="pip install 'symnet[notebook]'",
        ) from None
    book = nbformat.reads(text_of(cells), as_version=4)
    with tempfile.TemporaryDirectory() as home:
        # This Python's own kernel, whatever else is installed, and no port where files can take its place.
        way = {} if sys.platform == "win32" else {"transport": "ipc", "ip": f"{home}/kernel"}
        manager = AsyncKernelManager(kernel_spec_manager=KernelSpecManager(kernel_dirs=[]), **way)
        place = {"metadata": {"path": str(folder)}}
        client = NotebookClient(book, km=manager, timeout=None, record_timing=False, resources=place)
        quiet = {"IPYTHONDIR": home, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
        try:
            client.execute(env={**os.environ, **quiet}, stderr=subprocess.DEVNULL)
        except (CellExecutionError, DeadKernelError) as error:
            raise SymnetError(f"a cell failed\n{error}", place="--format notebook") from None
    nbformat.validate(book)
    return text_of(json.loads(nbformat.writes(book))["cells"])
