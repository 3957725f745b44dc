"""What is found for one thing holds for all that are equal up to names."""

from __future__ import annotations

from sympy import Integer, Rational

from symnet.index.recall import replaced
from symnet.index.symbols import Index, Scalar, Size, base, indexed

I, J = Index("i"), Index("j")


def test_parts_are_replaced_whatever_they_are_called():
    """The second time by renaming what was found the first time: the same as SymPy's own way."""
    for number in (1, 2, 10):
        Z, A = f"Z{number}", f"A{number}"
        expr = Scalar("rate") * indexed(Z, I, J) ** 2 + Size(f"H{number}") * Scalar("beta")
        changes = (
            (base(Z), base(A)),
            (Scalar("rate"), Rational(1, 2)),
            (Size(f"H{number}"), Size(f"K{number}")),
        )
        assert replaced(expr, changes) == expr.xreplace(dict(changes))


def test_an_order_that_changes_is_not_recalled():
    for one, other in (("W1", "W2"), ("W2", "W1"), ("W9", "W10")):
        changes = ((indexed(one, I), indexed(other, I)),)
        expr = indexed(one, I) + indexed("W5", I) * Integer(3)
        assert replaced(expr, changes).args == expr.xreplace(dict(changes)).args


def test_an_element_is_one_object():
    assert indexed("X", I, J) is indexed("X", I, J)
    assert Size("N") != Index("N")
