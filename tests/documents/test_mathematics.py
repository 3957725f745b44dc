from __future__ import annotations

import pytest
from derivation.programs import CASES
from documents.formulas import assert_balanced, assert_well_formed, coverage, derivation

from symnet.documents.mathematics import Printer
from symnet.documents.mathml import mathml
from symnet.documents.typeset import latex
from symnet.equations.parse import parse_program

GIVEN = """
X: input[N, D]
Y: target[N, H]
W1: parameter[D, H]
W_hidden: parameter[H, H]
b1: parameter[H]
token: input[N, T] integer
learning_rate: hyperparameter
beta1: hyperparameter
A1: input[N, H]
P: input[N, H]
"""

GOLDENS = {
    "Z1[n,j] = sum(X[n,i]*W1[i,j], i) + b1[j]": r"Z_{n j}^{[1]} = \sum_{i} X_{n i} W_{i j}^{[1]} + b_{j}^{[1]}",
    "R[n,j] = sigmoid(A1[n,j])": r"R_{n j} = \sigma ( A_{n j}^{[1]} )",
    "R[n,j] = -Y[n,j] + A1[n,j]": r"R_{n j} = A_{n j}^{[1]} - Y_{n j}",
    "R[n,j] = 2*A1[n,j] - 2*Y[n,j]": r"R_{n j} = 2 ( A_{n j}^{[1]} - Y_{n j} )",
    "R[n,j] = (1 - A1[n,j])*A1[n,j]": r"R_{n j} = A_{n j}^{[1]} ( 1 - A_{n j}^{[1]} )",
    "R[n,j] = (P[n,j] - Y[n,j])/N": r"R_{n j} = \frac{P_{n j} - Y_{n j}}{N}",
    "R[n,j] = A1[n,j]**2": r"R_{n j} = ( A_{n j}^{[1]} )^{2}",
    "R[n,j] = P[n,j]**2": r"R_{n j} = P_{n j}^{2}",
    "R[n,j] = P[n,j]/3": r"R_{n j} = \frac{P_{n j}}{3}",
    "R[n,j] = 0.01*P[n,j]": r"R_{n j} = 0.01 P_{n j}",
    "R[n,j] = -P[n,j]": r"R_{n j} = {-} P_{n j}",
    "R[n,j] = (P[n,j] > 0)*A1[n,j]": r"R_{n j} = A_{n j}^{[1]} [ P_{n j} > 0 ]",
    "R[n,j] = sqrt(P[n,j])": r"R_{n j} = \sqrt{P_{n j}}",
    "R[n,j] = abs(P[n,j])": r"R_{n j} = \lvert P_{n j} \rvert",
    "L = sum(P[n,j]**2, n, j)/N": r"L = \frac{1}{N} \sum_{n , j} P_{n j}^{2}",
    "R[n,j] = sum(A1[n,k]*W_hidden[k,j], k)": r"R_{n j} = \sum_{k} A_{n k}^{[1]} W_{k j}^{\mathrm{[hidden]}}",
}


def printed(text: str) -> str:
    program = parse_program(GIVEN + text)
    return latex(Printer(program.tensors).equation(program.equations[-1]))


@pytest.mark.parametrize("text", GOLDENS)
def test_an_equation_as_a_textbook_writes_it(text: str) -> None:
    assert printed(text) == GOLDENS[text]


def test_hyperparameters_are_called_as_people_call_them() -> None:
    text = printed("R[n,j] = (1 - beta1)*P[n,j] - learning_rate*A1[n,j]")
    assert r"\beta_{1}" in text
    assert r"\eta" in text


def test_a_gather_shows_the_tensor_in_its_index() -> None:
    text = printed("E: parameter[V, D]\nR[n,t,d] = E[token[n,t],d]")
    assert r"E_{\mathrm{token}_{n t} , d}" in text


def test_an_index_that_is_no_letter_is_set_apart_by_commas() -> None:
    assert r"X_{n , 2 i + k}" in printed("w: parameter[K]\nR[n,i] = sum(X[n,2*i+k]*w[k], k)")


def test_the_adjoint_carries_a_bar_and_stands_first() -> None:
    derived = derivation("dense")
    printer = Printer(derived.program.tensors)
    shown = {e.tensor.name: latex(printer.equation(e)) for e in derived.program.equations}
    assert shown["dW1"] == r"\bar{W}_{i j}^{[1]} = \sum_{n} X_{n i} \bar{Z}_{n j}^{[1]}"
    assert shown["dA1"] == r"\bar{A}_{n j}^{[1]} = \sum_{k} \bar{Z}_{n k}^{[2]} W_{j k}^{[2]}"
    assert shown["dZ2"] == r"\bar{Z}_{n j}^{[2]} = \bar{A}_{n j}^{[2]} A_{n j}^{[2]} ( 1 - A_{n j}^{[2]} )"


@pytest.mark.parametrize(("name", "optimizer"), [*((name, "sgd") for name in CASES), ("dense", "adam")])
def test_every_line_of_every_derivation_is_printed(name: str, optimizer: str) -> None:
    derived = derivation(name, optimizer)
    printer = Printer({**derived.program.tensors, **derived.computed.tensors})
    formulas = [printer.equation(e) for e in (*derived.program.equations, *derived.computed.equations)]
    for adjoint in derived.adjoints:
        for contribution in adjoint.contributions:
            steps = (*contribution.local, *contribution.steps, *adjoint.steps)
            formulas += [printer.show(contribution.definition)]
            formulas += [printer.show(side) for step in steps for side in (step.before, step.after)]
    for formula in formulas:
        assert_balanced(latex(formula))
        assert_well_formed(mathml(formula))


def test_one_formula_with_everything_in_it() -> None:
    equations, program = coverage()
    for equation in equations:
        formula = Printer(program.tensors).equation(equation)
        assert_balanced(latex(formula))
        assert_well_formed(mathml(formula))
        for name in ("less", "maximum", "absolute", "expm1", "signum", "_next", "None"):
            assert name not in latex(formula), "a name of the program's insides is printed"


def test_different_elements_never_look_alike() -> None:
    names = ["W1", "W11", "W_a", "W_b", "Wa", "dW1", "a_b_c", "ab_c", "alpha", "alpha1"]
    declared = "\n".join(f"{name}: input[N]" for name in names)
    program = parse_program(declared + "\nL = sum(" + " + ".join(f"{name}[n]" for name in names) + ", n)")
    printer = Printer(program.tensors)
    shown = [
        latex(printer.show(program.tensors[name][next(iter(program.equations[-1].rhs.limits))[0]]))
        for name in names
    ]
    assert len(set(shown)) == len(names), shown
