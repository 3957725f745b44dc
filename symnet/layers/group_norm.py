"""Group normalization: the channels of a sample fall into groups, and each group gets mean 0 and variance 1
over all its channels and places.

With one group it is a normalization of whole samples; with a group for each channel, instance normalization.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from symnet.errors import ShapeError
from symnet.index.symbols import Tensor
from symnet.layers.layer import Sample, Stated, whole
from symnet.layers.norms import WORDS, Normalization
from symnet.layers.space import PLACES, SPANS, listed
from symnet.messages import say
from symnet.sizes import Sizes


@dataclass(frozen=True, slots=True)
class GroupNorm(Normalization):
    """Normalization of X[N, places..., C] over the places and C/groups channels at a time.

    Wu and He (2018), Group normalization, arXiv:1803.08494.
    """

    FORMULA: ClassVar[str] = (
        "mu[n,g] = sum(X[n,p,q,F*g+f], p, q, f)/(P*Q*F)\n"
        "v[n,g] = sum((X[n,p,q,F*g+f] - mu[n,g])**2, p, q, f)/(P*Q*F)\n"
        "A[n,p,q,c] = gamma[c]*(X[n,p,q,c] - mu[n,g])/sqrt(v[n,g] + eps) + beta[c]"
    )
    WORDS: ClassVar[str] = (
        "Each group of channels of a sample gets mean 0 and variance 1, and is scaled and shifted."
    )

    groups: int

    def __post_init__(self) -> None:
        super(GroupNorm, self).__post_init__()
        whole("groups", self.groups)

    def stated(self, *x: Tensor, known: Sizes) -> Stated:
        """The three lines, between channels laid apart in groups and side by side again."""
        axes = x[0].rank - 2
        if not 0 <= axes <= len(PLACES):
            raise ShapeError(f"{x[0].name} has {x[0].rank} axes", expected="X[N, places..., C]")
        channels = known.value(x[0].shape[-1])
        if channels is None or channels % self.groups:
            raise ShapeError(
                f"{channels or 'an unknown number of'} channels are not {self.groups} groups",
                expected="a multiple of the number of groups",
            )
        places, spans = PLACES[:axes], SPANS[:axes]
        at, over = listed("n", places, "g", "f"), listed(places, "f")
        count = "*".join([*spans, "F"])
        text = (
            f"X: input[{listed('N', spans, 'C')}]\n{self.parameters('C')}"
            f"V: tensor[{listed('N', spans, 'G', 'F')}]\nS: tensor[{listed('N', spans, 'C')}]\n"
            f"V[{at}] = X[{listed('n', places, 'F*g + f')}]\n"
            f"mu[n,g] = sum(V[{at}], {over})/({count})\n"
            f"v[n,g] = sum((V[{at}] - mu[n,g])**2, {over})/({count})\n"
            f"U[{at}] = (V[{at}] - mu[n,g])/sqrt(v[n,g] + eps)\n"
            f"S[{listed('n', places, 'c')}] = sum(U[{at}]*(c == F*g + f), g, f)\n"
            f"A[{listed('n', places, 'c')}] = {self.scaled('S[' + listed('n', places, 'c') + ']', 'c')}"
        )
        words = {
            **WORDS,
            "V": say("The channels fall into groups."),
            "U": say("Each group gets mean 0 and variance 1."),
            "S": say("The groups stand side by side again."),
        }
        sizes = {"G": self.groups, "F": channels // self.groups}
        return Stated(text, sizes, settings={"eps": self.eps}, words=words)


LAYER = GroupNorm
SAMPLES = (Sample(GroupNorm(2), ("N", 3, 2, 4)), Sample(GroupNorm(2), ("N", 4)))
