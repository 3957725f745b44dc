"""NumPy: a module that imports NumPy only, fast enough to train with and plain enough to read beside the
derivation.
"""

from symnet.backends.numpy.module import generate

__all__ = ["EXTRA", "SUFFIX", "WORDS", "generate"]

WORDS = "a Python module that needs NumPy only, and a command line to train with"
SUFFIX = ".py"
EXTRA = ""
