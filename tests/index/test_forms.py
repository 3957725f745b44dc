"""Equal up to names: what has one form, and what must not."""

from __future__ import annotations

import pytest
from sympy import Mul, Sum, exp, tanh

from symnet.index.forms import in_order, in_text, key, renamed
from symnet.index.recall import Recall, up_to_names
from symnet.index.reductions import argmax, total
from symnet.index.symbols import Index, Role, Scalar, Size, Tensor

N, n, i, j = Size("N"), Index("n"), Index("i"), Index("j")


def layer(k, source="A"):
    """A dense layer's right-hand side: the k-th."""
    D = Size(f"H{k - 1}")
    A, W = Tensor(f"{source}{k - 1}", (N, D)), Tensor(f"W{k}", (D, Size(f"H{k}")))
    b = Tensor(f"b{k}", (Size(f"H{k}"),))
    return tanh(total(A[n, i] * W[i, j], [(i, D)]) + b[j]) / (N * D)


def form(thing):
    names = {}
    return key(thing, names), tuple(names), in_order(names)


def same(one, other):
    return form(one)[0] == form(other)[0]


class TestForms:
    def test_layers_that_differ_in_their_numbers(self):
        assert same(layer(3), layer(4))
        assert dict(zip(form(layer(3))[1], form(layer(4))[1], strict=True)) == {
            "N": "N", "H2": "H3", "A2": "A3", "W3": "W4", "b3": "b4",
        }  # fmt: skip

    @pytest.mark.parametrize(
        "other",
        [
            layer(3, source="B"),  # another letter, which SymPy may put in another place
            layer(3) + 1,
            layer(3).xreplace({n: Index("m")}),
            layer(3).xreplace({Size("H2"): N}),
            layer(3).replace(tanh, exp),
            Scalar("A3"),
        ],
        ids=["letter", "term", "index", "size", "function", "element"],
    )
    def test_what_else_differs_is_another_form(self, other):
        assert not same(layer(3), other)

    def test_an_order_that_turns_is_another_form(self):
        """A9 < A8 < A7, but A10 < A9: a sum that has both is sorted the other way."""
        A = [Tensor(f"A{k}", (N,))[n] for k in range(12)]
        assert same(A[7] - exp(A[8]), A[8] - exp(A[9]))
        assert not same(A[8] - exp(A[9]), A[9] - exp(A[10]))
        assert in_order(["A2", "A10"]) != in_order(["A1", "A10"])  # "A10[n]" stands before "A1[n]"

    def test_names_beside_numbers_with_zeros_in_front(self):
        assert not same(Scalar("A01"), Scalar("A02"))
        assert same(Scalar("A10"), Scalar("A20"))

    def test_a_name_that_is_an_indexs_too(self):
        k1, k2 = Index("k1"), Index("k2")
        assert not same(Tensor("k1", (N,))[k1], Tensor("k2", (N,))[k1])
        assert same(Tensor("k1", (N,))[k2], Tensor("k3", (N,))[k2])

    def test_tensors(self):
        one = Tensor("dW1", (N, Size("H1")), adjoint_of="W1")
        assert same(one, Tensor("dW2", (N, Size("H2")), adjoint_of="W2"))
        assert not same(one, Tensor("dW2", (N, Size("H2"))))
        assert not same(one, Tensor("dW2", (N, Size("H2")), Role.STATE, adjoint_of="W2"))
        # which names are equal counts
        assert not same((one, Size("H1")), (one, Size("H2")))


class TestRenaming:
    @pytest.mark.parametrize(
        "make",
        [
            layer,
            lambda k: layer(k) + layer(k + 1) ** 2,
            lambda k: argmax(layer(k), (j, Size(f"H{k}"))),
            lambda k: Sum(Mul(2, layer(k), evaluate=False), (n, 0, N - 1)),
            lambda k: Tensor(f"dW{k}", (N, Size(f"H{k}")), Role.STATE, adjoint_of=f"W{k}", next_of=f"V{k}"),
            lambda k: (f"W{k}[i,j] is read", (layer(k),), None, 7),
        ],
        ids=["layer", "sum", "argmax", "unevaluated", "tensor", "tuple"],
    )
    def test_it_gives_what_would_have_been_built(self, make):
        one, other = make(4), make(6)
        names = dict(zip(form(one)[1] or ["W4"], form(other)[1] or ["W6"], strict=True))
        found = renamed(one, names)
        assert found == other
        assert hash(found) == hash(other)
        assert str(found) == str(other)
        assert form(found) == form(other)

    def test_words_stay(self):
        names = {"A1": "A2", "A": "B", "dW1": "dW2"}
        assert in_text("A product of A1[n] and dW1, not xA1 or A12.", names) == (
            "A product of A2[n] and dW2, not xA1 or A12."
        )


class TestRecall:
    def test_it_is_called_once_for_what_is_equal(self):
        calls = []

        @up_to_names
        def squared(expr):
            calls.append(expr)
            return expr**2

        assert [squared(layer(k)) for k in range(2, 9)] == [layer(k) ** 2 for k in range(2, 9)]
        assert len(calls) == 1

    def test_what_is_asked_counts(self):
        recall, calls = Recall(), []
        facts = {"A1": Scalar("b1") + 1, "A2": Scalar("b2") + 1, "A3": Scalar("b3") + 2, "b3": 4}

        def opened(expr):
            def function(ask):
                calls.append(expr)
                return expr.xreplace({expr: ask("definition", expr.name)})

            found, names = recall(expr, lambda word, name: facts[name], function)
            return renamed(found, names)

        for name in ("A1", "A2", "A3", "A2", "A1"):
            assert opened(Scalar(name)) == facts[name]
        assert calls == [Scalar("A1"), Scalar("A3")]

    def test_an_error_is_not_an_answer(self):
        @up_to_names
        def fails(expr):
            raise ZeroDivisionError(expr)

        for k in (2, 3):
            with pytest.raises(ZeroDivisionError):
                fails(layer(k))

    def test_it_forgets(self, monkeypatch):
        monkeypatch.setattr("symnet.index.recall.LIMIT", 3)

        @up_to_names
        def squared(expr):
            return expr**2

        letters = "ABCDEFGH"
        for _ in range(2):
            assert [squared(Scalar(a)) for a in letters] == [Scalar(a) ** 2 for a in letters]
