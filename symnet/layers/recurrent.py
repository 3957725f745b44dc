"""What recurrent layers share: rows X[N, T, D] read one after another, a state carried from each to the next.

A layer that is reversed reads the last row first. Where a mask is 0 the state stays as it was. With
`truncate = k` the rows fall into stretches of k, and no blame goes from one back to the stretch before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from symnet.errors import ShapeError
from symnet.index.symbols import Tensor
from symnet.layers.layer import Layer, flag, size, whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrent(Layer):
    """Options of a recurrent layer of `units` units.

    sequence: the output is the state after every row, [N, T, H], or after the last one only, [N, H].
    reverse: from the last row to the first. initial: an input [N, H], the state before the first row (zeros,
    unless given). mask: an input [N, T], 0 where a row is padding. truncate: blame is carried back no further
    than to the last row whose number is a multiple of it (0: to the first).
    """

    NAMED: ClassVar[tuple[str, ...]] = ("initial", "mask")

    units: int | str
    sequence: bool = True
    reverse: bool = False
    bias: bool = True
    truncate: int = 0
    initial: str = ""
    mask: str = ""

    def __post_init__(self) -> None:
        super(Recurrent, self).__post_init__()
        size("units", self.units)
        for option in ("sequence", "reverse", "bias"):
            flag(option, getattr(self, option))
        whole("truncate", self.truncate, 0)

    def head(self, x: Tensor) -> list[str]:
        """The declarations of what the layer reads."""
        if x.rank != 3:
            raise ShapeError(f"{x.name} has {x.rank} axes", expected="rows of samples, X[N, T, D]")
        lines = ["X: input[N, T, D]"]
        lines += ["S: input[N, K]"] * bool(self.initial) + ["M: input[N, T]"] * bool(self.mask)
        if self.truncate:
            row = "T - 1 - t" if self.reverse else "t"
            lines += ["B: tensor[T]", f"B[t] = sum(({row} == {self.truncate}*c), c < T)"]
        return lines

    def read(self, state: str, index: str) -> str:
        """The state at the row before, at `index`: for the first row, the initial state."""
        before = f"{state}[n,{'t+1' if self.reverse else 't-1'},{index}]"
        if self.truncate:
            before = f"where(B[t] > 0, constant({before}), {before})"
        if not self.initial or state != "H":
            return before
        return f"where(t == {'T-1' if self.reverse else '0'}, S[n,{index}], {before})"

    def gate(self, name: str, letter: str) -> str:
        """A weighted sum of the row and of the state before it, at unit k."""
        bias = f" + b{letter}[k]" * self.bias
        return (
            f"{name}[n,t,k] = sum(X[n,t,d]*W{letter}[d,k], d) + sum({self.read('H', 'j')}*U{letter}[j,k], j)"
            f"{bias}"
        )

    def parameters(self, letter: str) -> list[str]:
        """The declarations of a gate's parameters."""
        lines = [f"W{letter}: parameter[D, K]", f"U{letter}: parameter[K, K]"]
        return lines + [f"b{letter}: parameter[K]"] * self.bias

    def kept(self, value: str, state: str) -> str:
        """The new value of a state; the old one where the mask is 0."""
        return f"where(M[n,t] > 0, {value}, {self.read(state, 'k')})" if self.mask else value

    def output(self) -> list[str]:
        """The last equation, where only the state after the last row is wanted."""
        return [] if self.sequence else [f"A[n,k] = H[n,{'0' if self.reverse else 'T-1'},k]"]
