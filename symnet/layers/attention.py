"""Attention: every position asks, all positions answer, and those that match the question count most.

Q = X Wq, K = M Wk, V = M Wv for each head; P = softmax(Q K'/sqrt(E)); what the heads gather, P V, is put
together by Wo. M is X (self-attention) or a second input. With fewer heads of keys and values than of queries
several queries share one (grouped-query attention).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from symnet.errors import ShapeError, SpecError
from symnet.index.symbols import Tensor
from symnet.layers.layer import Layer, Sample, Stated, flag, whole
from symnet.messages import say
from symnet.sizes import Sizes

FAR = "-1000000000"
"""The score of what must not be seen: its exponential beside any other is 0."""

WORDS = {
    "Q": say("Every position asks a question."),
    "K": say("Every position says what it can answer."),
    "V": say("Every position has something to tell."),
    "C": say("How well each question meets each answer."),
    "B": say("What must not be seen gets a score so low that its share is 0."),
    "P": say("The shares of all positions in the answer to one question add up to 1."),
    "O": say("Each head gathers what is told, by these shares."),
    "A": say("What the heads have gathered is put together."),
    "theta": say("The angle by which a pair of features is turned at each position."),
    "phi": say("The angles of the positions that answer."),
    "Qr": say("The questions, turned by their position."),
    "Kr": say("The answers, turned by theirs."),
}


def masked(score: str, query: str, causal: bool, mask: str) -> str:
    """The score where a position may be seen, and a very low one where not."""
    conditions = [f"s <= {query}"] * causal + [f"{mask}[n,s] > 0"] * bool(mask)
    return f"where({' and '.join(conditions)}, {score}, {FAR})" if conditions else score


@dataclass(frozen=True, slots=True)
class Attention(Layer):
    """Multi-head attention over rows X[N, T, D]; a second input is what keys and values are made of.

    units: the size of a head, D/heads unless given. groups: how many heads of keys and values there are, as
    many as heads unless given. causal: no position sees a later one. mask: an input [N, S] that is 0 where a
    position is padding. rotary: queries and keys are turned by their position. Vaswani et al. (2017),
    arXiv:1706.03762; Ainslie et al. (2023), GQA, arXiv:2305.13245.
    """

    FORMULA: ClassVar[str] = (
        "P[n,h,t,s] = softmax(sum(Q[n,h,t,e]*K[n,h,s,e], e)/sqrt(E), s)\n"
        "O[n,h,t,e] = sum(P[n,h,t,s]*V[n,h,s,e], s)"
    )
    WORDS: ClassVar[str] = "Every position asks, and gathers from all positions by how well they answer."
    NAMED: ClassVar[tuple[str, ...]] = ("mask",)

    heads: int = 1
    units: int | None = None
    groups: int | None = None
    causal: bool = False
    mask: str = ""
    rotary: bool = False
    bias: bool = True

    def __post_init__(self) -> None:
        super(Attention, self).__post_init__()
        whole("heads", self.heads)
        for option in ("units", "groups"):
            if getattr(self, option) is not None:
                whole(option, getattr(self, option))
        for option in ("causal", "rotary", "bias"):
            flag(option, getattr(self, option))
        if self.groups and self.heads % self.groups:
            raise SpecError(f"{self.heads} heads are not {self.groups} groups", expected="a divisor of heads")

    def size_of_head(self, x: Tensor, known: Sizes) -> int:
        """The size of a head; raises ShapeError where the width of X does not fall into heads."""
        width = known.value(x.shape[-1])
        if self.units is None and (width is None or width % self.heads):
            raise ShapeError(
                f"{width or 'an unknown number of'} features do not fall into {self.heads} heads",
                expected="a multiple of heads, or units = ... for a head",
            )
        units = self.units or (width or 0) // self.heads
        if self.rotary and units % 2:
            raise ShapeError(f"heads of {units} features cannot be turned", expected="an even number")
        return units

    def stated(self, *x: Tensor, known: Sizes) -> Stated:
        """Projections, scores, shares, what is gathered, and how it is put together."""
        units = self.size_of_head(x[0], known)
        apart = len(x) - bool(self.mask) > 1
        memory, span = ("M", "S") if apart else ("X", "T")
        head, many = ("g,r", "G, R") if self.groups else ("h", "H")
        key, few = ("g", "G") if self.groups else ("h", "H")
        lines = (
            ["X: input[N, T, D]"]
            + ["M: input[N, S, F]"] * apart
            + [f"mask: input[N, {span}]"] * bool(self.mask)
        )
        lines += [f"Wq: parameter[D, {many}, E]"]
        lines += [f"W{letter}: parameter[{'F' if apart else 'D'}, {few}, E]" for letter in "kv"]
        lines += [f"Wo: parameter[{many}, E, D]"]
        if self.bias:
            lines += [f"bq: parameter[{many}, E]", f"bk: parameter[{few}, E]", f"bv: parameter[{few}, E]"]
            lines += ["bo: parameter[D]"]
        lines += [
            f"Q[n,{head},t,e] = sum(X[n,t,d]*Wq[d,{head},e], d)" + f" + bq[{head},e]" * self.bias,
            f"K[n,{key},s,e] = sum({memory}[n,s,d]*Wk[d,{key},e], d)" + f" + bk[{key},e]" * self.bias,
            f"V[n,{key},s,e] = sum({memory}[n,s,d]*Wv[d,{key},e], d)" + f" + bv[{key},e]" * self.bias,
        ]
        query, answer = "Q", "K"
        if self.rotary:
            query, answer = "Qr", "Kr"
            lines += turned(units // 2, head, key, span)
        scores = f"C[n,{head},t,s] = sum({query}[n,{head},t,e]*{answer}[n,{key},s,e], e)/sqrt(E)"
        seen = masked(f"C[n,{head},t,s]", "t", self.causal, self.mask and "mask")
        last = "C"
        lines.append(scores)
        if seen != f"C[n,{head},t,s]":
            last = "B"
            lines.append(f"B[n,{head},t,s] = {seen}")
        summed = "g, r, e" if self.groups else "h, e"
        lines += [
            f"P[n,{head},t,s] = softmax({last}[n,{head},t,s], s)",
            f"O[n,{head},t,e] = sum(P[n,{head},t,s]*V[n,{key},s,e], s)",
            f"A[n,t,d] = sum(O[n,{head},t,e]*Wo[{head},e,d], {summed})" + " + bo[d]" * self.bias,
        ]
        sizes = {"E": units} | (
            {"G": self.groups, "R": self.heads // self.groups} if self.groups else {"H": self.heads}
        )
        return Stated("\n".join(lines), sizes, words=WORDS)


def turned(half: int, head: str, key: str, span: str) -> list[str]:
    """The equations that turn queries and keys by their position (see position.py)."""
    angle = f"where(e < {half}, t/10000**(e/{half}), t/10000**((e - {half})/{half}))"
    lines = ["theta: tensor[T, E]", f"theta[t,e] = {angle}"]
    for own, at, t in (("Q", head, "t"), ("K", key, "s")):
        angles = "theta" if t == "t" or span == "T" else "phi"
        if angles == "phi":
            lines += ["phi: tensor[S, E]", f"phi[s,e] = {angle.replace('t/', 's/')}"]
        other = f"where(e < {half}, -{own}[n,{at},{t},e+{half}], {own}[n,{at},{t},e-{half}])"
        lines.append(
            f"{own}r[n,{at},{t},e] = {own}[n,{at},{t},e]*cos({angles}[{t},e]) + {other}*sin({angles}[{t},e])"
        )
    return lines


LAYER = Attention
SAMPLES = (
    Sample(Attention(2), ("N", "T", 4)),
    Sample(Attention(1, units=2, causal=True, bias=False), ("N", "T", 3)),
    Sample(Attention(2, mask="keep", inputs=("X", "M")), ("N", "T", 4), ("N", "S", 3), ("N", "S")),
    Sample(Attention(4, units=2, groups=2, causal=True, rotary=True, bias=False), ("N", "T", 3)),
)
