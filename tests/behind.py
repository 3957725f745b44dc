"""A network behind any loss of the catalogue, whatever the loss reads."""

from __future__ import annotations

from typing import Any

from symnet.graph import Loss
from symnet.index.symbols import Role
from symnet.layers.dense import Dense
from symnet.registry import member, slots


def network_behind(loss: str, outputs: int = 2) -> dict[str, Any]:
    """Layers, targets and losses: a hidden layer, and as many outputs as the loss reads, each through an
    activation that suits it.
    """
    wanted = slots("losses", member("losses", loss))
    inputs = [t.name for t in wanted if t.role == Role.INPUT]
    last = "sigmoid" if loss in ("bce", "dice", "gaussian_nll") else "linear"
    shapes = {t.name: ["N" if str(s) == "N" else outputs for s in t.shape] for t in wanted}
    return {
        "layers": [
            Dense(4, activation="tanh", name="hidden"),
            *(Dense(outputs, activation=last, name=f"out{name}", inputs=("hidden",)) for name in inputs),
        ],
        "targets": {
            t.name: {"shape": shapes[t.name], "integer": t.integer} for t in wanted if t.role == Role.TARGET
        },
        "loss": "",
        "losses": [Loss(loss, {name: f"out{name}" for name in inputs})],
    }
