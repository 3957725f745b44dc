"""From the equations of a neural network: a derivation to read, a trainer to run, and a proof of both."""

__version__ = "0.1.0"
