"""Run a generated module on given arrays: a program of its own, which knows NumPy and nothing of symnet.

    python -I run_module.py MODULE REQUEST ANSWER

REQUEST is an npz file: `batches` and `steps`, how many there are of each; `predict` and `train`, whether
there are predictions and gradients; and for batch k the arguments of `predict` and of the other methods,
`k/predict/0`, `k/learn/0`, `k/learn/1`, ..., the sizes `k/size/NAME` and `k/parameter/NAME`. ANSWER is an npz
file: `k/prediction`, `k/loss`, `k/gradient/NAME`, `k/s/gradient/NAME` before each step s but the first, and
after step s `k/s/parameter/NAME`.
"""

from __future__ import annotations

import importlib.util
import inspect
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

Arrays = dict[str, Any]


def load(path: str) -> Any:
    """The module in the file `path`."""
    spec = importlib.util.spec_from_file_location("generated", path)
    if spec is None or spec.loader is None:
        raise ImportError(path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def group(request: Arrays, start: str) -> Arrays:
    """The arrays whose names begin with `start`, by the rest of their names, in order."""
    return {name.removeprefix(start): array for name, array in request.items() if name.startswith(start)}


def run(module: Any, request: Arrays) -> Iterator[tuple[str, Any]]:
    """The answers, each with its name."""
    for batch in range(int(request["batches"])):
        sizes = {name: int(size) for name, size in group(request, f"{batch}/size/").items()}
        wanted = inspect.signature(module.Trainer).parameters
        trainer = module.Trainer(np.float64, **{name: size for name, size in sizes.items() if name in wanted})
        for name, answer in run_batch(trainer, request, f"{batch}/"):
            yield f"{batch}/{name}", answer


def run_batch(trainer: Any, request: Arrays, batch: str) -> Iterator[tuple[str, Any]]:
    """What a new trainer says of one batch."""
    parameters = group(request, batch + "parameter/")
    trainer.initialize(0)
    for name, array in parameters.items():
        trainer.parameters[name][...] = array
    if request["predict"]:
        yield "prediction", np.array(trainer.predict(*group(request, batch + "predict/").values()))
    if not request["train"]:
        return
    arguments = group(request, batch + "learn/").values()
    names = inspect.signature(trainer.loss).parameters
    yield "loss", np.array(trainer.loss(*arguments))
    for name, gradient in trainer.gradients(*arguments).items():
        yield f"gradient/{name}", np.array(gradient)
    for name in map(str, request["further"]):
        yield from run_further(
            trainer, name, dict(zip(names, arguments, strict=True)), group(request, f"{batch}{name} along/")
        )
    for step in range(int(request["steps"])):
        if step:
            for name, gradient in trainer.gradients(*arguments).items():
                yield f"{step}/gradient/{name}", np.array(gradient)
        trainer.step(*arguments)
        for name in parameters:
            yield f"{step}/parameter/{name}", np.array(trainer.parameters[name])


def run_further(trainer: Any, name: str, data: Arrays, directions: Arrays) -> Iterator[tuple[str, Any]]:
    """What the method `name` gives, by the keys of its results: a name, or two of them."""
    method = getattr(trainer, name)
    wanted = {key: data[key] for key in inspect.signature(method).parameters if key in data}
    given = (directions,) if directions else ()
    for key, answer in method(*given, **wanted).items():
        yield f"{name}/{key if isinstance(key, str) else ', '.join(key)}", np.array(answer)


def main(module: str, request: str, answer: str) -> None:
    """Read the request, run the module, write the answer."""
    with np.load(request, allow_pickle=False) as arrays:
        np.savez(answer, **dict(run(load(module), dict(arrays))))


if __name__ == "__main__":
    main(*sys.argv[1:])
