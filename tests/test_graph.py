"""Graphs of layers: what they read, what they share, what stays as it is, and where they lead."""

from __future__ import annotations

import numpy as np
import pytest
from oracle import complex_step, random_arrays

from symnet.backends.numpy.load import load
from symnet.documents import document
from symnet.documents.outline import Meta
from symnet.equations.interpret import evaluate
from symnet.errors import ShapeError, SpecError, SymnetError
from symnet.graph import Loss
from symnet.layers.add import Add
from symnet.layers.attention import Attention
from symnet.layers.concatenate import Concatenate
from symnet.layers.dense import Dense
from symnet.layers.embedding import Embedding
from symnet.layers.equations import Equations
from symnet.layers.transformer_block import TransformerBlock
from symnet.pipeline import Network
from symnet.spec import load as load_spec

TWO = {"X": ("N", 3), "U": ("N", 2)}


def network(*layers, inputs=None, targets=None, **options):
    options = options if "losses" in options else {"loss": "sse"} | options
    return Network(
        inputs=inputs or {"X": ("N", 2)}, targets=targets or {"Y": ("N", 1)}, layers=layers, **options
    )


def right(stated, sizes=None, tolerance=1e-12):
    """Whether every gradient is that of the complex step."""
    derived = stated.derive().derived
    sizes = {"N": 3, "T": 3, **(sizes or {}), **derived.stated.values}
    given = random_arrays(derived.stated, sizes)
    values = evaluate(derived.program, given, sizes)
    for name, adjoint in derived.gradients.items():
        expected = complex_step(derived.stated, given, sizes, name)
        np.testing.assert_allclose(
            values[adjoint.equation.tensor.name], expected, rtol=0, atol=tolerance * 100
        )
    return bool(derived.gradients)


class TestWhatLayersRead:
    def test_a_residual_sum_gives_the_blame_to_both(self):
        stated = network(
            Dense(3, "tanh", name="a"), Dense(3, "tanh", name="b"), Add(inputs=("a", "b")), Dense(1)
        )
        assert right(stated)
        adjoint = stated.derive().gradients["W_a"]
        assert "dA3" in str(stated.derive().derived.program.defining["dA_a"].rhs)
        assert adjoint.steps

    def test_several_inputs_and_targets_and_losses(self):
        stated = network(
            Dense(4, "tanh", name="left", inputs=("X",)),
            Dense(4, "tanh", name="right", inputs=("U",)),
            Concatenate(name="both", inputs=("left", "right")),
            Dense(2, name="classes"),
            Dense(1, name="value", inputs=("both",)),
            inputs=TWO,
            targets={"Y": ("N", 2), "V": ("N", 1)},
            losses=[
                Loss("cross_entropy", {"A": "classes", "Y": "Y"}),
                Loss("mse", {"A": "value", "Y": "V"}, weight=0.25, name="v"),
            ],
        )
        assert right(stated)
        program = stated.program
        assert str(program.defining["L"].rhs) == "L1 + L_v/4"
        assert stated.derive().prediction == "P"

    def test_a_tensor_of_a_layer_can_be_read_by_its_name(self):
        stated = network(Dense(3, "tanh", name="a"), Dense(1, inputs=("a.Z",)))
        assert "Z_a" in str(stated.program.defining["Z2"].rhs)

    def test_a_formula_for_rows_holds_for_sequences(self):
        stated = network(
            Dense(2, "softmax"), inputs={"X": ("N", "T", 3)}, targets={"Y": ("N", "T", 2)}, loss="bce"
        )
        loss = str(stated.program.defining["L"].rhs)
        assert "(t, 0, T - 1), (n, 0, N - 1)" in loss
        assert "/(H1*N*T)" in loss.replace(" ", "")

    def test_sizes_of_one_value_are_one(self):
        stated = network(
            Dense(3, name="a"), Dense(3, name="b"), Add(inputs=("a", "b")), targets={"Y": ("N", "C")}
        )
        sizes = {
            str(extent) for name in ("A_a", "A_b", "A3", "Y") for extent in stated.program.tensors[name].shape
        }
        assert sizes == {"N", "C"}
        assert stated.program.values["C"] == 3


class TestParameters:
    def test_a_weight_used_twice_sums_both_uses(self):
        stated = network(
            Dense(3, "tanh", name="a"),
            Dense(3, "tanh", name="b"),
            Dense(3, "tanh", name="c", tie={"W": "b.W"}),
            Dense(1),
        )
        assert "W_c" not in stated.program.tensors
        assert right(stated)
        gradient = stated.derive().gradients["W_b"].equation
        assert str(gradient.rhs).count("Sum") == 2
        page = document(stated.derive().derived, Meta("tied", "", ""), "markdown")
        assert "used in (3) and (5): one and the same parameter, whose gradient is the sum" in page

    def test_an_embedding_and_the_last_layer_share_their_table(self):
        stated = network(
            Embedding(5, 3, name="embed"),
            Dense(5, transposed=True, bias=False, tie={"W": "embed.E"}),
            inputs={"X": {"shape": ("N", "T"), "integer": True}},
            targets={"Y": ("N", "T", 5)},
            loss="cross_entropy",
        )
        assert set(stated.derive().gradients) == {"E_embed"}
        assert right(stated, {"V_embed": 5, "V": 5})

    def test_what_is_frozen_is_kept_and_has_no_gradient(self):
        stated = network(Dense(3, "tanh", name="a", frozen=True), Dense(1))
        derivation = stated.derive()
        assert set(derivation.gradients) == {"W2", "b2"}
        trainer = load(derivation.generate()).Trainer(np.float64)
        before = trainer.parameters["W_a"].copy()
        rng = np.random.default_rng(0)
        x, y = rng.normal(size=(4, 2)), rng.normal(size=(4, 1))
        trainer.step(x, y)
        assert (trainer.parameters["W_a"] == before).all()
        assert derivation.verify().passed

    def test_a_penalty_on_an_image_kernel_counts_all_its_weights(self):
        text = "X: input[N, D]\nK: parameter[2, 3, D]\nS[n,i] = sum(K[p,q,i], p, q)*X[n,i]"
        stated = network(Equations(text, l2=0.5), Dense(1))
        assert "K[" in str(stated.program.defining["L"].rhs)
        assert right(stated)

    def test_a_block_is_frozen_whole(self):
        stated = network(
            TransformerBlock(3, name="b", frozen=True),
            Dense(1),
            inputs={"X": ("N", "T", 2)},
            targets={"Y": ("N", "T", 1)},
        )
        assert set(stated.derive().gradients) == {"W2", "b2"}


GRAPH = """
[network]
name = "graph"

[inputs]
tokens = { shape = ["N", "T"], integer = true }
U = ["N", "T", 2]

[targets]
Y = ["N", "T", 3]
V = ["N", "T", 1]

[[layers]]
kind = "embedding"
tokens = 4
units = 2
name = "embed"
inputs = ["tokens"]

[[layers]]
kind = "add"
inputs = ["embed", "U"]
name = "sum"

[[layers]]
kind = "transformer_block"
units = 3
causal = true

[[layers]]
kind = "dense"
units = 3
name = "head"

[[layers]]
kind = "dense"
units = 1
name = "side"
inputs = ["sum"]

[[losses]]
kind = "cross_entropy"
reads = { A = "head", Y = "Y" }

[[losses]]
kind = "huber"
reads = { A = "side", Y = "V" }
delta = 0.5
weight = 0.1
name = "side"
"""


@pytest.fixture
def spec(tmp_path):
    def write(text):
        path = tmp_path / "graph.toml"
        path.write_text(text)
        return load_spec(path)

    return write


def test_the_same_from_toml(spec):
    stated = Network.of(spec(GRAPH).network)
    assert right(stated, {"V": 3})
    assert str(stated.program.defining["L"].rhs) == "L1 + L_side/10"


CHANGES = [
    (
        'inputs = ["embed", "U"]',
        'inputs = ["embd", "U"]',
        "nothing before it is called 'embd'",
        "layer 2 (sum)",
    ),
    ('inputs = ["embed", "U"]', 'inputs = "embed"', "inputs is 'embed'", "layer 2"),
    ('inputs = ["embed", "U"]', 'inputs = ["embed"]', "it is given 1 input", "layer 2 (sum)"),
    ('inputs = ["embed", "U"]', 'inputs = ["embed", "tokens"]', "tokens has 2 axes", "layer 2 (sum)"),
    ('U = ["N", "T", 2]', 'U = ["N", "T", 5]', "wants 2", "layer 2 (sum)"),
    ('kind = "transformer_block"', 'kind = "transformr_block"', "no kind of layer", "layer 3"),
    ("causal = true", "causl = true", "no key 'causl'", "layer 3"),
    ("causal = true", "causal = 1", "causal is 1", "layer 3"),
    ('tokens = { shape = ["N", "T"], integer = true }', 'tokens = ["N", "T"]', "no whole numbers", "layer 1"),
    ("integer = true }", "whole = true }", "tokens is", "inputs"),
    ('Y = "V" }', 'Y = "W" }', "nothing before it is called 'W'", "loss side"),
    ('reads = { A = "side", Y = "V" }', 'reads = { A = "side", Z = "V" }', "huber reads no Z", "loss side"),
    ('reads = { A = "side", Y = "V" }', "reads = 3", "reads is 3", "loss 2"),
    ("weight = 0.1", "weight = 0", "the weight is 0", "loss side"),
    ("weight = 0.1", "weigt = 0.1", "no key 'weigt'", "loss 2"),
    ('name = "side"\ninputs', 'name = "embed"\ninputs', "another layer is called embed", "layer 5"),
    ('name = "side"\ninputs', 'name = "U"\ninputs', "an input or a target is called U", "layer 5"),
    ('V = ["N", "T", 1]', 'V = ["N", "T", 1]\nQ = ["N", 1]', "no loss reads the target Q", "targets"),
]


@pytest.mark.parametrize(("old", "new", "words", "place"), CHANGES)
def test_what_is_wrong_is_named(spec, old, new, words, place):
    assert old in GRAPH
    with pytest.raises(SymnetError) as caught:
        spec(GRAPH.replace(old, new, 1)).network.stated()
    assert words in caught.value.message
    assert place in caught.value.place


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (lambda: network(Dense(1, tie={"V": "a.W"})), SpecError, "no parameter V"),
        (lambda: network(Dense(1, tie={"W": "X"})), SpecError, "X cannot be W"),
        (
            lambda: network(Dense(3, name="a"), Dense(1, tie={"W": "a.W"})),
            ShapeError,
            "a.W has another shape than W",
        ),
        (lambda: network(Dense(1), losses=[Loss("mse")], loss="sse"), SpecError, "there are losses"),
        (
            lambda: network(
                Attention(2), Dense(1), inputs={"X": ("N", "T", 3)}, targets={"Y": ("N", "T", 1)}
            ),
            ShapeError,
            "3 features do not fall into 2 heads",
        ),
        (lambda: network(Dense(1, inputs=("X", "X"))), SpecError, "it reads 1 input, and is given 2 inputs"),
    ],
)
def test_what_is_no_graph(make, kind, words):
    with pytest.raises(kind) as caught:
        make().stated()
    assert words in str(caught.value)
