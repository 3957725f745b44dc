"""One perceptron draws one line: it learns AND, it cannot learn XOR; two layers of perceptrons can say
XOR.
"""

from pathlib import Path

import numpy as np

import symnet
from symnet.errors import DerivationError
from symnet.training import new_trainer

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
TABLE = {"AND": [-1, -1, -1, 1], "OR": [-1, 1, 1, 1], "NAND": [1, 1, 1, -1], "XOR": [-1, 1, 1, -1]}
SPEC = Path(__file__).with_name("perceptron.toml")


def say(value):
    """A perceptron's answer: yes or no."""
    return "yes" if value > 0 else "no"


def one_unit():
    """Single units with weights that a person can choose: which side of a line is a point on?"""
    unit = symnet.Network(
        inputs={"X": ("N", 2)},
        targets={"Y": ("N", 1)},
        layers=[symnet.Dense(1, activation="sign")],
        loss="hinge",
    )
    print("One perceptron, weights chosen by hand: sign(w1*x1 + w2*x2 + b)")
    for name, (w1, w2, b) in {"AND": (1, 1, -1.5), "OR": (1, 1, -0.5), "NAND": (-1, -1, 1.5)}.items():
        answers = unit.evaluate(X=X, W1=np.array([[w1], [w2]]), b1=np.array([b]))["A1"][:, 0]
        assert answers.tolist() == TABLE[name]
        print(
            f"  {name:4}  w = ({w1:2}, {w2:2})  b = {b:4}   "
            + "  ".join(f"{x}: {say(a)}" for x, a in zip(X, answers, strict=True))
        )
    print()


def learn(name, epochs=100):
    """The perceptron's rule: one point after another, and each that is on the wrong side pulls the line
    towards it.
    """
    trainer = new_trainer(symnet.Network.from_toml(SPEC).derive().generate("numpy"))
    targets = np.array(TABLE[name])[:, None]
    for array in trainer.parameters.values():
        array[...] = 0.0
    seen = {}
    for epoch in range(1, epochs + 1):
        state = ", ".join(f"{weight:g}" for weight in trainer.vector)
        if state in seen:
            print(f"  {name:4}  never: epoch {epoch - 1} ends with the weights of epoch {seen[state]} again,")
            print(f"        ({state}). The loop goes on for ever: no line parts the yes from the no.")
            return
        seen[state] = epoch - 1
        for k in range(len(X)):
            trainer.step(X[k : k + 1], targets[k : k + 1])
        if (trainer.predict(X) == targets).all():
            w1, w2, b = trainer.vector
            print(f"  {name:4}  learned in {epoch} epochs: w = ({w1:g}, {w2:g}), b = {b:g}")
            return
    print(f"  {name:4}  not learned in {epochs} epochs")


def two_layers():
    """XOR = !(!H12 + H11): neither "not OR" nor "AND"."""
    network = symnet.Network(
        inputs={"X": ("N", 2)},
        targets={"Y": ("N", 1)},
        layers=[symnet.Dense(2, activation="sign"), symnet.Dense(1, activation="sign")],
        loss="hinge",
    )
    values = network.evaluate(
        X=X,
        W1=np.array([[1, 1], [1, 1]]),
        b1=np.array([-1.5, -0.5]),  # H11 is AND, H12 is OR
        W2=np.array([[-1], [1]]),
        b2=np.array([-1.0]),  # yes where H12 says yes and H11 says no
    )
    print("Two layers of perceptrons: H11 is AND, H12 is OR, and XOR = !(!H12 + H11)")
    print("  x1  x2  H11  H12  !H12  !H12 + H11  XOR")
    for x, (and_, or_), answer in zip(X, values["A1"], values["A2"][:, 0], strict=True):
        either = max(-or_, and_)
        assert answer == -either
        cells = [say(and_), say(or_), say(-or_), say(either), say(answer)]
        print(f"   {x[0]}   {x[1]}  {cells[0]:3}  {cells[1]:3}  {cells[2]:4}  {cells[3]:10}  {cells[4]}")
    assert values["A2"][:, 0].tolist() == TABLE["XOR"]
    print()
    return network


if __name__ == "__main__":
    one_unit()
    print("One perceptron that learns, from weights of zero:")
    for gate in TABLE:
        learn(gate)
    print()
    network = two_layers()
    print("But who is to blame in the first layer? The sign has no slope, so its derivation is refused:")
    try:
        network.derive()
    except DerivationError as error:
        print("  " + str(error).replace("\n", "\n  "))
    print("With a sigmoid in its place, classification becomes function fitting: see xor.")
