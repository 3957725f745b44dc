"""Several inputs side by side along their last axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from symnet.index.symbols import Tensor
from symnet.layers.layer import Layer, Sample, Stated, at_least
from symnet.sizes import Sizes


@dataclass(frozen=True, slots=True)
class Concatenate(Layer):
    """The inputs, which agree in all axes but the last, one after the other along the last."""

    FORMULA: ClassVar[str] = "A[n,j] = where(j < D1, X1[n,j], X2[n,j-D1])"
    WORDS: ClassVar[str] = "The inputs stand side by side: each gets back the blame of its own columns."

    def stated(self, *x: Tensor, known: Sizes) -> Stated:
        """X1 where j is below its size, X2 further right, ..."""
        at_least(2, x)
        count = len(x)
        sizes = [f"D{number}" for number in range(1, count + 1)]
        before = ["".join(f" - {size}" for size in sizes[:k]) for k in range(count)]
        value = f"X{count}[n,j{before[-1]}]"
        for k in range(count - 2, -1, -1):
            value = f"where(j < {' + '.join(sizes[: k + 1])}, X{k + 1}[n,j{before[k]}], {value})"
        declared = "\n".join(f"X{k}: input[N, D{k}]" for k in range(1, count + 1))
        text = f"{declared}\nA: tensor[N, {' + '.join(sizes)}]\nA[n,j] = {value}"
        return Stated(text, words={"A": self.WORDS})


LAYER = Concatenate
SAMPLES = (
    Sample(Concatenate(inputs=("X1", "X2")), ("N", 3), ("N", 2)),
    Sample(Concatenate(inputs=("X1", "X2", "X3")), ("N", "T", 1), ("N", "T", 2), ("N", "T", 2)),
)
