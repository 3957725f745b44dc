"""The embedding: each token is looked up in a table, which has a row of numbers for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from symnet.errors import ShapeError
from symnet.index.symbols import Tensor
from symnet.layers.layer import Layer, Sample, Stated, size
from symnet.sizes import Sizes


@dataclass(frozen=True, slots=True)
class Embedding(Layer):
    """A row of `units` numbers for each of `tokens` tokens; a token outside 0 to tokens - 1 reads zeros."""

    FORMULA: ClassVar[str] = "A[n,d] = E[X[n],d]"
    WORDS: ClassVar[str] = "Each token reads its own row of the table, and the blame is added up at that row."

    tokens: int | str
    units: int | str

    def __post_init__(self) -> None:
        super(Embedding, self).__post_init__()
        size("tokens", self.tokens)
        size("units", self.units)

    def stated(self, *x: Tensor, known: Sizes) -> Stated:
        """A gather of rows."""
        if not x[0].integer:
            raise ShapeError(
                f"{x[0].name} holds no whole numbers",
                expected=f'{x[0].name} = {{ shape = ["N", "T"], integer = true }}',
            )
        text = "X: input[N] integer\nE: parameter[V, D]\nA[n,d] = E[X[n],d]"
        return Stated(text, {"V": self.tokens, "D": self.units}, words={"A": self.WORDS})


LAYER = Embedding
SAMPLES = (Sample(Embedding(5, 3), {"shape": ("N", "T"), "integer": True}),)
