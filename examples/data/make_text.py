"""Writes founding.npz and names.npz from files of Debian's package miscfiles; see README.md.

python examples/data/make_text.py        on a machine that has the package
"""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
STATE = Path("/usr/share/state")
WORDS = Path("/usr/share/dict/web2")
LENGTH = 32
LETTERS = " abcdefghijklmnopqrstuvwxyz"
LONGEST = 12


def founding() -> None:
    """The Declaration and the Constitution as whole numbers, in windows of LENGTH characters: X reads a
    window, Y is what comes next at each place of it.
    """
    packed = (STATE / f"us-{name}.gz" for name in ("declaration", "constitution"))
    text = "".join(gzip.decompress(path.read_bytes()).decode("ascii") for path in packed)
    characters = sorted(set(text))
    codes = np.array([characters.index(c) for c in text], dtype=np.uint8)
    count = (len(codes) - 1) // LENGTH
    x = codes[: count * LENGTH].reshape(count, LENGTH)
    y = codes[1 : count * LENGTH + 1].reshape(count, LENGTH)
    alphabet = np.frombuffer("".join(characters).encode("ascii"), dtype=np.uint8)
    np.savez_compressed(HERE / "founding.npz", X=x, Y=y, alphabet=alphabet)


def names() -> None:
    """Every tenth capitalised word of the list, in small letters, 0 before it and after it; what follows has
    the label -1.
    """
    words = [w for w in WORDS.read_text(encoding="ascii").split() if w[0].isupper() and w.isalpha()]
    chosen = [word.lower() for word in words if 3 <= len(word) <= LONGEST][::10]
    x = np.zeros((len(chosen), LONGEST + 1), dtype=np.int8)
    y = np.full_like(x, -1)
    for row, word in enumerate(chosen):
        letters = [LETTERS.index(letter) for letter in word]
        x[row, 1 : len(word) + 1] = letters
        y[row, : len(word) + 1] = [*letters, 0]
    np.savez_compressed(HERE / "names.npz", X=x, Y=y)


if __name__ == "__main__":
    founding()
    names()
