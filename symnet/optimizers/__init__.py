"""Optimizers: equations from a parameter w and its gradient g to the next parameter, each in one file."""
