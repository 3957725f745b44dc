"""The dense layer: every unit takes the weighted sum of all inputs, adds its bias, and applies the
activation.

With `bias = false` nothing is added. With `augmented = true` W and b are one coefficient: the input gains a
column of ones, and the last row of W is the bias. With `transposed = true` W has a row for each unit, as an
embedding has for each token: that is how the two can be one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from symnet.errors import SpecError
from symnet.index.symbols import Tensor
from symnet.layers.layer import Layer, Sample, Stated, flag, size
from symnet.messages import say
from symnet.registry import settings_of, width
from symnet.sizes import Sizes

PLAIN = say("Every unit takes the weighted sum of its inputs.")
BIASED = say("Every unit takes the weighted sum of its inputs and adds its bias.")
AUGMENTED = say(
    "Every unit takes the weighted sum of its inputs; the last input is always 1, so that the last weight "
    "is the bias."
)
COLUMN = say("The input gains a column of ones.")


@dataclass(frozen=True, slots=True)
class Dense(Layer):
    """A dense layer of `units` units (a whole number, or the name of a size that stays symbolic).

    Raises SpecError for options that do not fit together.
    """

    FORMULA: ClassVar[str] = "Z[n,j] = sum(X[n,i]*W[i,j], i) + b[j]\nA[n,j] = activation(Z[n,j])"
    WORDS: ClassVar[str] = "The weighted sum of the inputs, plus a bias, through an activation."

    units: int | str
    activation: str = "linear"
    bias: bool = True
    augmented: bool = False
    transposed: bool = False
    settings: Mapping[str, float] = field(default_factory=dict)  # of the activation, such as alpha

    def __post_init__(self) -> None:
        super(Dense, self).__post_init__()
        size("units", self.units)
        for option in ("bias", "augmented", "transposed"):
            flag(option, getattr(self, option))
        if self.augmented and not self.bias:
            raise SpecError(
                "a layer without a bias cannot be augmented", expected="augmented = true or bias = false"
            )
        settings_of("activations", self.activation, self.settings, place="activation")

    def stated(self, *x: Tensor, known: Sizes) -> Stated:
        """Z = X W + b over the last axis of X."""
        units = width(self.activation)
        column, words = "D", PLAIN
        lines = ["X: input[N, D]"]
        if self.augmented:
            column = "D + 1"
            lines += ["U: tensor[N, D + 1]", "U[n,i] = where(i < D, X[n,i], 1)"]
            words = AUGMENTED
        elif self.bias:
            words = BIASED
        shape, weight = (
            (f"{units}, {column}", "W[j,i]") if self.transposed else (f"{column}, {units}", "W[i,j]")
        )
        lines.insert(1, f"W: parameter[{shape}]")
        if self.bias and not self.augmented:
            lines.append(f"b: parameter[{units}]")
        read = "U" if self.augmented else "X"
        bias = " + b[j]" if self.bias and not self.augmented else ""
        lines.append(f"Z[n,j] = sum({read}[n,i]*{weight}, i){bias}")
        return Stated(
            "\n".join(lines),
            sizes={"H": self.units},
            words={"Z": words, "U": COLUMN},
            activation=self.activation,
            activation_settings=self.settings,
        )


LAYER = Dense
SAMPLES = (
    Sample(Dense(3, "tanh"), ("N", 2)),
    Sample(Dense(2, augmented=True), ("N", 2)),
    Sample(Dense(2, "relu", bias=False, transposed=True), ("N", "T", 3)),
    Sample(Dense(2, "swiglu"), ("N", 2)),
)
