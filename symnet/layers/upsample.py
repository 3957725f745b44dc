"""Upsampling: each place becomes several, which repeat it or lie between it and its neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sympy import Expr

from symnet.errors import SpecError, nearest
from symnet.index.symbols import Tensor
from symnet.layers import space
from symnet.layers.layer import Layer, Sample, Stated
from symnet.layers.space import PLACES, SPANS, TAPS, Many, listed
from symnet.messages import say
from symnet.sizes import Sizes

OUT, TARGETS = ("P", "Q", "R"), ("s", "t", "u")
FORMS = ("nearest", "linear")


@dataclass(frozen=True, slots=True)
class Upsample(Layer):
    """X[N, places..., C] with `factor` times as many places along each axis.

    form "nearest": each place is repeated. "linear": a place is the mean of its neighbours by nearness, where
    the centre of the first place of a sample lies at (1/2)/factor - 1/2, and what would lie beyond an end is
    the end.
    """

    FORMULA: ClassVar[str] = "A[n,s,t,c] = sum(X[n,p,q,c]*(s == factor*p+i)*(t == factor*q+j), p, q, i, j)"
    WORDS: ClassVar[str] = "Each place becomes several, and gets back the blame of all of them."

    factor: Many = 2
    form: str = "nearest"

    def __post_init__(self) -> None:
        super(Upsample, self).__post_init__()
        space.many("factor", self.factor)
        if self.form not in FORMS:
            raise SpecError(
                f"there is no form {self.form!r}",
                expected="one of " + ", ".join(FORMS),
                suggestion=nearest(str(self.form), FORMS),
            )

    def stated(self, *x: Tensor, known: Sizes) -> Stated:
        """Each place repeated, or the mean of neighbours, along all axes at once."""
        axes = space.spatial(x[0])
        factors = space.each("factor", self.factor, axes)
        sizes: dict[str, int | str | Expr] = {}
        for name, factor, extent in zip(OUT, factors, x[0].shape[1:-1], strict=False):
            sizes[name] = factor * (known.value(extent) or extent)
        places, targets = PLACES[:axes], TARGETS[:axes]
        head = f"X: input[{listed('N', SPANS[:axes], 'C')}]\nA: tensor[{listed('N', OUT[:axes], 'C')}]\n"
        at, read = listed("n", targets, "c"), listed("n", places, "c")
        if self.form == "nearest":
            where = [
                f"({target} == {factor}*{place} + {tap})"
                for target, factor, place, tap in zip(targets, factors, places, TAPS, strict=False)
            ]
            ranges = [f"{tap} < {factor}" for tap, factor in zip(TAPS, factors, strict=False)]
            text = f"{head}A[{at}] = sum(X[{read}]*{'*'.join(where)}, {listed(places, ranges)})"
            return Stated(text, sizes, words={"A": self.WORDS})
        lines, shares = [head.rstrip()], list[str]()
        for k in range(axes):
            name = f"B{k + 1}" if axes > 1 else "B"
            centre = f"minimum(maximum(({targets[k]} + 1/2)/{factors[k]} - 1/2, 0), {SPANS[k]} - 1)"
            lines.append(f"{name}: tensor[{OUT[k]}, {SPANS[k]}]")
            lines.append(f"{name}[{targets[k]},{places[k]}] = maximum(1 - abs({centre} - {places[k]}), 0)")
            shares.append(f"{name}[{targets[k]},{places[k]}]")
        lines.append(f"A[{at}] = sum(X[{read}]*{'*'.join(shares)}, {listed(places)})")
        words = dict.fromkeys(("B", "B1", "B2", "B3"), say("How near each place is, from 0 to 1."))
        return Stated("\n".join(lines), sizes, words={**words, "A": self.WORDS})


LAYER = Upsample
SAMPLES = (
    Sample(Upsample(2), ("N", 3, 2)),
    Sample(Upsample((2, 3)), ("N", 2, 2, 1)),
    Sample(Upsample(2, "linear"), ("N", 3, 2, 1)),
)
