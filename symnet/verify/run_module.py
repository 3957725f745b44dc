"""Run a generated module on given arrays: a program of its own, which knows NumPy and nothing of symnet.

    python -I run_module.py MODULE REQUEST ANSWER

REQUEST is an npz file: `batches` and `steps`, how many there are of each; `train`, whether there are
gradients; and for batch k its arguments in order, `k/argument/0`, `k/argument/1`, ..., of which the first
`inputs` are inputs, and `k/parameter/NAME`. ANSWER is an npz file: `k/prediction`, `k/loss`,
`k/gradient/NAME`, and after step s `k/s/parameter/NAME`.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np


def load(path: str) -> Any:
    """The module in the file `path`."""
    spec = importlib.util.spec_from_file_location("generated", path)
    if spec is None or spec.loader is None:
        raise ImportError(path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def run(module: Any, request: Any) -> Iterator[tuple[str, Any]]:
    """The answers, each with its name."""
    for batch in range(int(request["batches"])):
        yield from run_batch(module.Trainer(dtype=np.float64), request, batch)


def run_batch(trainer: Any, request: Any, batch: int) -> Iterator[tuple[str, Any]]:
    """What a new trainer says of one batch."""
    arguments: list[Any] = []
    while f"{batch}/argument/{len(arguments)}" in request:
        arguments.append(request[f"{batch}/argument/{len(arguments)}"])
    start = f"{batch}/parameter/"
    names = [name.removeprefix(start) for name in request if name.startswith(start)]
    trainer.initialize(0)
    for name in names:
        trainer.parameters[name][...] = request[start + name]
    yield f"{batch}/prediction", np.array(trainer.predict(*arguments[: int(request["inputs"])]))
    if not request["train"]:
        return
    yield f"{batch}/loss", np.array(trainer.loss(*arguments))
    for name, gradient in trainer.gradients(*arguments).items():
        yield f"{batch}/gradient/{name}", np.array(gradient)
    for step in range(int(request["steps"])):
        trainer.step(*arguments)
        for name in names:
            yield f"{batch}/{step}/parameter/{name}", np.array(trainer.parameters[name])


def main(module: str, request: str, answer: str) -> None:
    """Read the request, run the module, write the answer."""
    with np.load(request, allow_pickle=False) as arrays:
        np.savez(answer, **dict(run(load(module), dict(arrays))))


if __name__ == "__main__":
    main(*sys.argv[1:])
