from __future__ import annotations

import pytest
from derivation.programs import CASES
from documents.formulas import assert_balanced, assert_well_formed, coverage, derivation

from symnet.documents.mathematics import Printer
from symnet.documents.mathml import mathml
from symnet.documents.matrices import matrix_equation, matrix_expression
from symnet.documents.shapes import fitting
from symnet.documents.typeset import latex

ROWS = {
    "Z1": r"\mathbf{Z}^{[1]} = \mathbf{X} \mathbf{W}^{[1]} + \mathbf{1} \mathbf{b}^{[1] \top}",
    "A1": r"\mathbf{A}^{[1]} = \tanh ( \mathbf{Z}^{[1]} )",
    "L": r"L = \mathbf{1}^{\top} ( \mathbf{A}^{[2]} - \mathbf{Y} )^{{\circ} 2} \mathbf{1}",
    "dA2": r"\bar{\mathbf{A}}^{[2]} = 2 ( \mathbf{A}^{[2]} - \mathbf{Y} )",
    "dZ2": r"\bar{\mathbf{Z}}^{[2]} = \bar{\mathbf{A}}^{[2]} \odot \mathbf{A}^{[2]} \odot ( 1 - \mathbf{A}^{[2]} )",
    "dW2": r"\bar{\mathbf{W}}^{[2]} = \mathbf{A}^{[1] \top} \bar{\mathbf{Z}}^{[2]}",
    "db2": r"\bar{\mathbf{b}}^{[2]} = \bar{\mathbf{Z}}^{[2] \top} \mathbf{1}",
    "dA1": r"\bar{\mathbf{A}}^{[1]} = \bar{\mathbf{Z}}^{[2]} \mathbf{W}^{[2] \top}",
    "dX": r"\bar{\mathbf{X}} = \bar{\mathbf{Z}}^{[1]} \mathbf{W}^{[1] \top}",
}
COLUMNS = {
    "Z1": r"\mathbf{Z}^{[1]} = \mathbf{W}^{[1]} \mathbf{X} + \mathbf{b}^{[1]} \mathbf{1}^{\top}",
    "L": r"L = \mathbf{1}^{\top} ( \mathbf{A}^{[2]} - \mathbf{Y} )^{{\circ} 2} \mathbf{1}",
    "dW2": r"\bar{\mathbf{W}}^{[2]} = \bar{\mathbf{Z}}^{[2]} \mathbf{A}^{[1] \top}",
    "db2": r"\bar{\mathbf{b}}^{[2]} = \bar{\mathbf{Z}}^{[2]} \mathbf{1}",
    "dA1": r"\bar{\mathbf{A}}^{[1]} = \mathbf{W}^{[2] \top} \bar{\mathbf{Z}}^{[2]}",
    "dX": r"\bar{\mathbf{X}} = \mathbf{W}^{[1] \top} \bar{\mathbf{Z}}^{[1]}",
}


def printed(name: str, convention: str) -> str:
    program = derivation("dense").program
    return latex(matrix_equation(program.defining[name], program, convention))


@pytest.mark.parametrize("name", ROWS)
def test_samples_in_rows(name: str) -> None:
    assert printed(name, "rows") == ROWS[name]


@pytest.mark.parametrize("name", COLUMNS)
def test_samples_in_columns_turns_every_matrix_over(name: str) -> None:
    assert printed(name, "columns") == COLUMNS[name]


def test_shapes_of_the_factors_fit() -> None:
    program = derivation("dense").program
    printer = Printer(program.tensors)
    shown = {
        convention: latex(
            fitting(
                matrix_expression(program.defining["dW1"], program, convention),
                printer,
                convention == "columns",
            )
        )
        for convention in ("rows", "columns")
    }
    assert shown == {
        "rows": r"( D \times N ) ( N \times H )",
        "columns": r"( H \times N ) ( N \times D )",
    }


@pytest.mark.parametrize("convention", ["rows", "columns"])
@pytest.mark.parametrize("name", CASES)
def test_every_matrix_form_is_printed(name: str, convention: str) -> None:
    derived = derivation(name)
    found = 0
    for program in (derived.program, derived.computed):
        for equation in program.equations:
            form = matrix_equation(equation, program, convention)
            if form is not None:
                found += 1
                assert_balanced(latex(form))
                assert_well_formed(mathml(form))
    assert found, "no equation has a matrix form"


def test_one_formula_with_everything_in_it() -> None:
    equations, program = coverage()
    forms = [matrix_equation(equation, program) for equation in equations]
    assert sum(form is not None for form in forms) >= 4
    for form in forms:
        if form is not None:
            assert_balanced(latex(form))
            assert_well_formed(mathml(form))


def test_what_has_no_matrix_form_has_none() -> None:
    program = derivation("embedding").program
    assert matrix_equation(program.defining["Q"], program) is None
