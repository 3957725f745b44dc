"""Write wine.npz from the copy of the wine recognition data that scikit-learn carries.

Run by hand, once, where scikit-learn is installed: `python examples/data/make_wine.py`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.datasets import load_wine

TARGET = Path(__file__).with_name("wine.npz")


def main() -> None:
    """Write X (178, 13), each of the measurements with mean 0 and variance 1, and Y (178,), the grower from
    0 to 2.
    """
    measured, growers = load_wine(return_X_y=True)
    standard = (measured - measured.mean(axis=0)) / measured.std(axis=0)
    np.savez_compressed(TARGET, X=standard.round(4).astype(np.float32), Y=growers.astype(np.uint8))
    print(f"{TARGET}: {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
