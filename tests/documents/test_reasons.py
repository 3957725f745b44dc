from __future__ import annotations

from documents.formulas import derivation

from symnet.derivation.journal import Equality, Named
from symnet.documents.context import Context
from symnet.documents.typeset import latex
from symnet.index.symbols import Index
from symnet.messages import say

M, N, K, J, P = map(Index, "mnkjp")


def told(reason: str) -> str:
    parts = Context(derivation("dense"), "rows").text(reason)
    return "".join(part if isinstance(part, str) else f"${latex(part)}$" for part in parts)


def test_elements_equalities_and_indices_are_formulas() -> None:
    element = derivation("dense").program.tensors["A1"][M, K]
    reason = say(
        "{element} only where {where}: the sums over {gone} keep one term.",
        element=element,
        where=(Equality(M, N), Equality(K, J)),
        gone=(M, K),
    )
    assert reason == "A1[m, k] only where m = n and k = j: the sums over m and k keep one term."
    assert told(reason) == (
        r"$A_{m k}^{[1]}$ only where $m = n$ and $k = j$: the sums over $m$ and $k$ keep one term."
    )


def test_affine_indices_are_one_formula() -> None:
    reason = say("only where {where}: done", where=Equality(2 * J + K, P))
    assert told(reason) == "only where $2 j + k = p$: done"


def test_names_of_tensors_are_formulas() -> None:
    adjoint = Named(derivation("dense").program.tensors["dZ2"])
    reason = say("The formula of {adjoint} is put in.", adjoint=adjoint)
    assert reason == "The formula of dZ2 is put in."
    assert told(reason) == r"The formula of $\bar{\mathbf{Z}}^{[2]}$ is put in."


def test_words_stay_words_whatever_they_look_like() -> None:
    for reason in ("A1[m, k] where m = n.", "{A1}", "", "I am i: no index here."):
        assert told(reason) == reason
        assert told(say(reason)) == reason
        assert told(say("{what}", what=reason)) == reason


def test_every_reason_of_a_derivation_is_a_message() -> None:
    for adjoint in derivation("dense").adjoints:
        steps = [step for c in adjoint.contributions for step in (*c.local, *c.steps)]
        for step in (*steps, *adjoint.steps):
            assert not step.reason or told(step.reason)
            assert "{" not in step.reason
