"""What the names of tensors look like: W1 is W with [1] above, dW1 has a bar, W1_next is new, learning_rate
is η.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import groupby

from symnet.documents import typeset as t
from symnet.documents.notation import PLAIN, SUPERSCRIPTS, Names
from symnet.documents.typeset import Node, row
from symnet.index.symbols import Role, Tensor

GREEK = {
    "alpha": ("α", r"\alpha"),
    "beta": ("β", r"\beta"),
    "gamma": ("γ", r"\gamma"),
    "delta": ("δ", r"\delta"),
    "eps": ("ε", r"\varepsilon"),
    "epsilon": ("ε", r"\varepsilon"),
    "eta": ("η", r"\eta"),
    "lambda": ("λ", r"\lambda"),
    "mu": ("μ", r"\mu"),
    "rho": ("ρ", r"\rho"),
    "sigma": ("σ", r"\sigma"),
    "theta": ("θ", r"\theta"),
    "learning_rate": ("η", r"\eta"),
    "momentum": ("μ", r"\mu"),
    "decay": ("ρ", r"\rho"),
    "weight_decay": ("λ", r"\lambda"),
}
"""Names that are printed as Greek letters: their own, and what a hyperparameter is usually called."""

ENDING = re.compile(r"([A-Za-z]+?)(\d+)$")
KIND = re.compile(r"([A-Zb])([a-z])$")
"""A letter and what kind it is of: Wq is the W of queries, which stands above it."""


HAT = re.compile(r"([A-Z])hat$")
"""A letter with a hat, such as Xhat, which is X normalized."""


def tensor_name(
    tensor: Tensor,
    below: Node | None = None,
    bold: bool = False,
    above: Node | None = None,
    names: Names = PLAIN,
) -> Node:
    """The name of a tensor: dW1 is W with a bar and [1] above, W1_m_hat is m with a hat, for W; `above` comes
    last. A word of one letter is a letter of its own, any other one a mark.
    """
    kind = names.notation.adjoints
    plain = tensor.adjoint_of and not tensor.tangent_of and tensor.adjoint_of not in names.deltas
    if plain and kind in ("partial", "delta"):
        slope = _slope(tensor, below, bold, names)
        return slope if above is None else t.Script(t.Fence(slope), None, above)
    return replace(_written(tensor, below, bold, above, names), of=tensor.name)


def _slope(tensor: Tensor, below: Node | None, bold: bool, names: Names) -> t.Fraction:
    """An adjoint as the fraction that it is; it is one name, and the names in it are none of their own."""
    of = Tensor(tensor.adjoint_of, tensor.shape, next_of=tensor.next_of)
    loss = _written(Tensor(names.loss, ()), None, False, None, names)
    by = _written(of, below, bold, None, names)
    return t.Fraction(row(t.PARTIAL, loss), row(t.PARTIAL, by), tensor.name)


def _written(
    tensor: Tensor, below: Node | None, bold: bool, above: Node | None, names: Names
) -> t.Name | t.Script | t.Accent:
    name = tensor.adjoint_of or tensor.tangent_of or tensor.name
    head, layer, words = name_parts(name, bool(tensor.next_of) or tensor.role == Role.STATE)
    owner: Node | None = None
    if words and (words[0] in GREEK or len(words[0]) == 1) and not words[0].isdigit():
        owner, head, words = letter_of(head, bold), words[0], words[1:]
    kind = KIND.match(head) if head not in GREEK else None
    letter = letter_of(kind[1] if kind else head, bold)
    if tensor.adjoint_of in names.deltas and not tensor.tangent_of:
        owner = letter if names.deltas[tensor.adjoint_of] else owner
        letter = _delta(bold and tensor.rank > 1, bold)
    elif tensor.adjoint_of:
        letter = t.Accent(letter)
    letter = t.Accent(letter, "hat") if "hat" in words and not tensor.adjoint_of else letter
    letter = t.Accent(letter, "dot") if tensor.tangent_of else letter
    marks: list[Node] = [t.Name(kind[2], "italic")] if kind else []
    opening, closing = tuple(SUPERSCRIPTS[names.notation.superscripts])
    if layer:
        number = f"{opening}{layer}{closing}"
        marks.append(t.Number(number) if layer.isdigit() else t.Name(number, "upright"))
    marks += _marks(words, "()" if opening == "[" else "[]")
    marks += [above] if above is not None else []
    if owner is not None:
        below = owner if below is None else row(owner, t.COMMA, below)
    return t.Script(letter, below, row(*marks) if marks else None) if marks or below is not None else letter


def _delta(large: bool, bold: bool) -> t.Name:
    """The δ of a weighted sum: a capital for a matrix."""
    style = "bold" if bold else "italic"
    return t.Name("Δ", style, r"\Delta") if large else t.Name("δ", style, r"\delta")


def _marks(words: tuple[str, ...], pair: str) -> list[Node]:
    """Words above a letter; a number there tells tensors of one name apart: the second S has (2)."""
    marks: list[Node] = []
    for number, group in groupby((word for word in words if word != "hat"), key=str.isdigit):
        if number:
            marks += [t.Number(f"{pair[0]}{word}{pair[1]}") for word in group]
        else:
            said = " ".join("new" if word == "next" else word for word in group)
            marks.append(t.Name(said, "upright"))
    return marks


def letter_of(head: str, bold: bool = False) -> t.Name | t.Accent:
    """The letter that a name begins with; a word stays upright."""
    greek, hat = GREEK.get(head), HAT.match(head)
    if greek:
        return t.Name(greek[0], "bold" if bold else "italic", greek[1])
    if hat:
        return t.Accent(letter_of(hat[1], bold), "hat")
    return t.Name(head, "bold" if bold else "italic" if len(head) == 1 else "upright")


def name_parts(name: str, state: bool = False) -> tuple[str, str, tuple[str, ...]]:
    """The letter, the layer and the words of a name: W1 is W, 1; W_hidden is W, hidden; W1_next is W, 1,
    next; A1_trained is A, 1, trained.
    """
    if name in GREEK:
        return name, "", ()
    first, *rest = name.split("_")
    ending = ENDING.match(first)
    if ending:
        return ending[1], ending[2], tuple(rest)
    numbered = ENDING.match(rest[0]) if state and rest else None
    if numbered:  # what a layer remembers: mu_run1 is mu, 1, run
        return first, numbered[2], (numbered[1], *rest[1:])
    if rest and not state and rest[0] not in ("next", "hat") and not rest[0].isdigit():
        return first, rest[0], tuple(rest[1:])
    return first, "", tuple(rest)
