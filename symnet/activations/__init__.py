"""Activations: equations from the pre-activation Z to the value A, each in one file."""
