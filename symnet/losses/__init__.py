"""Losses: equations from the output A and the target Y to the number L, each in one file."""
