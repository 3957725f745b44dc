"""Write digits.npz from the copy of the handwritten digits that scikit-learn carries.

Run by hand, once, where scikit-learn is installed: `python examples/data/make_digits.py`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

TARGET = Path(__file__).with_name("digits.npz")


def main() -> None:
    """Write X (1797, 64), pixels from 0 to 16, and Y (1797,), the digit that each row shows; both uint8."""
    pixels, labels = load_digits(return_X_y=True)
    np.savez_compressed(TARGET, X=pixels.astype(np.uint8), Y=labels.astype(np.uint8), allow_pickle=False)
    print(f"{TARGET}: {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
