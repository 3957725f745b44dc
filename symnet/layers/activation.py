"""An activation as a layer of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from symnet.index.symbols import Tensor
from symnet.layers.layer import Layer, Sample, Stated
from symnet.registry import member, settings_of, template
from symnet.sizes import Sizes


@dataclass(frozen=True, slots=True)
class Activation(Layer):
    """An activation of the catalogue, applied to each row of the input."""

    FORMULA: ClassVar[str] = "A[n,j] = activation(X[n,j])"
    WORDS: ClassVar[str] = "An activation, applied to what the layer before gives."

    activation: str
    settings: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super(Activation, self).__post_init__()
        settings_of("activations", self.activation, self.settings, place="activation")

    def stated(self, *x: Tensor, known: Sizes) -> Stated:
        """The formula of the catalogue."""
        return of_member(self.activation, self.settings)


def of_member(name: str, settings: Mapping[str, float]) -> Stated:
    """An activation of the catalogue as the equations of a layer."""
    formula = member("activations", name)
    values = {**formula.settings, **settings}
    text = template("activations", formula)
    words = dict.fromkeys(text.defining, formula.words)
    return Stated(formula_text(name), settings=values, words=words)


def formula_text(name: str) -> str:
    """What an activation reads and its equations, without its settings."""
    formula = member("activations", name)
    return "\n".join((formula.given or "Z: input[N, H]", formula.declarations, formula.text))


LAYER = Activation
SAMPLES = (Sample(Activation("tanh"), ("N", 3)), Sample(Activation("relu"), ("N", "T", 2)))
