"""What the names of tensors look like."""

from __future__ import annotations

import pytest
from sympy import Integer

from symnet.documents.mathematics import Printer
from symnet.documents.matrices import shape_form
from symnet.documents.names import tensor_name
from symnet.documents.typeset import latex
from symnet.index.symbols import Role, Size, Tensor

N, D = Size("N"), Size("D")


@pytest.mark.parametrize(
    ("tensor", "expected"),
    [
        (Tensor("X", (N, D)), "X"),
        (Tensor("W12", (N, D)), "W^{[12]}"),
        (Tensor("W_hidden", (N, D)), r"W^{\mathrm{[hidden]}}"),
        (Tensor("dW1", (N, D), adjoint_of="W1"), r"\bar{W}^{[1]}"),
        (Tensor("W1_next", (N, D), next_of="W1"), r"W^{[1] \mathrm{new}}"),
        (Tensor("W1_m", (N, D), Role.STATE), "m_{W}^{[1]}"),
        (Tensor("W1_m_hat", (N, D)), r"\hat{m}_{W}^{[1]}"),
        (Tensor("S_2", (N,)), "S^{(2)}"),
        (Tensor("S1_2", (N,)), "S^{[1] (2)}"),
        (Tensor("S_hidden_2", (N,)), r"S^{\mathrm{[hidden]} (2)}"),
        (Tensor("dS_2", (N,), adjoint_of="S_2"), r"\bar{S}^{(2)}"),
        (Tensor("A1_trained", (N, D)), r"A^{[1] \mathrm{trained}}"),
        (Tensor("mu_run1", (D,), Role.STATE), r"\mu^{[1] \mathrm{run}}"),
        (Tensor("mu_run1_next", (D,), next_of="mu_run1"), r"\mu^{[1] \mathrm{run\ new}}"),
        (Tensor("Xhat1", (N, D)), r"\hat{X}^{[1]}"),
        (Tensor("dXhat1", (N, D), adjoint_of="Xhat1"), r"\bar{\hat{X}}^{[1]}"),
        (Tensor("alpha", ()), r"\alpha"),
        (Tensor("token", (N,)), r"\mathrm{token}"),
    ],
)
def test_every_part_of_a_name_has_its_place(tensor, expected):
    assert latex(tensor_name(tensor)) == expected


def test_a_size_that_is_a_sum_stands_in_brackets():
    shape = shape_form(Tensor("U1", (N, D + Integer(1))), Printer({}))
    assert latex(shape) == r"N \times ( D + 1 )"
    assert latex(shape_form(Tensor("U1", (N, D)), Printer({}), "columns")) == r"D \times N"
