"""A layer that is nothing but a text: what blocks put between other layers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sympy import Expr

from symnet.index.symbols import Tensor
from symnet.layers.layer import Layer, Stated
from symnet.sizes import Sizes


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Layer):
    """The equations of `text`, renamed for their place, and an activation over the last of them."""

    text: str
    sizes: Mapping[str, int | str | Expr] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    activation: str = ""
    settings: Mapping[str, float] = field(default_factory=dict)

    def stated(self, *x: Tensor, known: Sizes) -> Stated:
        """The text as it is."""
        return Stated(
            self.text,
            self.sizes,
            words=self.words,
            activation=self.activation,
            activation_settings=self.settings,
        )
