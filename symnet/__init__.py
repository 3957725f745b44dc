"""symnet: from the equations of a neural network, their derivation, a trainer, and the proof of both.

    import symnet

    network = symnet.Network(
        inputs={"X": ("N", 2)},
        targets={"Y": ("N", 1)},
        layers=[symnet.Dense(2, activation="sigmoid"), symnet.Dense(1, activation="sigmoid")],
        loss="sse",
    )
    derivation = network.derive()
    print(derivation.gradients["W1"])

What is named here is imported when it is first used: a program that only prints its help does not wait for
SymPy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from symnet.layers.dense import Dense as Dense
    from symnet.layers.equations import Equations as Equations
    from symnet.network import Training as Training
    from symnet.pipeline import Derivation as Derivation
    from symnet.pipeline import Network as Network

__version__ = "0.1.0"

_HOMES = {
    "Dense": "symnet.layers.dense",
    "Equations": "symnet.layers.equations",
    "Training": "symnet.network",
    "Derivation": "symnet.pipeline",
    "Network": "symnet.pipeline",
}
__all__ = ["Dense", "Derivation", "Equations", "Network", "Training", "__version__"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'symnet' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
