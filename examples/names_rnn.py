"""The LSTM of names_rnn.toml, trained: how well it spells, beside tables of counts, and the names that it
makes up.
"""

from pathlib import Path

import numpy as np
from sequences import compare, draw, trained

LETTERS = " abcdefghijklmnopqrstuvwxyz"


def name(trainer, rng, warmth=0.8):
    """A name: letter after letter is drawn from what the network says, until it says that it ends."""
    x = np.zeros((1, 13), dtype=int)
    for place in range(12):
        letter = draw(rng, trainer.predict(x)[0, place], warmth)
        if letter == 0:
            break
        x[0, place + 1] = letter
    return spelled(x[0])


def spelled(row):
    """A row of the data as a name."""
    return "".join(LETTERS[code] for code in row if code).capitalize()


if __name__ == "__main__":
    trainer, data, _ = trained(Path(__file__).with_suffix(".toml"))
    losses = compare(trainer, data, len(LETTERS))
    assert losses["this network"] == min(losses.values())
    rng = np.random.default_rng(0)
    made = [name(trainer, rng) for _ in range(40)]
    new = [word for word in made if word not in set(map(spelled, data.train["X"]))]
    print(f"Of 40 names that it made up, {len(new)} are none of those that it was trained on:")
    for start in range(0, len(new), 8):
        print("  " + " ".join(new[start : start + 8]))
