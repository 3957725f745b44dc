"""The dense layer: every unit takes the weighted sum of all inputs, adds its bias, and applies the
activation.

With `bias = false` nothing is added. With `augmented = true` W and b are one coefficient: the input gains a
column of ones, and the last row of W is the bias.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar

from sympy import Expr

from symnet.errors import ShapeError, SpecError
from symnet.index.symbols import Role, Size, Tensor
from symnet.layers.part import Part
from symnet.registry import instantiate, is_name, renamed, settings_of

BIASED = "X: input[N, D]\nW: parameter[D, H]\nb: parameter[H]\nZ[n,j] = sum(X[n,i]*W[i,j], i) + b[j]"
PLAIN = "X: input[N, D]\nW: parameter[D, H]\nZ[n,j] = sum(X[n,i]*W[i,j], i)"
AUGMENTED = (
    "X: input[N, D]\nW: parameter[D + 1, H]\nU: tensor[N, D + 1]\n"
    "U[n,i] = where(i < D, X[n,i], 1)\nZ[n,j] = sum(U[n,i]*W[i,j], i)"
)
WORDS = "Every unit takes the weighted sum of its inputs{}."


@dataclass(frozen=True, slots=True)
class Dense:
    """A dense layer of `units` units (a whole number, or the name of a size that stays symbolic).

    Raises SpecError for options that do not fit together.
    """

    FORMULA: ClassVar[str] = "Z[n,j] = sum(X[n,i]*W[i,j], i) + b[j]\nA[n,j] = activation(Z[n,j])"
    WORDS: ClassVar[str] = "The weighted sum of the inputs, plus a bias, through an activation."

    units: int | str
    activation: str = "linear"
    bias: bool = True
    augmented: bool = False
    name: str = ""
    l1: float = 0.0
    l2: float = 0.0
    settings: Mapping[str, float] = field(default_factory=dict)  # of the activation, such as alpha

    def __post_init__(self) -> None:
        if isinstance(self.units, bool) or not isinstance(self.units, int | str) or self.units in (0, ""):
            raise SpecError(
                f"units is {self.units!r}", expected="a positive whole number, or the name of a size"
            )
        if isinstance(self.units, int) and not 0 < self.units <= 2**31:
            raise SpecError(f"units is {self.units}", expected="a positive whole number below 2**31")
        if isinstance(self.units, str) and not is_name(self.units):
            raise SpecError(
                f"units is {self.units!r}", expected="a positive whole number, or the name of a size"
            )
        for option in ("bias", "augmented"):
            if not isinstance(getattr(self, option), bool):
                raise SpecError(f"{option} is {getattr(self, option)!r}", expected="true or false")
        if self.augmented and not self.bias:
            raise SpecError(
                "a layer without a bias cannot be augmented", expected="augmented = true or bias = false"
            )
        settings_of("activations", self.activation, self.settings, place="activation")

    def part(self, suffix: str, x: Tensor, size: Expr | None) -> Part:
        """The equations of the layer; its tensors are W, b, Z and A with `suffix`."""
        if x.rank != 2:
            raise ShapeError(
                f"a dense layer takes rows of numbers, and {x.name} has {x.rank} axes", expected="X[N, D]"
            )
        n, d = x.shape
        h = size if size is not None else Size(self.units if isinstance(self.units, str) else f"H{suffix}")
        z, a = Tensor(f"Z{suffix}", (n, h)), Tensor(f"A{suffix}", (n, h))
        w = Tensor(f"W{suffix}", (d + 1 if self.augmented else d, h), Role.PARAMETER)
        tensors = {"X": x, "W": w, "Z": z}
        given: tuple[Tensor, ...] = (w,)
        words = WORDS.format("")
        if self.augmented:
            tensors["U"] = Tensor(f"U{suffix}", (n, d + 1))
            words = WORDS.format("; the last input is always 1, so that the last weight is the bias")
        elif self.bias:
            tensors["b"] = Tensor(f"b{suffix}", (h,), Role.PARAMETER)
            given = (w, tensors["b"])
            words = WORDS.format(" and adds its bias")
        text = AUGMENTED if self.augmented else BIASED if self.bias else PLAIN
        weighted = tuple(replace(equation, words=words) for equation in renamed(text, tensors, {}))
        if self.augmented:
            weighted = (replace(weighted[0], words="The input gains a column of ones."), weighted[1])
        active = instantiate("activations", self.activation, {"Z": z, "A": a}, self.settings)
        values = {str(h): self.units} if isinstance(self.units, int) else {}
        return Part(given, weighted + active, a, (w,), values)


LAYER = Dense
