"""What a table of counts predicts: the plain rival of a network that predicts the next character."""

import numpy as np


def spread(counts):
    """Shares of rows of counts; of a row of zeros, none."""
    return counts / np.maximum(counts.sum(axis=-1, keepdims=True), 1)


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
