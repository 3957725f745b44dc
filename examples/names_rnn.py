"""The LSTM of names_rnn.toml, trained: how well it spells, beside tables of counts, and the names that it
makes up.
"""

from pathlib import Path

import numpy as np
from ngrams import Table

import symnet
from symnet.spec import load
from symnet.training import new_trainer, read_data

SPEC = Path(__file__).with_name("names_rnn.toml")
PARAMETERS = SPEC.parents[1] / "generated" / "names_rnn" / "parameters.npz"
LETTERS = " abcdefghijklmnopqrstuvwxyz"


def trained():
    """A trainer with the parameters that training has left, and the data."""
    spec = load(SPEC)
    network = symnet.Network.of(spec.network)
    trainer = new_trainer(network.derive().generate("numpy"))
    with np.load(PARAMETERS) as parameters:
        for name, array in parameters.items():
            trainer.parameters[name][...] = array
    return trainer, read_data(spec, network.program)


def name(trainer, rng, warmth=0.8):
    """A name: letter after letter is drawn from what the network says, until it says that it ends."""
    x = np.zeros((1, 13), dtype=int)
    for place in range(12):
        scores = trainer.predict(x)[0, place] / warmth
        shares = np.exp(scores - scores.max())
        letter = int(rng.choice(27, p=shares / shares.sum()))
        if letter == 0:
            break
        x[0, place + 1] = letter
    return "".join(LETTERS[code] for code in x[0] if code).capitalize()


if __name__ == "__main__":
    trainer, data = trained()
    x, y = data.test["X"], data.test["Y"]
    print("The next letter of held-out names, mean of -log p (all tables with weights fitted to them):")
    for n, what in enumerate(("letters", "pairs", "trigrams", "4-grams"), start=1):
        table = Table(n, len(LETTERS))
        table.count(data.train["X"], data.train["Y"])
        best = table.loss(x, y)
        print(f"  {'table of ' + what:18} {best:.3f}")
    own = trainer.loss(x, y)
    print(f"  {'this network':18} {own:.3f}")
    assert own < best
    print()
    known = {"".join(LETTERS[code] for code in row if code) for row in data.train["X"]}
    rng = np.random.default_rng(0)
    made = [name(trainer, rng) for _ in range(40)]
    new = [word for word in made if word.lower() not in known]
    print(f"Of 40 names that it made up, {len(new)} are none of those that it was trained on:")
    for start in range(0, len(new), 10):
        print("  " + " ".join(new[start : start + 10]))
