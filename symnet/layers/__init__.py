"""Layers: each kind one file with its textbook equations, from the values of the layer before to its own."""
