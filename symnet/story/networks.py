"""The networks of the story, from the unit that draws one line to the layers that learn exclusive or, and the
four points that they are asked about.
"""

from __future__ import annotations

import numpy as np

from symnet.data import Array
from symnet.layers.dense import Dense
from symnet.network import Training
from symnet.pipeline import Network

POINTS: Array = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
WANTED = {"AND": (-1, -1, -1, 1), "OR": (-1, 1, 1, 1), "XOR": (-1, 1, 1, -1)}
"""What each gate says of the points: +1 is yes, −1 is no."""
BY_HAND = {"AND": ((1.0, 1.0), -1.5), "OR": ((1.0, 1.0), -0.5)}
"""Weights and a bias that a person finds by trying."""
XOR: Array = np.array([[0.0], [1.0], [1.0], [0.0]])
"""The same answers as numbers from 0 to 1, for units whose answers are such numbers."""
GATES = {
    "W1": np.array([[1.0, 1.0], [1.0, 1.0]]),
    "b1": np.array([-1.5, -0.5]),
    "W2": np.array([[-1.0], [1.0]]),
    "b2": np.array([-1.0]),
}
"""Unit 1 of the first layer is AND, unit 2 is OR; the unit that reads them says "OR, and not AND"."""
START = {
    "W1": np.array([[1.0, 1.0], [1.0, 1.0]]),
    "b1": np.array([-1.5, -0.5]),
    "W2": np.array([[-1.0], [1.0]]),
    "b2": np.array([-0.5]),
}
"""The same, for units whose answers lie between 0 and 1 and not between −1 and +1."""
STEPS = 300
PERCEPTRON = """
X: input[N, 2]
y: target[N]
w: parameter[2]
b: parameter
z[n] = sum(X[n,i]*w[i], i) + b
h[n] = sign(z[n])
L = sum(maximum(0, -y[n]*z[n]), n)
"""
"""A unit that blames only what is on the wrong side of its line, or on it."""
AUGMENTED = """
A: input[N, K]
Y: target[N, M]
C: parameter[K, M]
Z[n,j] = sum(A[n,i]*C[i,j], i)
P[n,j] = sigmoid(Z[n,j])
L = sum((P[n,j] - Y[n,j])**2, n, j)
"""
"""A layer whose bias is the weight of an input that is always 1."""


def perceptron() -> Network:
    """One unit, which learns by Rosenblatt's rule."""
    return Network.from_equations(PERCEPTRON, "perceptron", training=Training("sgd", {"learning_rate": 1.0}))


def augmented() -> Network:
    """The last layer with its weights and its bias as one coefficient."""
    return Network.from_equations(AUGMENTED, "augmented")


def layered(*units: int, activation: str = "sigmoid", loss: str = "sse") -> Network:
    """Layers of so many units each, from two inputs to one answer."""
    return Network(
        inputs={"X": ("N", 2)},
        targets={"Y": ("N", 1)},
        layers=[Dense(count, activation=activation) for count in units],
        loss=loss,
        name="xor",
        training=Training("sgd", {"learning_rate": 1.0}, epochs=STEPS),
    )
