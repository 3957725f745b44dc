"""A network of symnet's beside the same network in PyTorch: loss, prediction and every gradient, in float64."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import pytest
from backends.modules import data_of, load, set_parameters, source_of, trainer_of

from symnet.derivation.derive import derive
from symnet.index.symbols import Role
from symnet.network import Network
from symnet.updates import trained_by

torch = pytest.importorskip("torch", reason="PyTorch is not installed (`make peers` installs it)")
torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)

BOUND = 1e-10
Arrays = Mapping[str, Any]
Peer = Callable[[Mapping[str, Any]], tuple[Any, Any]]
"""From tensors by name to the prediction and the loss."""


def close(found: Any, expected: Any, name: str) -> None:
    """The error relative to the largest entry, or to 1 where all are smaller."""
    found, expected = (a.numpy() if isinstance(a, torch.Tensor) else np.asarray(a) for a in (found, expected))
    assert found.shape == expected.shape, name
    error = np.abs(found - expected).max(initial=0.0)
    assert error <= BOUND * max(np.abs(expected).max(initial=0.0), 1.0), f"{name}: {error:.1e}"


def tensors(arrays: Arrays, learned: set[str]) -> dict[str, Any]:
    """The arrays as tensors; those in `learned` have gradients."""
    found = {name: torch.tensor(array) for name, array in arrays.items()}
    return {name: tensor.requires_grad_(name in learned) for name, tensor in found.items()}


def trainer_for(network: Network, arrays: Arrays, sizes: Mapping[str, int], wrt: tuple[str, ...] = ()) -> Any:
    """The generated trainer, with these parameters; and the names of what it derives by."""
    program, prediction = network.stated()
    names = [t.name for t in program.of_role(Role.PARAMETER) if not t.frozen] + [*wrt]
    derived = derive(program, "L", names, partial(trained_by, network.training))
    trainer = trainer_of(load(source_of(derived, prediction)), sizes)
    set_parameters(trainer, arrays)
    return trainer


def agree(
    network: Network, arrays: Arrays, sizes: Mapping[str, int], peer: Peer, wrt: tuple[str, ...] = ()
) -> None:
    """Loss, gradients and prediction of the generated module are PyTorch's."""
    trainer = trainer_for(network, arrays, sizes, wrt)
    data = data_of(trainer, arrays)
    gradients = trainer.gradients(*data)
    given = tensors(arrays, set(gradients))
    prediction, loss = peer(given)
    loss.backward()
    close(trainer.loss(*data), loss.detach(), "the loss")
    for name, gradient in gradients.items():
        expected = given[name].grad
        close(gradient, np.zeros(given[name].shape) if expected is None else expected, f"by {name}")
    if prediction is not None:
        wanted = inspect.signature(trainer.predict).parameters
        close(trainer.predict(*(arrays[name] for name in wanted)), prediction.detach(), "the prediction")
