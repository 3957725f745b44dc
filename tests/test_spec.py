"""Specifications: a file in TOML is a network, or an error that names the file, the place, and what is near."""

from __future__ import annotations

import math
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from symnet.errors import SpecError, SymnetError
from symnet.layers.dense import Dense
from symnet.layers.equations import Equations
from symnet.network import Network, Training
from symnet.spec import MAX_BYTES, SECTIONS, load

ROOT = Path(__file__).resolve().parent.parent
XOR = (ROOT / "examples" / "xor.toml").read_text(encoding="utf-8")


@pytest.fixture
def spec(tmp_path):
    """Writes a text to a file and loads it."""

    def write(text, name="network.toml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return load(path)

    return write


def test_a_file_and_python_say_the_same_network():
    loaded = load(ROOT / "examples" / "xor.toml").network
    said = Network(
        inputs={"X": ("N", 2)},
        targets={"Y": ("N", 1)},
        layers=[Dense(2, activation="sigmoid"), Dense(1, activation="sigmoid")],
        loss="sse",
    )
    assert loaded.stated() == said.stated()
    assert loaded.training == Training("sgd", {"learning_rate": 2.0}, epochs=4000, seed=1)


def test_every_option_arrives(spec):
    loaded = spec(
        """
        [network]
        name = "everything"
        loss = "huber"
        delta = 0.5
        [inputs]
        X = ["N", 3]
        [targets]
        Y = ["N", "C"]
        [[layers]]
        kind = "dense"
        units = 4
        activation = "leaky_relu"
        alpha = 0.2
        name = "first"
        l1 = 0.125
        [[layers]]
        kind = "equations"
        text = "X: input[N, D]\\nS[n,i] = X[n,i]**2"
        [[layers]]
        kind = "dense"
        units = "C"
        bias = false
        [[layers]]
        kind = "dense"
        units = "C"
        augmented = true
        [regularization]
        l2 = 0.25
        [training]
        optimizer = "adam"
        beta1 = 0.8
        epochs = 3
        batch_size = 7
        seed = 5
        [data]
        file = "here.npz"
        scale = { X = 16 }
        one_hot = { Y = 10 }
        held_out = 0.25
        """
    )
    network, data = loaded.network, loaded.data
    assert (network.name, network.loss, network.loss_settings) == ("everything", "huber", {"delta": 0.5})
    assert network.layers == (
        Dense(4, "leaky_relu", name="first", l1=0.125, settings={"alpha": 0.2}),
        Equations("X: input[N, D]\nS[n,i] = X[n,i]**2"),
        Dense("C", bias=False),
        Dense("C", augmented=True),
    )
    assert (network.l1, network.l2) == (0.0, 0.25)
    assert network.training == Training("adam", {"beta1": 0.8}, epochs=3, batch_size=7, seed=5)
    assert data is not None
    assert data.file == loaded.path.parent / "here.npz"
    assert (data.scale, data.one_hot, data.held_out) == ({"X": 16}, {"Y": 10}, 0.25)
    network.stated()


def test_a_network_may_be_equations(spec):
    loaded = spec(
        '''
        [network]
        equations = """
        X: input[N, D]
        W: parameter[D]
        L = sum(sum(X[n,i]*W[i], i)**2, n)
        """
        '''
    )
    assert loaded.network.name == "network"  # as the file
    assert set(loaded.network.stated()[0].tensors) == {"X", "W", "L"}


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.toml")), ids=lambda path: path.stem)
def test_every_example_is_a_network(path):
    assert load(path).network.stated()[0].equations


CHANGES = [
    # what is put in the place of what, the words of the error, where, and what is near
    ('loss = "sse"', 'loss = "see"', "no loss 'see'", "loss", "sse"),
    ('loss = "sse"', 'los = "sse"', "no key 'los'", "[network]", "loss"),
    ('loss = "sse"', "", "the loss is missing", "network", ""),
    ('loss = "sse"', "loss = 3", "loss is 3", "[network] loss", ""),
    ('loss = "sse"', 'loss = "sse"\ndelta = 1.0', "no key 'delta'", "[network]", ""),
    ('loss = "sse"', 'loss = "huber"\ndelt = 1.0', "no key 'delt'", "[network]", "delta"),
    ('loss = "sse"', 'loss = "huber"\ndelta = "x"', "delta of huber is 'x'", "loss", ""),
    ("[network]", "[netwrok]", "no section 'netwrok'", "", "network"),
    ("[inputs]", "[input]", "no section 'input'", "", "inputs"),
    ('X = ["N", 2]', "", "has none", "inputs", ""),
    ('X = ["N", 2]', "X = 2", "the shape of X is 2", "X", ""),
    ('X = ["N", 2]', 'X = ["N", 2.5]', "size 2.5", "X", ""),
    ('X = ["N", 2]', 'X = ["N", -2]', "size -2", "X", ""),
    ('X = ["N", 2]', '"X y" = ["N", 2]', "'X y'", "X y", ""),
    ('Y = ["N", 1]', 'Y = ["N", 3]', "axis 2 of Y is of size 3, and A2 wants 1", "loss", ""),
    ('kind = "dense"\nunits = 2', 'kind = "dens"\nunits = 2', "no kind of layer 'dens'", "layer 1", "dense"),
    ('kind = "dense"\nunits = 2', "units = 2", "the layer has no kind", "layer 1", ""),
    ('kind = "dense"\nunits = 2', "kind = []\nunits = 2", "no kind of layer []", "layer 1", ""),
    ("units = 2\n", "", "units is missing", "layer 1", ""),
    ("units = 2\n", "unist = 2\n", "no key 'unist'", "layer 1", "units"),
    ("units = 2\n", "units = 0\n", "units is 0", "layer 1", ""),
    ("units = 2\n", "units = 2\nbias = 1\n", "bias is 1", "layer 1", ""),
    ("units = 2\n", "units = 2\nname = 1\n", "called 1", "layer 1", ""),
    ("units = 2\n", "units = 2\nsettings = 1\n", "no key 'settings'", "layer 1", ""),
    ("units = 2\n", "units = 2\nl2 = -1\n", "l2 is -1", "layer 1", ""),
    ('activation = "sigmoid"\n', 'activation = "sigmod"\n', "no activation 'sigmod'", "layer 1", "sigmoid"),
    ('activation = "sigmoid"\n', "activation = {}\n", "no activation {}", "layer 1", ""),
    ('activation = "sigmoid"\n', 'activation = "sigmoid"\nalpha = 1.0\n', "no key 'alpha'", "layer 1", ""),
    ('optimizer = "sgd"', 'optimizer = "sdg"', "no optimizer 'sdg'", "[training] optimizer", "sgd"),
    ('optimizer = "sgd"', "optimizer = 1", "no optimizer 1", "[training] optimizer", ""),
    ("learning_rate = 2.0", "learning_rte = 2.0", "no key 'learning_rte'", "[training]", "learning_rate"),
    ("learning_rate = 2.0", "learning_rate = nan", "learning_rate of sgd is nan", "[training]", ""),
    ("learning_rate = 2.0", 'learning_rate = "2"', "learning_rate of sgd is '2'", "[training]", ""),
    ("epochs = 4000", "epochs = 0", "epochs is 0", "[training]", ""),
    ("epochs = 4000", "epochs = 1.5", "epochs is 1.5", "[training]", ""),
    ("epochs = 4000", "epochs = true", "epochs is True", "[training]", ""),
    ("epochs = 4000", "epochs = 1\nbatch_size = -1", "batch_size is -1", "[training]", ""),
    ("seed = 1", "seed = -1", "seed is -1", "[training]", ""),
    ("[data]", "[data]\nheld_out = 1.0", "held_out is 1.0", "[data]", ""),
    ("[data]", "[data]\nheld_out = nan", "held_out is nan", "[data]", ""),
    ("[data]", "[data]\nscale = 3", "scale is 3", "[data]", ""),
    ("[data]", "[data]\nscale = { X = 0 }", "scale is", "[data]", ""),
    ("[data]", "[data]\none_hot = { Y = 2.5 }", "one_hot is", "[data]", ""),
    ("[data]", "[data]\none_hot = { Y = 1000000000 }", "one_hot is", "[data]", ""),
    ("[data]", '[data]\nfile = "x.npz"', "or are written out", "[data]", ""),
    ("[data]", "[[data]]", "data is no table", "data", ""),
    ("[training]", "[regularization]\nl3 = 1\n[training]", "no key 'l3'", "[regularization]", "l2"),
    ("[training]", '[regularization]\nl2 = "x"\n[training]', "'x'", "layer 1", ""),
    ("[[layers]]", "[layers]", "", "", ""),  # twice the same table is not TOML
]


@pytest.mark.parametrize(("old", "new", "words", "place", "near"), CHANGES)
def test_what_is_wrong_is_named(spec, old, new, words, place, near, tmp_path):
    assert old in XOR
    with pytest.raises(SymnetError) as caught:
        spec(XOR.replace(old, new, 1)).network.stated()
    assert words in caught.value.message
    assert place in caught.value.place
    assert caught.value.suggestion == near


def test_the_file_is_named_where_it_is_read(spec, tmp_path):
    with pytest.raises(SpecError) as caught:
        spec(XOR.replace("epochs", "epoch"))
    assert caught.value.place == f"{tmp_path / 'network.toml'}, [training]"
    assert "did you mean: epochs?" in str(caught.value)


def test_equations_stand_alone(spec):
    head = '[network]\nequations = "L = 1"\n'
    for more in ("[inputs]\nX = [2]", '[[layers]]\nkind = "dense"\nunits = 1'):
        with pytest.raises(SpecError, match="declare everything"):
            spec(head + more)
    with pytest.raises(SpecError, match="has loss too"):
        spec(head + 'loss = "sse"').network.stated()


class TestFiles:
    def test_one_that_is_not_there_is_answered_with_a_near_one(self, tmp_path):
        (tmp_path / "xor.toml").write_text(XOR)
        with pytest.raises(SpecError, match="no such file") as caught:
            load(tmp_path / "xro.toml")
        assert caught.value.suggestion == "xor.toml"

    def test_a_folder(self, tmp_path):
        with pytest.raises(SpecError, match="a folder"):
            load(tmp_path)

    def test_a_folder_that_is_none(self, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(SpecError):
            load(tmp_path / "file" / "network.toml")

    @pytest.mark.parametrize(
        "content", [b"[network", b"= 3", b"a = 1\na = 2", b"\x00", b"[a]\n[a]", b"x" * 999]
    )
    def test_what_is_not_toml(self, tmp_path, content):
        (tmp_path / "network.toml").write_bytes(content)
        with pytest.raises(SpecError, match="not TOML"):
            load(tmp_path / "network.toml")

    def test_what_is_not_text(self, tmp_path):
        (tmp_path / "network.toml").write_bytes("name = 'ö'".encode("latin-1"))
        with pytest.raises(SpecError) as caught:
            load(tmp_path / "network.toml")
        assert "UTF-8" in caught.value.expected

    def test_one_that_is_too_large(self, tmp_path):
        (tmp_path / "network.toml").write_text("#" * (MAX_BYTES + 1))
        with pytest.raises(SpecError, match="too large"):
            load(tmp_path / "network.toml")

    @pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs a file without an end")
    def test_one_without_an_end(self):
        with pytest.raises(SpecError, match="too large"):
            load("/dev/zero")

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
    def test_one_that_may_not_be_read(self, tmp_path):
        path = tmp_path / "network.toml"
        path.write_text(XOR)
        path.chmod(0)
        with pytest.raises(SpecError, match="may not be read"):
            load(path)

    def test_nesting_without_end(self, tmp_path):
        (tmp_path / "network.toml").write_text("x = " + "[" * 100_000 + "]" * 100_000)
        with pytest.raises(SpecError):
            load(tmp_path / "network.toml")

    def test_a_name_that_no_file_can_have(self):
        with pytest.raises(SpecError):
            load("net\0work.toml")


VALUES = st.recursive(
    st.none().map(lambda _: "x")
    | st.booleans()
    | st.integers(-3, 2**40)
    | st.floats(allow_nan=True)
    | st.sampled_from(["", "dense", "sigmoid", "N", "sse", "X: input[N]", "\u0445", "a" * 200]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcXY"), inner, max_size=2),
    max_leaves=6,
)
KEYS = [
    "name",
    "loss",
    "equations",
    "X",
    "Y",
    "kind",
    "units",
    "activation",
    "l2",
    "optimizer",
    "epochs",
    "file",
]


def toml(value):
    """A value in TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return "nan" if math.isnan(value) else "inf" if value == math.inf else repr(value)
    if isinstance(value, str):
        return '"' + value.replace("\n", "\\n") + '"'
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {toml(item)}" for key, item in value.items()) + "}"
    return "[" + ", ".join(map(toml, value)) + "]" if isinstance(value, list) else str(value)


SECTION = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=4)


@given(
    st.dictionaries(
        st.sampled_from(SECTIONS), SECTION | st.lists(SECTION, min_size=1, max_size=2), max_size=5
    )
)
def test_whatever_a_file_says_it_is_a_network_or_a_symnet_error(tmp_path_factory, document):
    path = tmp_path_factory.mktemp("random") / "network.toml"
    path.write_text(
        "\n".join(f"{name} = {toml(value)}" for name, value in document.items()), encoding="utf-8"
    )
    try:
        load(path).network.stated()
    except SymnetError as error:
        assert error.message
