"""What the programs of sequences share: a network as training has left it, draws from what it predicts, and
its plain rival, a table of counts.
"""

import numpy as np

import symnet
from symnet.spec import load
from symnet.training import new_trainer, read_data


def trained(path):
    """A trainer with the parameters that training has left in the gallery, the data in two parts, and the
    arrays of its file.
    """
    spec = load(path)
    network = symnet.Network.of(spec.network)
    trainer = new_trainer(network.derive().generate("numpy"))
    with np.load(path.parents[1] / "generated" / path.stem / "parameters.npz") as parameters:
        for name, array in parameters.items():
            trainer.parameters[name][...] = array
    with np.load(spec.data.file) as arrays:
        return trainer, read_data(spec, network.program), dict(arrays)


def draw(rng, shares, warmth):
    """One of the characters that have these shares: the warmer, the wilder; at 1 as the shares say."""
    shares = shares ** (1 / warmth)
    return int(rng.choice(len(shares), p=shares / shares.sum()))


def compare(trainer, data, characters):
    """Prints how well tables and the network guess what follows; returns the losses by name."""
    x, y = data.test["X"], data.test["Y"]
    losses = {}
    for n, what in enumerate(("letters", "pairs", "trigrams", "4-grams"), start=1):
        table = Table(n, characters)
        table.count(data.train["X"], data.train["Y"])
        losses[f"table of {what}"] = table.loss(x, y)
    losses["this network"] = trainer.loss(x, y)
    print("What follows in held-out text, mean of -log p (each table with the weights that are best for it):")
    for name, loss in losses.items():
        print(f"  {name:18} {loss:.3f}")
    print()
    return losses


class Table:
    """How often each character follows the n - 1 characters before it, mixed with the tables of all shorter
    contexts: Jelinek-Mercer smoothing, with the weights of the mixture fitted by EM.
    """

    def __init__(self, n, characters):
        self.n, self.characters = n, characters
        self.counts = [{} for _ in range(n)]

    def contexts(self, row, t):
        """The last 0, 1, ... n - 1 characters up to place t, as far as the row goes back."""
        return [tuple(row[t + 1 - length : t + 1]) for length in range(min(self.n, t + 2))]

    def count(self, x, y):
        """Counts what follows in the rows x; a label below 0 is none."""
        for row, following in zip(x.tolist(), y.tolist(), strict=True):
            for t, label in enumerate(following):
                for length, context in enumerate(self.contexts(row, t) if label >= 0 else ()):
                    known = self.counts[length].setdefault(context, np.zeros(self.characters))
                    known[label] += 1

    def shares(self, x, y):
        """For every label what each table says of it: a uniform one, then those of ever longer contexts; one
        that never saw the context leaves it to the next shorter one.
        """
        found = []
        for row, following in zip(x.tolist(), y.tolist(), strict=True):
            for t, label in enumerate(following):
                if label < 0:
                    continue
                told = [1 / self.characters]
                for length, context in enumerate(self.contexts(row, t)):
                    known = self.counts[length].get(context)
                    told.append(told[-1] if known is None else known[label] / known.sum())
                found.append(told + [told[-1]] * (self.n + 1 - len(told)))
        return np.array(found)

    def loss(self, x, y, rounds=100):
        """The mean of -log p over all labels, with the weights that are best for these very labels."""
        shares = self.shares(x, y)
        weights = np.full(self.n + 1, 1 / (self.n + 1))
        for _ in range(rounds):
            parts = shares * weights
            weights = (parts / parts.sum(axis=1, keepdims=True)).mean(axis=0)
        return float(-np.log(shares @ weights).mean())
