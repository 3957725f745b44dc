"""The transformer of char_gpt.toml, trained: how well it guesses the next character, beside tables of counts,
and what it writes.
"""

from pathlib import Path

import numpy as np
from sequences import compare, draw, trained

START = "We the People "


def write(trainer, alphabet, length, warmth, seed=0):
    """Text from START on: each character is drawn from what the network says of the last 32."""
    rng = np.random.default_rng(seed)
    codes = [alphabet.index(character) for character in START]
    while len(codes) < length:
        window = codes[-32:]
        x = np.zeros((1, 32), dtype=int)
        x[0, : len(window)] = window
        codes.append(draw(rng, trainer.predict(x)[0, len(window) - 1], warmth))
    return "".join(alphabet[code] for code in codes)


if __name__ == "__main__":
    trainer, data, arrays = trained(Path(__file__).with_suffix(".toml"))
    alphabet = bytes(arrays["alphabet"]).decode("ascii")
    losses = compare(trainer, data, len(alphabet))
    assert losses["this network"] < losses["table of trigrams"]
    print("What it writes:")
    print()
    print(write(trainer, alphabet, 800, warmth=0.6))
