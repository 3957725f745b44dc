"""The transformer of char_gpt.toml, trained: how well it guesses the next character, beside tables of counts,
and what it writes.
"""

from pathlib import Path

import numpy as np
from ngrams import Table

import symnet
from symnet.spec import load
from symnet.training import new_trainer, read_data

SPEC = Path(__file__).with_name("char_gpt.toml")
PARAMETERS = SPEC.parents[1] / "generated" / "char_gpt" / "parameters.npz"
START = "We the People "


def trained():
    """A trainer with the parameters that training has left, and the data."""
    spec = load(SPEC)
    network = symnet.Network.of(spec.network)
    trainer = new_trainer(network.derive().generate("numpy"))
    with np.load(PARAMETERS) as parameters:
        for name, array in parameters.items():
            trainer.parameters[name][...] = array
    with np.load(spec.data.file) as data:
        alphabet = bytes(data["alphabet"]).decode("ascii")
    return trainer, read_data(spec, network.program), alphabet


def write(trainer, alphabet, length, warmth, seed=0):
    """Text from START on: each character is drawn from what the network says of the last 32; the warmer, the
    wilder.
    """
    rng = np.random.default_rng(seed)
    codes = [alphabet.index(character) for character in START]
    while len(codes) < length:
        window = codes[-32:]
        x = np.zeros((1, 32), dtype=int)
        x[0, : len(window)] = window
        scores = trainer.predict(x)[0, len(window) - 1] / warmth
        shares = np.exp(scores - scores.max())
        codes.append(int(rng.choice(len(alphabet), p=shares / shares.sum())))
    return "".join(alphabet[code] for code in codes)


if __name__ == "__main__":
    trainer, data, alphabet = trained()
    x, y = data.test["X"], data.test["Y"]
    print("The next character of held-out windows, mean of -log p (all tables with weights fitted to them):")
    for n, name in enumerate(("letters", "pairs", "trigrams", "4-grams"), start=1):
        table = Table(n, len(alphabet))
        table.count(data.train["X"], data.train["Y"])
        loss = table.loss(x, y)
        print(f"  {'table of ' + name:18} {loss:.3f}")
        if name == "trigrams":
            trigrams = loss
    own = trainer.loss(x, y)
    print(
        f"  {'this network':18} {own:.3f}   with {sum(p.size for p in trainer.parameters.values())} numbers"
    )
    assert own < trigrams
    print()
    print("What it writes:")
    print()
    print(write(trainer, alphabet, 700, warmth=0.6))
