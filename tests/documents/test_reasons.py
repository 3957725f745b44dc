from __future__ import annotations

from documents.formulas import derivation

from symnet.documents.reasons import typeset_reason
from symnet.documents.typeset import latex


def told(reason: str, *symbols: str) -> str:
    tensors = derivation("dense").program.tensors
    parts = typeset_reason(reason, tensors, frozenset(symbols))
    return "".join(part if isinstance(part, str) else f"${latex(part)}$" for part in parts)


def test_elements_and_indices_are_formulas() -> None:
    reason = (
        "A1[m, k] is the element in question only where m = n and k = j: the sums over m and k keep one term."
    )
    assert told(reason, "m", "n", "k", "j") == (
        r"$A_{m k}^{[1]}$ is the element in question only where $m = n$ and $k = j$: "
        r"the sums over $m$ and $k$ keep one term."
    )


def test_affine_indices_are_one_formula() -> None:
    assert told("only where 2*i + k = p: done", "i", "k", "p") == "only where $2 i + k = p$: done"


def test_names_of_tensors_are_formulas() -> None:
    assert told("The formula of dZ2 is put in.") == r"The formula of $\bar{\mathbf{Z}}^{[2]}$ is put in."


def test_words_stay_words() -> None:
    for reason in (
        "A sum over a thing, in 3 steps.",
        "Drop[x] and dEad are words; so is x1.",
        "I am i: no index here.",
    ):
        assert told(reason, "n") == reason
