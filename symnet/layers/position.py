"""Positional encoding: what stands where is added to what stands there, or turns it.

learned      a row of parameters for each position
sinusoidal   sines and cosines of the position, of wavelengths from 2 pi to 10000*2 pi
rotary       pairs of features are turned by an angle that grows with the position
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from symnet.errors import ShapeError, SpecError, nearest
from symnet.index.symbols import Tensor
from symnet.layers.layer import Layer, Sample, Stated, number
from symnet.messages import say
from symnet.sizes import Sizes

GIVEN = "X: input[N, T, D]\n"
TEXTS = {
    "learned": "E: parameter[T, D]\nA[n,t,d] = X[n,t,d] + E[t,d]",
    "sinusoidal": (
        "R: tensor[T, D]\n"
        "R[t,d] = where(d < {half}, sin(t/{base}**(d/{half})), cos(t/{base}**((d - {half})/{half})))\n"
        "A[n,t,d] = X[n,t,d] + R[t,d]"
    ),
    "rotary": (
        "theta: tensor[T, D]\n"
        "theta[t,d] = where(d < {half}, t/{base}**(d/{half}), t/{base}**((d - {half})/{half}))\n"
        "A[n,t,d] = X[n,t,d]*cos(theta[t,d])"
        " + where(d < {half}, -X[n,t,d+{half}], X[n,t,d-{half}])*sin(theta[t,d])"
    ),
}
WORDS = {
    "learned": say("Each position has a row of its own, which is learned."),
    "sinusoidal": say("Each position is told by sines and cosines of many wavelengths."),
    "rotary": say("Each pair of features is turned by an angle that grows with the position."),
}


@dataclass(frozen=True, slots=True)
class Position(Layer):
    """A positional encoding of rows X[N, T, D], of the `form` learned, sinusoidal or rotary.

    The sines of all wavelengths come first and then the cosines; rotary pairs feature d with d + D/2.
    Vaswani et al. (2017), Attention is all you need, arXiv:1706.03762, section 3.5; Su et al. (2021),
    RoFormer, arXiv:2104.09864.
    """

    FORMULA: ClassVar[str] = TEXTS["learned"]
    WORDS: ClassVar[str] = "The position is added to what stands there, or turns it."

    form: str = "learned"
    base: float = 10000

    def __post_init__(self) -> None:
        super(Position, self).__post_init__()
        if self.form not in TEXTS:
            raise SpecError(
                f"there is no form {self.form!r}",
                expected="one of " + ", ".join(TEXTS),
                suggestion=nearest(str(self.form), TEXTS),
            )
        number("base", self.base, 2, 1e12)

    def stated(self, *x: Tensor, known: Sizes) -> Stated:
        """X + E, or X turned."""
        if self.form == "learned":
            return Stated(GIVEN + TEXTS["learned"], words={"A": WORDS["learned"]})
        width = known.value(x[0].shape[-1])
        if width is None or width % 2:
            raise ShapeError(
                f"{x[0].name} has {width or 'an unknown number of'} features",
                expected="an even number of them",
            )
        text = TEXTS[self.form].replace("{half}", str(width // 2)).replace("{base}", repr(self.base))
        return Stated(
            GIVEN + text,
            words={
                "A": WORDS[self.form],
                "R": say("What each position is told by."),
                "theta": say("The angle of each pair of features at each position."),
            },
        )


LAYER = Position
SAMPLES = tuple(Sample(Position(form), ("N", 3, 4)) for form in TEXTS)
