"""Networks: what their equations are, and what is no network and why."""

from __future__ import annotations

import time
from functools import partial

import numpy as np
import pytest

from symnet.derivation.derive import derive
from symnet.equations.check import check
from symnet.equations.interpret import evaluate
from symnet.equations.parse import parse_program
from symnet.equations.text import equation_text
from symnet.errors import EquationError, ShapeError, SpecError, SymnetError
from symnet.layers.dense import Dense
from symnet.layers.equations import Equations
from symnet.network import Network, Training
from symnet.updates import updates


def network(*layers, columns=1, loss="sse", **options):
    """Layers over two inputs."""
    given = {"inputs": {"X": ("N", 2)}, "targets": {"Y": ("N", columns)}} | options
    return Network(layers=layers, loss=loss, **given)


def lines(program):
    return [equation_text(equation) for equation in program.equations]


def says_the_same(program, text):
    """Whether the program is the one that `text` says, tensor by tensor and equation by equation."""
    other = parse_program(text)
    shapes = {name: (tensor.role, tensor.shape) for name, tensor in program.tensors.items()}
    assert shapes == {name: (tensor.role, tensor.shape) for name, tensor in other.tensors.items()}
    return [(e.lhs, e.rhs) for e in program.equations] == [(e.lhs, e.rhs) for e in other.equations]


class TestEquations:
    def test_of_a_dense_network(self):
        program, prediction = network(Dense(3, "sigmoid"), Dense(1)).stated()
        assert says_the_same(
            program,
            """
            X: input[N, D]
            W1: parameter[D, H1]
            b1: parameter[H1]
            W2: parameter[H1, H2]
            b2: parameter[H2]
            Y: target[N, H2]
            Z1[n,j] = sum(X[n,i]*W1[i,j], i) + b1[j]
            A1[n,j] = sigmoid(Z1[n,j])
            Z2[n,j] = sum(A1[n,i]*W2[i,j], i) + b2[j]
            A2[n,j] = Z2[n,j]
            L = sum((A2[n,j] - Y[n,j])**2, n, j)
            """,
        )
        assert prediction == "A2"
        assert program.values == {"D": 2, "H1": 3, "H2": 1}

    def test_without_biases_nothing_is_added(self):
        program, _ = network(Dense(1, bias=False)).stated()
        assert says_the_same(
            program,
            """
            X: input[N, D]
            W1: parameter[D, H1]
            Y: target[N, H1]
            Z1[n,j] = sum(X[n,i]*W1[i,j], i)
            A1[n,j] = Z1[n,j]
            L = sum((A1[n,j] - Y[n,j])**2, n, j)
            """,
        )

    def test_an_augmented_layer_says_the_same_with_one_coefficient(self):
        rng = np.random.default_rng(0)
        x, w, b, y = rng.normal(size=(4, 2)), rng.normal(size=(2, 3)), rng.normal(size=3), np.zeros((4, 3))
        apart, _ = network(Dense(3, "tanh"), columns=3).stated()
        fused, _ = network(Dense(3, "tanh", augmented=True), columns=3).stated()
        one = evaluate(apart, {"X": x, "W1": w, "b1": b, "Y": y})
        other = evaluate(fused, {"X": x, "W1": np.vstack([w, b]), "Y": y})
        np.testing.assert_allclose(other["A1"], one["A1"], rtol=1e-14)
        assert "b1" not in fused.tensors
        gradients = derive(fused).gradients
        assert set(gradients) == {"W1"}

    def test_a_layer_with_a_name_lends_it_to_its_tensors(self):
        program, prediction = network(Dense(3, "relu", name="hidden"), Dense(1)).stated()
        assert {"W_hidden", "b_hidden", "Z_hidden", "A_hidden", "W2"} <= set(program.tensors)
        assert "layer hidden" in {equation.origin for equation in program.equations}
        assert prediction == "A2"

    def test_sizes_may_stay_symbols(self):
        program, _ = Network(
            inputs={"X": ("N", "D")},
            targets={"Y": ("N", "C")},
            layers=[Dense("M", "tanh"), Dense("C")],
            loss="mse",
        ).stated()
        assert program.values == {}
        assert [str(extent) for extent in program.tensors["W2"].shape] == ["M", "C"]

    def test_what_the_loss_does_not_need_is_computed_by_no_step_of_training(self):
        program, prediction = network(Dense(3), columns=3, loss="cross_entropy").stated()
        assert prediction == "P"
        assert lines(program)[-1] == "P[n,j] = exp(A1[n,j])/sum(exp(A1[n,k]), k)"
        assert not any("P" in str(e.rhs.free_symbols) for e in program.equations if e.tensor.name != "P")

    def test_two_hundred_layers_take_no_time(self):
        deep = network(*(Dense(8, "relu") for _ in range(200)), Dense(3), columns=3, loss="cross_entropy")
        network(
            Dense(8, "relu"), Dense(3), columns=3, loss="cross_entropy"
        ).stated()  # formulas are read once
        start = time.perf_counter()
        program, _ = deep.stated()
        assert time.perf_counter() - start < 1.0  # 0.1 s on an idle machine
        assert len(program.equations) == 404


class TestEquationsAsText:
    WHOLE = """
    X: input[N, D]
    W: parameter[D, H]
    Y: target[N, H]
    A[n,j] = sigmoid(sum(X[n,i]*W[i,j], i))
    e[n,j] = A[n,j] - Y[n,j]
    L = sum(e[n,j]**2, n, j)/2
    """

    def test_the_prediction_is_the_last_that_needs_no_target(self):
        program, prediction = Network(equations=self.WHOLE).stated()
        assert prediction == "A"
        assert set(derive(program).gradients) == {"W"}

    def test_perceptrons_with_given_weights_say_exclusive_or(self):
        """XOR = !(!H12 + H11), where + is OR and ! is NOT."""
        program, prediction = Network(
            equations="""
            X: input[N, 2]
            Y: target[N]
            H11[n] = sign(X[n,0] + X[n,1] - 1)
            H12[n] = sign(X[n,0] + X[n,1] + 1)
            A[n] = -sign(H11[n] - H12[n] + 1)
            L = sum((A[n] - Y[n])**2, n)
            """
        ).stated()
        x = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]])
        values = evaluate(program, {"X": x, "Y": np.array([-1, 1, 1, -1])})
        assert values[prediction].tolist() == [-1, 1, 1, -1]
        assert float(values["L"]) == 0
        assert derive(program).adjoints == () or not derive(program).gradients

    def test_a_layer_of_equations_stands_between_others(self):
        scaled = Equations("X: input[N, D]\ng: parameter[D]\nS[n,i] = g[i]*X[n,i]**2")
        program, prediction = network(Dense(3, "tanh"), scaled, Dense(1)).stated()
        assert "S[n,i] = A1[n,i]**2*g[i]" in lines(program) or "S[n,i] = g[i]*A1[n,i]**2" in lines(program)
        assert prediction == "A3"
        assert set(derive(program).gradients) == {"W1", "b1", "g", "W3", "b3"}
        assert str(program.tensors["g"].shape[0]) == "H1"

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("Y: target[N, D]\nS[n,i] = Y[n,i]", "declares 0"),
            ("X: input[N, D]\nY: target[N, D]\nS[n,i] = Y[n,i]*X[n,i]", "declares the target Y"),
            ("X: input[N, 3]\nS[n,i] = X[n,i]", "declared with a number"),
            ("X: input[N, D]\nU: input[N, D]\nS[n,i] = X[n,i]", "reads 2 inputs"),
            ("X: input[N, D, T]\nS[n,i] = sum(X[n,i,t], t)", "3 axes"),
            ("X: input[N, D]", "an equation for the output"),
            (17, "text is 17"),
        ],
    )
    def test_a_layer_of_equations_that_is_none(self, text, words):
        with pytest.raises(SymnetError, match=words):
            network(Dense(3), Equations(text), Dense(1)).stated()

    @pytest.mark.parametrize("option", [{"loss": "sse"}, {"layers": [Dense(1)]}, {"l2": 0.1}])
    def test_equations_say_all_or_nothing(self, option):
        with pytest.raises(SpecError, match="too"):
            Network(equations=self.WHOLE, **option).stated()

    def test_the_loss_is_called_l(self):
        with pytest.raises(SpecError, match="define no loss") as caught:
            Network(equations="X: input[N]\nE = sum(X[n], n)").stated()
        assert "L = " in caught.value.expected
        with pytest.raises(ShapeError, match="the loss L has indices"):
            Network(equations="X: input[N]\nL[n] = X[n]").stated()


class TestErrors:
    """Each says where, what was expected, and what is near."""

    @pytest.mark.parametrize(
        ("make", "kind", "words", "hint"),
        [
            (network, SpecError, "the network is empty", "at least one layer"),
            (lambda: network(Dense(1), loss=""), SpecError, "the loss is missing", 'loss = "sse"'),
            (lambda: network(Dense(1), loss="ses"), SpecError, "no loss 'ses'", "sse"),
            (lambda: network(Dense(1), loss=7), SpecError, "no loss 7", "sse"),
            (lambda: network(Dense(1, "sigmod")), SpecError, "no activation 'sigmod'", "sigmoid"),
            (lambda: network(Dense(1, ["tanh"])), SpecError, "no activation", "tanh"),
            (lambda: network(Dense(0)), SpecError, "units is 0", "positive whole number"),
            (lambda: network(Dense(-3)), SpecError, "units is -3", "positive whole number"),
            (lambda: network(Dense(2.5)), SpecError, "units is 2.5", "positive whole number"),
            (lambda: network(Dense(True)), SpecError, "units is True", "positive whole number"),
            (lambda: network(Dense(2**40)), SpecError, "units", "2**31"),
            (lambda: network(Dense("a b")), SpecError, "units is 'a b'", "name of a size"),
            (lambda: network(Dense(1, bias=False, augmented=True)), SpecError, "augmented", "bias"),
            (lambda: network(Dense(1, bias="no")), SpecError, "bias is 'no'", "true or false"),
            (
                lambda: network(Dense(1, settings={"alpha": 1.0})),
                SpecError,
                "no setting 'alpha'",
                "no settings",
            ),
            (lambda: network(Dense(1, "elu", settings={"alhpa": 1.0})), SpecError, "'alhpa'", "alpha"),
            (
                lambda: network(Dense(1, name="a"), Dense(1, name="a")),
                SpecError,
                "another layer is called a",
                "",
            ),
            (lambda: network(Dense(1, name="a b")), SpecError, "'a b'", "letters"),
            (lambda: network(Dense(1, name="х")), SpecError, "called", "letters"),  # a Cyrillic letter
            (lambda: network(Dense(1, name=3)), SpecError, "called 3", "letters"),
            (lambda: network("dense"), SpecError, "'dense' is no layer", "Dense(2)"),
            (lambda: network(Dense(1), l2=-1), SpecError, "l2 is -1", "not negative"),
            (lambda: network(Dense(1, l1="x")), SpecError, "'x'", "a number"),
            (lambda: network(Dense(1), inputs={}), SpecError, "has none", "X"),
            (lambda: network(Dense(1), inputs=["X"]), SpecError, "inputs is", "X"),
            (
                lambda: network(Dense(1), inputs={"X": ("N", 2), "U": ("N", 2)}),
                SpecError,
                "no layer reads the input U",
                "a layer for it",
            ),
            (lambda: network(Dense(1), inputs={"X": 2}), SpecError, "the shape of X is 2", '["N", 2]'),
            (lambda: network(Dense(1), inputs={"X": "N"}), SpecError, "the shape of X", '["N", 2]'),
            (lambda: network(Dense(1), inputs={"X": ("N", 0)}), SpecError, "size 0", "positive"),
            (lambda: network(Dense(1), inputs={"X": ("N", "2x")}), SpecError, "size '2x'", "name"),
            (lambda: network(Dense(1), inputs={"X": ("N", "sum")}), SpecError, "size 'sum'", "name"),
            (lambda: network(Dense(1), inputs={"X": ("N", 2, 2)}), ShapeError, "Y has 2 axes", "3 axes"),
            (lambda: network(Dense(1), inputs={"X y": ("N", 2)}), SpecError, "'X y'", "letters"),
            (lambda: network(Dense(1), inputs={"exp": ("N", 2)}), SpecError, "exp has a meaning", "another"),
            (lambda: network(Dense(1), targets={"L": ("N", 1)}), SpecError, "L has a meaning", "another"),
            (
                lambda: network(Dense(1), targets={"X": ("N", 1)}),
                SpecError,
                "X is the name of two",
                "another",
            ),
            (lambda: network(Dense(1), targets={"Y": ("N",)}), ShapeError, "Y has 1 axis", "2 axes"),
            (
                lambda: network(Dense(2), columns=1),
                ShapeError,
                "axis 2 of Y is of size 1, and A1 wants 2",
                "the same size in Y and A1",
            ),
            (
                lambda: network(Dense(1), inputs={"A1": ("N", 2)}),
                SpecError,
                "A1 is the name of two",
                "another",
            ),
            (lambda: network(Dense(1), training=Training("adm")), SpecError, "no optimizer 'adm'", "adam"),
            (
                lambda: network(Dense(1), training=Training("sgd", {"momentum": 0.9})),
                SpecError,
                "no setting 'momentum'",
                "learning_rate",
            ),
            (lambda: network(Dense(1), loss_settings={"delta": 1.0}), SpecError, "sse has no setting", ""),
        ],
    )
    def test_what_is_no_network(self, make, kind, words, hint):
        with pytest.raises(kind) as caught:
            make().stated()
        assert words in str(caught.value)
        assert hint in f"{caught.value.expected} {caught.value.suggestion}"

    def test_the_layer_is_named(self):
        with pytest.raises(ShapeError) as caught:
            network(Dense(2), Equations("X: input[N, D, T]\nS[n,i] = sum(X[n,i,t], t)", name="odd")).stated()
        assert caught.value.place.startswith("layer 2 (odd)")

    def test_one_size_has_one_value(self):
        text = "X: input[N, D]\nM: size = 4\nW: parameter[D, M]\nS[n,k] = sum(X[n,i]*W[i,k], i)"
        other = text.replace("= 4", "= 5").replace("W", "V").replace("S", "T")
        with pytest.raises(EquationError, match="M is 5 here and 4 elsewhere"):
            network(Equations(text), Equations(other), Dense(1)).stated()


@pytest.mark.parametrize(
    "stated",
    [
        network(Dense(3, "relu", l2=0.1), Dense(1)),
        network(Dense(3, "gelu"), Dense(2), columns=2, loss="cross_entropy"),
        network(Dense(3, "softmax", augmented=True), Dense(1, "sigmoid"), loss="bce"),
        network(Dense(1), loss="huber", training=Training("adamw")),
    ],
)
def test_a_network_goes_all_the_way(stated):
    program, _ = stated.stated()
    derived = derive(program, optimizer=partial(updates, stated.training.optimizer, stated.training.settings))
    check(derived.computed)
    nexts = {tensor.next_of for tensor in derived.computed.tensors.values() if tensor.next_of}
    assert set(derived.gradients) <= nexts
