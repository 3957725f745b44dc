"""Records as the Python that makes them."""

from __future__ import annotations

from pathlib import Path

import pytest
from layers.samples import every_sample

from symnet.constructors import constructor, imports
from symnet.layers.dense import Dense
from symnet.network import Network
from symnet.spec import Data, load

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = {name: sample.layer for name, sample in every_sample().items()}


def made(value: object) -> object:
    """What the text makes of itself."""
    names: dict[str, object] = {}
    exec(f"{imports(value)}\nmade = {constructor(value)}", names)
    return names["made"]


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.toml")), ids=lambda path: path.stem)
def test_every_example_makes_itself(path: Path) -> None:
    spec = load(path)
    assert made(spec.network).stated() == spec.network.stated()
    assert made(spec.data) == spec.data


@pytest.mark.parametrize("name", SAMPLES)
def test_every_layer_makes_itself(name: str) -> None:
    assert made(SAMPLES[name]) == SAMPLES[name]


def test_what_is_usual_is_left_out_and_what_is_long_is_broken() -> None:
    assert constructor(Dense(2, activation="tanh")) == 'Dense(units=2, activation="tanh")'
    assert constructor(Network(place="here"), without=("place",)) == "Network()"
    wide = constructor(Data(arrays={"X": [[k] * 12 for k in range(4)], "Y": (1,)}))
    assert wide.splitlines()[:3] == ["Data(", "    arrays={", '        "X": [']
    assert '        "Y": (1,),' in wide
    assert max(map(len, wide.splitlines())) <= 100


@pytest.mark.parametrize(
    "text", ["plain", 'a "quote"', "two\nlines", 'an end"\n"', "\\n is no line\n", '"""\n', "", "−σ\t"]
)
def test_text_makes_itself(text: str) -> None:
    assert made(Data(arrays={"X": text})) == Data(arrays={"X": text})
    assert made(Data(file=Path("a/b.npz"))) == Data(file=Path("a/b.npz"))
