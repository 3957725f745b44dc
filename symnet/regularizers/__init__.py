"""Regularizers: equations from a weight W to a number that is added to the loss, each in one file."""
