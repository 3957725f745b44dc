"""The network of xor.toml, said in Python: derived, verified, generated and trained."""

import numpy as np

import symnet
from symnet.training import new_trainer

network = symnet.Network(
    inputs={"X": ("N", 2)},
    targets={"Y": ("N", 1)},
    layers=[symnet.Dense(2, activation="sigmoid"), symnet.Dense(1, activation="sigmoid")],
    loss="sse",
    name="xor",
    training=symnet.Training("sgd", {"learning_rate": 2.0}, epochs=4000, seed=1),
)
derivation = network.derive()
for name, gradient in derivation.gradients.items():
    print(f"{name}: {gradient}")
print("certified" if derivation.verify(seed=0).passed else "refused")

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
Y = np.array([[0], [1], [1], [0]])
trainer = new_trainer(derivation.generate("numpy"))
trainer.initialize(seed=1)
trainer.fit(X, Y)
for x, answer in zip(X, trainer.predict(X)[:, 0], strict=True):
    print(f"{x} -> {answer:.1f}")
