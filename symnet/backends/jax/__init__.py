"""JAX: a module that needs JAX and NumPy only. Its formulas are the derived equations, one line each,
compiled for whatever JAX runs on: one processor, accelerators, many machines.
"""

from symnet.backends.jax.module import generate

__all__ = ["EXTRA", "SUFFIX", "WORDS", "generate"]

WORDS = "a Python module that needs JAX: for accelerators, and for many devices and machines"
SUFFIX = ".py"
EXTRA = "jax"
